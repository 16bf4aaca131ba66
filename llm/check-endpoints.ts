// Asks every endpoint once, before a run pays anything: does it answer, does it take the key, does it serve the
// model? Promises: never throws for what a server does; every endpoint of every role is in the answer.

import { systemClock, type Clock } from './clock.ts'
import { type Callers, engineUrl } from './config.ts'
import { withDeadline } from './deadline.ts'
import { createEngineClient, type EngineClient } from './engine-client.ts'
import { EngineFailure } from './engine-failure.ts'
import { callersOf } from './callers.ts'
import { type Engine, enginesOf, type Environment } from './engines.ts'
import { priorityRefusal } from './priority-probe.ts'

export interface EndpointCheck {
  /** A role, or `reward:NAME`. */
  readonly role: string
  readonly url: string
  readonly model: string
  readonly reachable: boolean
  /** null: unknown, since the server does not list its models (a gateway) or was not reached. */
  readonly servesModel: boolean | null
  readonly models: readonly string[]
  /** A code as of Failure (unreachable, unauthorized, timeout …) and the words; null when all is well. */
  readonly error: { readonly code: string; readonly message: string } | null
}

/** A server that lists this takes any name (gateways, the simulator). */
const ANY_MODEL = '*'

interface Limits {
  readonly signal: AbortSignal
  readonly timeoutMs: number
  readonly clock: Clock
}

type Look = Pick<EndpointCheck, 'reachable' | 'models' | 'error'> & { readonly lists: boolean }

/**
 * Looks at all endpoints at once; each has timeoutMs. Throws UsageFault as createLlm does, or the signal's reason.
 *
 * What to make of it is the caller's: `unreachable` is worth waiting for, `unauthorized` and a model that is not
 * served are faults of the config.
 */
export async function checkEndpoints(
  parts: Callers & {
    signal: AbortSignal
    environment?: Environment
    /** See createLlm: engines that go by it are asked whether they take one. */
    priority?: number
    timeoutMs?: number
    clock?: Clock
  },
): Promise<EndpointCheck[]> {
  const { signal, environment = process.env, priority = 0, timeoutMs = 10_000, clock = systemClock } = parts
  const callers = callersOf(parts)
  const engines = enginesOf(callers, environment)
  const looks = new Map<string, Look>()
  await Promise.all(
    [...engines.values()].map(async (engine) => {
      looks.set(engine.url, await look(engine, priority !== 0 && engine.byPriority, { signal, timeoutMs, clock }))
    }),
  )
  return callers.flatMap(({ name, model, endpoints }) =>
    endpoints.map((endpoint) => {
      const url = engineUrl(endpoint.url)
      const { reachable, models, lists, error } = looks.get(url)!
      const servesModel = lists ? models.includes(model) || models.includes(ANY_MODEL) : null
      const missing =
        servesModel === false
          ? { code: 'model-not-found', message: `${url} serves ${models.join(', ') || 'no model'}, not ${model}` }
          : null
      return { role: name, url, model, reachable, servesModel, models, error: error ?? missing }
    }),
  )
}

/** asksPriority: calls will ask for a place in its queue. */
async function look(engine: Engine, asksPriority: boolean, limits: Limits): Promise<Look> {
  const client = createEngineClient({ url: engine.url, ...engine.access, clock: limits.clock })
  try {
    const found = await lookAtModels(client, limits)
    if (found.error !== null || !asksPriority) return found
    const refusal = await withDeadline(limits, (limited) => priorityRefusal(client, engine.canary, limited))
    return { ...found, error: refusal }
  } finally {
    await client.close()
  }
}

async function lookAtModels(client: EngineClient, limits: Limits): Promise<Look> {
  try {
    const served = await withDeadline(limits, (limited) => client.models(limited))
    return { reachable: true, models: served.map(({ id }) => id), lists: true, error: null }
  } catch (error) {
    limits.signal.throwIfAborted()
    if (!(error instanceof EngineFailure)) throw error
    // A gateway may not list its models; that it answers is enough.
    if (error.code === 'route-not-found') return { reachable: true, models: [], lists: false, error: null }
    const { code, message } = error
    return {
      reachable: error.engine === 'refusing' || error.engine === 'none',
      models: [],
      lists: false,
      error: { code, message },
    }
  }
}
