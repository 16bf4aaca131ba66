// One line a topic: what it holds and how it is kept. The whole of what exists on the log.

import type { RecordName } from './records.ts'

export interface TopicDefinition {
  /** Record that its values hold; null: raw bytes of any other topic (dead letters, with headers). */
  readonly record: RecordName | null
  /** Default number of partitions. */
  readonly partitions: number
  /** Kept by key (newest wins) instead of whole. */
  readonly compacted: boolean
}

const stream = <Name extends RecordName>(record: Name, partitions = 12) =>
  ({ record, partitions, compacted: false }) as const

export const TOPICS = {
  /** One partition: screening is a global decision in log order. */
  problems: stream('Problem', 1),
  screened: stream('Screened'),
  tagged: stream('Tagged'),
  answered: stream('Answered'),
  sampled: stream('Sampled'),
  verified: stream('Verified'),
  judged: stream('Judged'),
  rewarded: stream('Rewarded'),
  conversed: stream('Conversed'),
  sft: stream('SftRecord'),
  preferences: stream('PreferenceRecord'),
  rejections: stream('Rejection'),
  'dead-letters': { record: null, partitions: 12, compacted: false },
  runs: { record: 'RunRecord', partitions: 1, compacted: true },
  /** What each process of a run has spent: one record a process, the newest wins. */
  spending: { record: 'Spending', partitions: 1, compacted: true },
  /** The journal: finished model calls of records that are not done, in the partitions of what the stages read. */
  calls: { record: 'Call', partitions: 12, compacted: true },
  /** Every start of every process of a run, with its config. */
  starts: { record: 'RunStart', partitions: 1, compacted: true },
  /** Which problems a replay takes, where it does not take all. At the end: rows count by the order of this list. */
  selections: { record: 'Selection', partitions: 1, compacted: true },
} as const satisfies Record<string, TopicDefinition>

export type TopicName = keyof typeof TOPICS

export const TOPIC_NAMES = Object.keys(TOPICS) as TopicName[]

/** Topics that stages read, in the way of the data: a replay begins at one of them. */
export const STAGE_TOPICS = [
  'problems',
  'screened',
  'tagged',
  'answered',
  'sampled',
  'verified',
  'judged',
  'rewarded',
  'conversed',
] as const satisfies readonly TopicName[]

export type StageTopic = (typeof STAGE_TOPICS)[number]

/** Largest record on the wire, bytes (topic max.message.bytes, consumer maxBytesPerPartition). */
export const MAX_RECORD_BYTES = 16 * 1024 * 1024

/** Topics that a revision shares with main: they hold raw inputs or rows that name their revision. */
const SHARED: ReadonlySet<TopicName> = new Set(['runs', 'starts', 'dead-letters', 'calls', 'selections'])

/** Name on the broker: `verified` in main, `verified.strict` in revision strict. */
export function topicFor(topic: TopicName, revision: string): string {
  return revision === 'main' || SHARED.has(topic) ? topic : `${topic}.${revision}`
}

/** What a topic on the broker is called here, and its revision (main for those that revisions share); null: another's. */
export function topicNamed(onBroker: string): { readonly name: TopicName; readonly revision: string } | null {
  const [, word, revision = 'main'] = /^([a-z-]+)(?:\.([A-Za-z0-9][A-Za-z0-9_-]*))?$/.exec(onBroker) ?? []
  const name = TOPIC_NAMES.find((each) => each === word)
  return name !== undefined && topicFor(name, revision) === onBroker ? { name, revision } : null
}
