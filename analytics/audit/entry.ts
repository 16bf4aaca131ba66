// What the audit notes of each problem, bit by bit, in the words of an id table. One problem takes 44 bytes.

import type { PartName } from '../../pipeline.ts'
import { STAGES } from '../../pipeline.ts'
import type { TopicName } from '../../schemas/topics.ts'

/** Topics whose messages stand for problems, in the data's way. Their numbers are bits of SEEN and OPEN. */
export const PROBLEM_TOPICS = [
  ...['problems', 'screened', 'tagged', 'answered', 'sampled', 'verified', 'judged', 'rewarded', 'conversed'],
  ...['sft', 'preferences'],
] as unknown as readonly TopicName[]

export const topicBit = (topic: TopicName): number => 1 << PROBLEM_TOPICS.indexOf(topic)

/** Further bits of SEEN. A row that a reader meets twice has both of its bits. */
export const EXPECTED = 1 << 11 // follows from the run's slots, the file's lines, or what a replay reads
export const IN_TABLE = { problems: 1 << 12, sft: 1 << 14, rejections: 1 << 16 } as const
export const IN_DATA_SET = 1 << 18
export const IN_SEGMENTS = 1 << 20
/** In the data set that is being read. */
export const IN_THIS_FILE = 1 << 22
/** The bit beside one of these: met twice. */
export const TWICE = 1

/** Further bits of OPEN: the sink has finished a message, so the row must be there. */
export const DUE_IN_TABLE = { problems: 1 << 12, sft: 1 << 13, rejections: 1 << 14 } as const
export const DUE_IN_FILES = 1 << 15
/** A sink has made a dead letter of the row. */
export const DEAD_IN_TABLE = { problems: 1 << 16, sft: 1 << 17, rejections: 1 << 18 } as const
export const DEAD_IN_FILES = 1 << 19
/** Rows of the other data set say that there is one of this. */
export const OWES_SFT = 1 << 20
export const OWES_PAIR = 1 << 21

/** The topics give a row of `problems`. */
export const GIVES_PROBLEM = 1 << 22

/** Words behind the four of the id. */
export const SEEN = 4
export const OPEN = 5
/** Stages that rejected it (low half) and that made a dead letter of it which was not redriven (high half). */
export const ENDS = 6
/** Responses that the ClickHouse sink must have written (low half) and that the log gives in all (high half). */
export const RESPONSES = 7
/** Responses in the table (low half), and bits of what is wrong there. */
export const RESPONSE_ROWS = 8
export const ODD_RESPONSES = 1 << 16
/** Where the log has it last: topic, partition and the offset's high part; the low part. */
export const PLACE = 9
export const NOTES = 7

/** Numbers of those that end problems, as bits of ENDS. */
export const ENDERS = [...STAGES.map(({ name }) => name as string), 'produce', 'another stage'] as const
const PRODUCERS: ReadonlySet<string> = new Set(['magpie', 'jsonl'])

/** The number of a stage, by the name that rejections and dead letters carry. */
export function enderOf(stage: string): number {
  if (PRODUCERS.has(stage)) return ENDERS.indexOf('produce')
  const found = ENDERS.indexOf(stage)
  return found === -1 ? ENDERS.length - 1 : found
}

/** Dead letters of sinks are ends of rows, not of problems. */
export const SINKS: ReadonlySet<string> = new Set<PartName>(['clickhouse', 'json'])

/** Preference rows have a table of their own: the key's fifth word is the number of the pair. Same SEEN and OPEN, then the place. */
export const ROW = { seen: 5, open: 6, place: 7, notes: 4 } as const

const OFFSET_HIGH = 2 ** 32

/** Notes where the log has it. */
export function putPlace(words: Uint32Array, at: number, topic: number, partition: number, offset: number): void {
  words[at] = ((topic + 1) << 27) | ((partition & 0x7ff) << 16) | (Math.floor(offset / OFFSET_HIGH) & 0xffff)
  words[at + 1] = offset >>> 0
}

/** topic number, partition, offset; null where the log has not shown it. */
export function placeAt(
  words: Uint32Array,
  at: number,
): { readonly topic: number; readonly partition: number; readonly offset: number } | null {
  const packed = words[at]!
  const topic = packed >>> 27
  if (topic === 0) return null
  return {
    topic: topic - 1,
    partition: (packed >>> 16) & 0x7ff,
    offset: (packed & 0xffff) * OFFSET_HIGH + words[at + 1]!,
  }
}

/** Responses of a problem in 16 bits: whether there is an answer, and how many samples (numbered from 0). */
export function packResponses(hasAnswer: boolean, samples: number): number {
  return (hasAnswer ? 0x8000 : 0) | Math.min(samples, 0x7fff)
}

/** What both have. Records only grow, so the samples of one are the first of the other. */
export function joinResponses(one: number, other: number): number {
  return ((one | other) & 0x8000) | Math.max(one & 0x7fff, other & 0x7fff)
}

/** How many rows. */
export function countResponses(packed: number): number {
  return (packed >>> 15) + (packed & 0x7fff)
}

/** Has `whole` all that `part` has? */
export function holdsResponses(whole: number, part: number): boolean {
  return joinResponses(whole, part) === whole
}
