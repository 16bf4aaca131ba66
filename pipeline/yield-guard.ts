// Ends a run that gives too few rows to be worth its GPU time, and says where the problems went.

import type { Failure } from '../schemas/failure.ts'
import { permanent } from '../schemas/failure.ts'
import { expectedRows } from './demand.ts'
import type { RowsWanted } from './demand.ts'
import { endedIn } from './house.ts'
import { readRecords } from './read-records.ts'
import type { ReadRun } from './read-records.ts'

export interface YieldParts extends RowsWanted {
  /** Records of the run that curation has finished, in all processes and starts: what is gone by where stages run elsewhere. */
  readonly curated: () => number
}

/** Too few rows: of this type, from so many problems that ended in this start. */
export interface LowYield {
  readonly type: 'sft' | 'preference'
  readonly rows: number
  readonly ended: number
  readonly floor: number
}

/**
 * Returns a look at the yield of this start: null while it may be good enough. Refusals come early and rows late, so
 * what counts is not rows by ended problems but what each stage lets through of those that it has seen; where stages
 * run elsewhere, rows by problems that reached curation. Every start gets a probe of its own: the config may have been
 * put right.
 */
export function createYieldGuard(parts: YieldParts): () => LowYield | null {
  const { accept, planned, running, counts, sent, most, curated } = parts
  if (accept === null || accept.floor === 0) return () => null
  const { floor, probe } = accept
  const before = { rows: counts(), curated: curated() }
  const isWhole = running.length === planned.length
  // With so many assumed successes a stage that lets nothing through is below the floor when it has seen the probe.
  const assumed = floor * probe * 0.99
  return () => {
    const ended = isWhole ? endedIn(running.map((stage) => stage.state())) : curated() - before.curated
    if (ended < probe) return null
    const now = counts()
    for (const type of ['sft', 'preference'] as const) {
      const wanted = accept[type]
      if (wanted === null || now[type] >= wanted) continue
      const rows = isWhole ? sent()[type] : now[type] - before.rows[type]
      const each = isWhole ? expectedRows({ planned, running, rows, most: most[type], assumed }) : rows / ended
      if (each < floor) return { type, rows, ended, floor }
    }
    return null
  }
}

/** So many reasons are named for the stage that refused most. */
const NAMED = 3

/** The end of a hopeless run, with the stage that refused most problems since then (milliseconds since 1970 UTC), and its reasons. Throws Failure when Kafka does not answer. */
export async function hopeless(
  run: ReadRun,
  { type, rows, ended, floor }: LowYield,
  since: number,
  signal: AbortSignal,
): Promise<Failure> {
  const stages = new Map<string, Map<string, number>>()
  const add = (stage: string, reason: string): void => {
    const reasons = stages.get(stage) ?? new Map<string, number>()
    stages.set(stage, reasons.set(reason, (reasons.get(reason) ?? 0) + 1))
  }
  const seen = new Set<string>()
  for await (const { problemId, stage, reason, createdAt } of readRecords(run, 'rejections', 'Rejection', signal)) {
    if (createdAt >= since && !seen.has(problemId)) add(stage, reason)
    seen.add(problemId)
  }
  // A problem with a row of the other data set was not rejected: that row says why it gave none of this one.
  for await (const { problemId, refusal, createdAt } of refusals(run, type, signal)) {
    if (refusal !== null && createdAt >= since && !seen.has(problemId)) add('curate', refusal)
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
): AsyncIterable<{ problemId: string; refusal: string | null; createdAt: number }> {
  if (type === 'sft') {
    for await (const { problemId, sftRefusal, createdAt } of readRecords(
      run,
      'preferences',
      'PreferenceRecord',
      signal,
    ))
      yield { problemId, refusal: sftRefusal, createdAt }
    return
  }
  for await (const { problemId, pairRefusal, createdAt } of readRecords(run, 'sft', 'SftRecord', signal))
    yield { problemId, refusal: pairRefusal, createdAt }
}
