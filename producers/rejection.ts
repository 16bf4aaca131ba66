// The rejection of something that could not become a problem: it never was on `problems`, and still has an end.

import { rejectionId } from '../schemas/ids.ts'
import type { Rejection } from '../schemas/records.ts'

/** record: what there was, as bytes. */
export function producerRejection(
  origin: { runId: string; revision: string; stage: 'magpie' | 'jsonl'; now: number },
  problem: string,
  reason: string,
  detail: string,
  record: Buffer,
): Rejection {
  return {
    id: rejectionId(problem),
    runId: origin.runId,
    revision: origin.revision,
    createdAt: origin.now,
    problemId: problem,
    stage: origin.stage,
    reason,
    detail,
    collidedWith: null,
    curation: null,
    topic: null,
    partition: null,
    offset: null,
    record,
  }
}
