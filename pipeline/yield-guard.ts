// Ends a run that gives too few rows to be worth its GPU time, and says where the problems went.

import type { Config } from '../configs/schema.ts'
import type { Failure } from '../schemas/failure.ts'
import { permanent } from '../schemas/failure.ts'
import type { Accepted } from './accepted.ts'
import { readRecords } from './read-records.ts'
import type { ReadRun } from './read-records.ts'

export interface YieldParts {
  readonly accept: Config['accept']
  readonly counts: () => Accepted
  /** Problems of the run that have come to an end. */
  readonly ended: () => Promise<number>
}

/** Too few rows: of this type, from so many problems of this start. */
export interface LowYield {
  readonly type: 'sft' | 'preference'
  readonly rows: number
  readonly ended: number
  readonly floor: number
}

/**
 * Returns a look at the yield of this start: null while it is good enough or cannot be told. Every start gets a probe
 * of its own: the config may have been put right. Throws what `ended` throws.
 */
export async function openYieldGuard({ accept, counts, ended }: YieldParts): Promise<() => Promise<LowYield | null>> {
  if (accept === null || accept.floor === 0) return () => Promise.resolve(null)
  const before = { rows: counts(), ended: await ended() }
  return async () => {
    // Before the rows: a problem ends when its rows are there, so none is missed.
    const since = (await ended()) - before.ended
    if (since < accept.probe) return null
    const now = counts()
    for (const type of ['sft', 'preference'] as const) {
      const rows = now[type] - before.rows[type]
      const isWanted = accept[type] !== null && now[type] < accept[type]
      if (isWanted && rows < accept.floor * since) return { type, rows, ended: since, floor: accept.floor }
    }
    return null
  }
}

/** So many reasons are named for the stage that refused most. */
const NAMED = 3

/** The end of a hopeless run, with the stage that refused most problems and its reasons. Throws Failure when Kafka does not answer. */
export async function hopeless(
  run: ReadRun,
  { type, rows, ended, floor }: LowYield,
  signal: AbortSignal,
): Promise<Failure> {
  const stages = new Map<string, Map<string, number>>()
  const add = (stage: string, reason: string): void => {
    const reasons = stages.get(stage) ?? new Map<string, number>()
    stages.set(stage, reasons.set(reason, (reasons.get(reason) ?? 0) + 1))
  }
  const seen = new Set<string>()
  for await (const { id, stage, reason } of readRecords(run, 'rejections', 'Rejection', signal)) {
    if (!seen.has(id)) add(stage, reason)
    seen.add(id)
  }
  // A problem with a row of the other data set was not rejected: that row says why it gave none of this one.
  for await (const { problemId, refusal } of refusals(run, type, signal)) {
    if (refusal !== null && !seen.has(problemId)) add('curate', refusal)
    seen.add(problemId)
  }
  const sum = (reasons: ReadonlyMap<string, number>): number =>
    [...reasons.values()].reduce((all, each) => all + each, 0)
  const [worst] = [...stages].toSorted(([, left], [, right]) => sum(right) - sum(left))
  const where =
    worst === undefined
      ? 'No stage has refused them: see ./magpie report'
      : `Stage ${worst[0]} refused most, ${sum(worst[1])}: ${[...worst[1]]
          .toSorted(([, left], [, right]) => right - left)
          .slice(0, NAMED)
          .map(([reason, count]) => `${reason} ${count}`)
          .join(', ')}`
  return permanent(
    'hopeless-yield',
    `${ended} problems gave ${rows} ${type} rows, less than the floor of ${floor} for each (accept.floor). ${where}. Nothing is lost: change the config or the models and start it again, or set accept.floor to 0`,
  )
}

async function* refusals(
  run: ReadRun,
  type: LowYield['type'],
  signal: AbortSignal,
): AsyncIterable<{ problemId: string; refusal: string | null }> {
  if (type === 'sft') {
    for await (const { problemId, sftRefusal } of readRecords(run, 'preferences', 'PreferenceRecord', signal))
      yield { problemId, refusal: sftRefusal }
    return
  }
  for await (const { problemId, pairRefusal } of readRecords(run, 'sft', 'SftRecord', signal))
    yield { problemId, refusal: pairRefusal }
}
