// How many responses a record gives to the table: the answer, and samples numbered from 0. Records only grow, so the
// responses of an earlier one are among those of a later one.

import { Failure } from '../../schemas/failure.ts'
import type { Codec } from '../../schemas/codec.ts'
import { joinResponses, packResponses, RESPONSES } from './entry.ts'

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
