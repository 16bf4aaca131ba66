// Producer magpie: an aligned model, given its template up to where the user's words begin, writes the user's words.
// A slot is one request of a few choices; many slots run at once. Promises: every (slot, choice) of a run is made
// once, with the same id, seed and opener after any restart; the total is exact; nothing is started without room.

import { z } from 'zod'
import type { Llm } from '../llm/contract.ts'
import { LARGEST_BASE, MOST_CHOICES, questionSeed } from '../llm/seeds.ts'
import { Failure } from '../schemas/failure.ts'
import { problemId } from '../schemas/ids.ts'
import type { Logger } from '../schemas/logger.ts'
import type { Problem, Rejection } from '../schemas/records.ts'
import { DEFAULT_OPENERS, openerConfig, openerOf } from './openers.ts'
import { producerRejection } from './rejection.ts'
import type { Existing } from './resume.ts'
import { LOOK_AGAIN_MS, pauseByClock, type Pause, type Room } from './room.ts'

/** Last in the models' queue: what has begun is finished first. */
const RANK = 4
/** So many requests refused one after the other, with none that succeeds, are no accident of one request. */
const REFUSED_IN_A_ROW = 8
/** Refusals that say something of the config or the server, not of one request. */
const OF_THE_CONFIG: ReadonlySet<string> = new Set(['no-tokenizer', 'no-token-ids', 'too-many-choices'])
export const magpieConfig = z.strictObject({
  controlTask: z
    .string()
    .min(1)
    .nullable()
    .default('math')
    .describe('Control task of the template (its system text); null for none'),
  system: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('Own system text of the prefix, in place of the control task'),
  openers: z
    .union([z.literal('default'), z.array(openerConfig)])
    .default([])
    .describe('Words that problems begin with, by weight; default takes a list over school and contest mathematics'),
  choices: z.int().min(1).max(MOST_CHOICES).default(4).describe('Problems asked for in one request'),
  maxWaiting: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('No new problem is started while so many have not come to an end; null: by what the endpoints take'),
  slotsAtOnce: z
    .int()
    .min(1)
    .max(100_000)
    .default(4096)
    .describe('Requests under way at once; the endpoints have limits of their own'),
  seed: z
    .int()
    .min(0)
    .max(LARGEST_BASE)
    .default(0)
    .describe('Where the seeds of the run begin: a number further away than the run has problems gives others'),
})

export type MagpieConfig = z.infer<typeof magpieConfig>

export interface MagpieRun {
  readonly llm: Llm
  readonly config: MagpieConfig
  /** The exact prompt that ends in this opener; null: at the start of the user's words. */
  readonly prefix: (opener: string | null) => { readonly prompt: string }
  readonly runId: string
  readonly revision: string
  /** Problems wanted in all, those that exist included; null goes on until stopped. */
  readonly total: number | null
  /** Aborted: requests under way are given up (a resume makes them again), what came is published. */
  readonly signal: AbortSignal
  readonly existing: Existing
  /** Resolves when the log has them. */
  readonly publish: (problems: Problem[]) => Promise<void>
  readonly reject: (rejections: Rejection[]) => Promise<void>
  readonly room: Room
  /** True once enough was accepted: no slot is started any more. */
  readonly shouldStop: () => boolean
  readonly log: Logger
  readonly now: () => number
  /** For tests; by the machine's clock unless given. */
  readonly pause?: Pause
}

/** Choices of one slot, beside one another, that do not exist yet. */
interface Missing {
  readonly slot: number
  readonly first: number
  readonly count: number
}

export type MagpieEnd = 'total' | 'accepted' | 'aborted'

/**
 * Makes problems until the total is reached, enough is accepted, or the signal aborts; resolves with which. Rejects
 * with the Failure where 8 requests were refused one after the other (what all endpoints refuse, a wrong key or an
 * unknown model, the model client waits out and reports).
 */
export async function runMagpie(run: MagpieRun): Promise<MagpieEnd> {
  const { config, signal, log } = run
  const pause = run.pause ?? pauseByClock
  const underWay = new Set<Promise<void>>()
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  let inTheMaking = 0
  let refused = 0
  const faults: unknown[] = []

  const make = async (missing: Missing): Promise<void> => {
    try {
      await run.publish(await problemsOf(run, missing, both))
      refused = 0
    } catch (error) {
      if (both.aborted) return
      if (!(error instanceof Failure) || error.retry !== 'permanent') throw error
      refused += 1
      // Nothing of one slot: every other would meet the same, and would be lost when the config is put right.
      if (refused >= REFUSED_IN_A_ROW || OF_THE_CONFIG.has(error.code)) throw error
      log.warn({ slot: missing.slot, code: error.code, error: error.message }, 'slot refused')
      await run.reject(refusalsOf(run, missing, error))
    }
  }

  const start = (missing: Missing): void => {
    inTheMaking += missing.count
    const made = make(missing)
      .catch((error: unknown) => {
        faults.push(error)
        stop.abort(error)
      })
      .finally(() => {
        inTheMaking -= missing.count
        underWay.delete(made)
      })
    underWay.add(made)
  }

  /** Until the slot may be started; false where the run ends instead. */
  const mayStart = async (count: number): Promise<boolean> => {
    while (!both.aborted && !run.shouldStop()) {
      const free = (await run.room()) - inTheMaking
      // A slot larger than the whole house still goes through, alone.
      if (underWay.size < config.slotsAtOnce && free >= Math.min(count, config.maxWaiting ?? Infinity)) return true
      // A pause only rejects when it is aborted, which the loop's head sees.
      await Promise.race([...underWay, pause(LOOK_AGAIN_MS, both).catch(() => undefined)])
    }
    return false
  }

  for (const missing of missingSlots(run)) {
    if (!(await mayStart(missing.count))) break
    if (both.aborted || run.shouldStop()) break
    start(missing)
  }
  const ended: MagpieEnd = signal.aborted ? 'aborted' : run.shouldStop() ? 'accepted' : 'total'
  await Promise.all(underWay)
  if (faults.length > 0) throw faults[0]
  return signal.aborted ? 'aborted' : ended
}

/** What is missing for the total, slot by slot; the last slot is trimmed. */
function* missingSlots({ runId, config, total, existing }: MagpieRun): Generator<Missing> {
  let wanted = total === null ? Infinity : total - existing.size
  for (let slot = 0; wanted > 0; slot += 1) {
    for (let first = 0; first < config.choices && wanted > 0; first += 1) {
      if (existing.has(problemId(runId, slot, first))) continue
      let count = 1
      while (first + count < config.choices && count < wanted && !existing.has(problemId(runId, slot, first + count)))
        count += 1
      yield { slot, first, count }
      wanted -= count
      first += count
    }
  }
}

async function problemsOf(run: MagpieRun, { slot, first, count }: Missing, signal: AbortSignal): Promise<Problem[]> {
  const { config } = run
  const opener = openerFor(run, slot)
  const { prompt } = run.prefix(opener)
  const completions = await run.llm.complete(
    { input: { prompt }, n: count, seed: questionSeed(config.seed, slot, config.choices) + first },
    { role: 'questioner', signal, rank: RANK },
  )
  if (completions.length !== count) throw new Error(`asked for ${count} choices, got ${completions.length}`)
  return completions.map(({ text, generation }, index) => ({
    id: problemId(run.runId, slot, first + index),
    runId: run.runId,
    revision: run.revision,
    createdAt: run.now(),
    slot,
    choice: first + index,
    text: `${opener ?? ''}${text}`,
    source: 'magpie',
    sourceFile: null,
    sourceLine: null,
    referenceAnswer: null,
    opener,
    controlTask: config.system === null ? config.controlTask : null,
    generation,
    metadata: {},
  }))
}

function refusalsOf(run: MagpieRun, { slot, first, count }: Missing, failure: Failure): Rejection[] {
  const origin = { runId: run.runId, revision: run.revision, stage: 'magpie' as const, now: run.now() }
  return Array.from({ length: count }, (_, index) => {
    const choice = first + index
    const what = Buffer.from(JSON.stringify({ slot, choice, opener: openerFor(run, slot) }))
    return producerRejection(origin, problemId(run.runId, slot, choice), failure.code, failure.message, what)
  })
}

function openerFor({ config }: MagpieRun, slot: number): string | null {
  return openerOf(config.openers === 'default' ? DEFAULT_OPENERS : config.openers, config.seed, slot)
}
