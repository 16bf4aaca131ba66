// Raw values out of a reward model's server. Sequence models are served through a sigmoid unless the request says no,
// and the field that says no was renamed: `activation`, now `use_activation`. A server ignores what it does not know
// and says nothing. Promises: what is returned is raw, or doubted; the server's own answers decide, not its release.
//
// The two names never go together: one release takes any `activation`, false too, for "on".

import type { Activation, EngineClient } from './engine-client.ts'
import type { Pooled } from './reply-scores.ts'

/** Asks for the same values with the activation said in this way. */
export type AskValues = (activation: Activation) => Promise<Pooled>

export interface RawValues {
  readonly pooled: Pooled
  /** All values lie between 0 and 1, and nothing that can be asked changes them: probably a sigmoid's. */
  readonly doubted: boolean
}

const OFF: Activation = { name: 'use_activation', on: false }
const ON: Activation = { name: 'use_activation', on: true }
const OFF_BY_OLD_NAME: Activation = { name: 'activation', on: false }

/**
 * Makes the asker of one reward model; it remembers how each engine is told.
 *
 * A value outside 0 to 1 cannot come from a sigmoid: from then on the engine is believed. Until then a reply that
 * lies wholly inside is tried with the activation on, and then by the old name: which of the replies is the sigmoid
 * of which says what the server understood.
 */
export function createRawValues(): (client: EngineClient, ask: AskValues) => Promise<RawValues> {
  const believed = new WeakMap<EngineClient, Activation>()
  return async (client, ask) => {
    const known = believed.get(client)
    const first = await ask(known ?? OFF)
    if (known !== undefined) return { pooled: first, doubted: false }
    const believe = (activation: Activation, pooled: Pooled): RawValues => {
      believed.set(client, activation)
      return { pooled, doubted: false }
    }
    if (!insideUnit(first)) return believe(OFF, first)
    if (isSigmoidOf(await ask(ON), first)) return believe(OFF, first)
    const old = await ask(OFF_BY_OLD_NAME)
    if (isSigmoidOf(first, old)) return believe(OFF_BY_OLD_NAME, old)
    return { pooled: first, doubted: true }
  }
}

function valuesOf({ rows }: Pooled): number[] {
  return rows.flat()
}

function insideUnit(pooled: Pooled): boolean {
  return valuesOf(pooled).every((value) => value >= 0 && value <= 1)
}

/** Servers compute in 16 bits and in batches, so two replies of one text agree to about two digits. */
const TOLERANCE = 0.01

const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value))

/** Whether the one reply is the sigmoid of the other. Near 0.66 a value is its own sigmoid, and nothing can be told. */
function isSigmoidOf(squeezed: Pooled, raw: Pooled): boolean {
  const inside = valuesOf(squeezed)
  const values = valuesOf(raw)
  return (
    inside.length === values.length &&
    values.every((value, index) => Math.abs(sigmoid(value) - (inside[index] ?? NaN)) <= TOLERANCE) &&
    values.some((value) => Math.abs(sigmoid(value) - value) > 4 * TOLERANCE)
  )
}
