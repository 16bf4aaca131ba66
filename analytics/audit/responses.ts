// Which rows of problems and responses a record gives to the tables: of responses the answer, and samples numbered from
// 0. Records only grow, so the responses of an earlier one are among those of a later one.

import { Failure } from '../../schemas/failure.ts'
import type { Codec } from '../../schemas/codec.ts'
import { STAGE_TOPICS, TOPICS } from '../../schemas/topics.ts'
import { DUE_IN_TABLE, GIVES_PROBLEM, joinResponses, OPEN, packResponses, RESPONSES } from './entry.ts'
import type { AuditedRun } from './find-run.ts'

/** Topics whose records hold responses, with the records' names. */
const WITH_RESPONSES = {
  answered: 'Answered',
  sampled: 'Sampled',
  verified: 'Verified',
  judged: 'Judged',
  rewarded: 'Rewarded',
  conversed: 'Conversed',
} as const

/** Of a record of this topic (a revision's suffix is passed over), packed; null where it has none or is not readable. */
export function responsesOf(codec: Codec, topic: string, value: Buffer): number | null {
  const name = topic.split('.')[0]!
  if (!Object.hasOwn(WITH_RESPONSES, name) || value.length === 0) return null
  try {
    const record = codec.decode(WITH_RESPONSES[name as keyof typeof WITH_RESPONSES], value)
    return packResponses(record.answer !== null, 'samples' in record ? record.samples.length : 0)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return null
  }
}

/** Notes them in the entry at `at`. isDue: the sink has finished the message that gives them. */
export function noteResponses(words: Uint32Array, at: number, packed: number, isDue: boolean): void {
  const both = words[at + RESPONSES]!
  const all = joinResponses(both >>> 16, packed)
  const due = isDue ? joinResponses(both & 0xffff, packed) : both & 0xffff
  words[at + RESPONSES] = (all << 16) | due
}

/** Rows that a refused or dead record gives, beside its own: responses, and in a replay the problem. */
export interface RowsOfEnded {
  /** Packed; null: none. */
  readonly responses: number | null
  readonly problem: boolean
}

/** topic: name on the broker that the record came from; null: none. null: it gives none. */
export function rowsOfEnded(
  codec: Codec,
  { replay, addition, givesResponses }: Pick<AuditedRun, 'replay' | 'addition' | 'givesResponses'>,
  topic: string | null,
  value: Buffer,
): RowsOfEnded | null {
  // What an addition refuses leaves the rows of the other revision as they are.
  if (topic === null || addition !== null) return null
  const responses = givesResponses ? responsesOf(codec, topic, value) : null
  const problem = replay !== null && isRecordOf(codec, topic, value)
  return responses === null && !problem ? null : { responses, problem }
}

function isRecordOf(codec: Codec, topic: string, value: Buffer): boolean {
  const name = STAGE_TOPICS.find((each) => each === topic.split('.')[0])
  if (name === undefined || value.length === 0) return false
  try {
    codec.decode(TOPICS[name].record, value)
    return true
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return false
  }
}

/** Notes them in the entry at `at`. */
export function noteRowsOfEnded(words: Uint32Array, at: number, rows: RowsOfEnded, isDue: boolean): void {
  if (rows.responses !== null) noteResponses(words, at, rows.responses, isDue)
  if (rows.problem) words[at + OPEN]! |= GIVES_PROBLEM | (isDue ? DUE_IN_TABLE.problems : 0)
}
