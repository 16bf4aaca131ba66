// A refused record as it goes to the topic rejections: the reason, the place in the log, and the record itself.

import type { Codec } from '../schemas/codec.ts'
import { rejectionId } from '../schemas/ids.ts'
import type { Rejection } from '../schemas/records.ts'
import { topicFor } from '../schemas/topics.ts'
import { steadyNow } from '../schemas/steady-clock.ts'
import type { Arrival } from './arrival.ts'
import type { Reject } from './outcome.ts'
import type { Outgoing, Stamp } from './outgoing.ts'

/** The rejection of a problem's record by a stage. Throws Failure `record-too-large` when it does not fit with its reason. */
export function rejectionOf(
  codec: Codec,
  arrival: Arrival,
  problemId: string,
  why: Reject,
  { stage, runId, revision }: Stamp & { stage: string },
): Outgoing {
  const record: Rejection = {
    id: rejectionId(problemId),
    runId,
    revision,
    createdAt: steadyNow(),
    problemId,
    stage,
    reason: why.reason,
    detail: why.detail ?? null,
    collidedWith: why.collidedWith ?? null,
    curation: why.curation ?? null,
    topic: arrival.tenure.topic,
    partition: arrival.tenure.partition,
    offset: arrival.offset,
    record: arrival.value ?? Buffer.alloc(0),
  }
  return { topic: topicFor('rejections', revision), key: problemId, value: codec.encode('Rejection', record) }
}
