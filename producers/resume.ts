// Resuming: which problems of a run are on the log already, so that none is made twice and the missing ones are.

import { createIdMap } from '../schemas/id-map.ts'
import type { Problem, Rejection } from '../schemas/records.ts'

/** Problems of a run that reached the log, or ended as a producer's rejection. */
export interface Existing {
  readonly size: number
  /** Of them, lines of an imported file that were refused. */
  readonly brokenLines: number
  has(id: string): boolean
}

/** A run that begins. */
export const nothingExists: Existing = { size: 0, brokenLines: 0, has: () => false }

/** Rejections by producers: such problems have ended without ever being on `problems`. */
const PRODUCERS: ReadonlySet<string> = new Set(['magpie', 'jsonl'])

/**
 * Collects the ids of a run from the topics `problems` and `rejections` (others' records are passed over). Holds
 * 30 to 60 bytes a problem.
 */
export async function existingProblems(
  runId: string,
  problems: AsyncIterable<Problem>,
  rejections: AsyncIterable<Rejection>,
): Promise<Existing> {
  const ids = createIdMap()
  let brokenLines = 0
  for await (const problem of problems) if (problem.runId === runId) ids.set(problem.id, 0)
  for await (const rejection of rejections) {
    if (rejection.runId !== runId || !PRODUCERS.has(rejection.stage)) continue
    if (rejection.stage === 'jsonl' && !ids.has(rejection.problemId)) brokenLines += 1
    ids.set(rejection.problemId, 0)
  }
  return { size: ids.size, brokenLines, has: (id) => ids.has(id) }
}
