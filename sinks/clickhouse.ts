// The sink to ClickHouse: what the topics hold, as rows of its tables. Promises: write() returns when every row is
// in its table; a repeat of anything leaves the same rows; a record that cannot be read is a permanent Failure that
// names its place, and nothing of its batch is lost when the rest is written again.

import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { Failure, permanent } from '../schemas/failure.ts'
import type { Codec } from '../schemas/codec.ts'
import type { Logger } from '../schemas/logger.ts'
import { paidBy } from '../schemas/past.ts'
import type { Answered, Conversed, Judged, Rewarded, Sampled, Verified } from '../schemas/records.ts'
import { STAGE_TOPICS, TOPIC_NAMES, topicFor, TOPICS } from '../schemas/topics.ts'
import type { TopicName } from '../schemas/topics.ts'
import { DEAD_LETTER_HEADERS } from '../stream/dead-letters.ts'
import type { Delivered, Sink } from '../stream/delivered.ts'
import { REVISION_HEADER } from '../stream/outgoing.ts'
import { serverConfig } from './clickhouse/address.ts'
import { type Addition, beginAddition } from './clickhouse/additions.ts'
import type { Database } from './clickhouse/contract.ts'
import { deadLetterRow } from './clickhouse/dead-letter-rows.ts'
import { followUpRows } from './clickhouse/follow-up-rows.ts'
import type { Origin, Row } from './clickhouse/place.ts'
import { responseRows } from './clickhouse/response-rows.ts'
import { preferenceRow, problemRow, rejectionRow, runRow, sftRow, startRow } from './clickhouse/rows.ts'

export const clickhouseConfig = z.strictObject({
  enabled: z.boolean().default(true).describe('Write rows to ClickHouse (CLICKHOUSE_URL, else embedded)'),
  server: serverConfig.optional().describe('A server in the place of the embedded database'),
  batch: z
    .strictObject({
      rows: z.int().min(1).max(5000).default(2000).describe('Records of one batch at most'),
      bytes: z
        .int()
        .min(1024)
        .max(256 * 1024 * 1024)
        .default(16 * 1024 * 1024)
        .describe('Bytes of one batch, about'),
      seconds: z.number().min(0.05).max(600).default(1).describe('Longest wait for a batch to fill'),
    })
    .prefault({}),
  ttl: z
    .strictObject({
      texts: z
        .int()
        .min(1)
        .max(36_500)
        .nullable()
        .default(null)
        .describe(
          'Days after which texts of responses and follow-ups are emptied in the tables, rows stay; null: never',
        ),
    })
    .prefault({}),
})

export type ClickhouseConfig = z.infer<typeof clickhouseConfig>

/**
 * Topics that the sink reads, where `last` is the topic that curate reads (or, without verification, the last of
 * the pipeline). Screened and tagged records only bring `problems` up to date earlier.
 */
export function clickhouseTopics(last: TopicName): TopicName[] {
  const ends = ['sft', 'preferences', 'rejections', 'dead-letters', 'runs', 'starts'] as const
  return [...new Set<TopicName>(['problems', 'screened', 'tagged', last, ...ends])]
}

export interface ClickhouseSinkParts {
  /** Opened as owner; the sink does not close it. */
  readonly database: Pick<Database, 'insert' | 'rows'>
  readonly codec: Codec
  readonly log: Logger
  /** Revision whose topics are read: its rows carry it. */
  readonly revision?: string
  /** False for a replay none of whose stages writes responses: those of its records are the rows of another revision. */
  readonly givesResponses?: boolean
  /** What its records add to the rows of another revision, in the place of rows of their own. */
  readonly addition?: Addition | undefined
}

type TableName =
  | 'runs'
  | 'run_starts'
  | 'problems'
  | 'responses'
  | 'follow_ups'
  | 'sft'
  | 'preferences'
  | 'rejections'
  | 'dead_letters'

/** Adds a row to the batch. */
type Add = (table: TableName, row: Row) => void

/** So long the event loop waits for reading a batch; a batch of large records takes seconds. */
const SLICE_MS = 10

/** Tables of which an addition has no rows of its own. */
const OF_PROBLEMS: ReadonlySet<TableName> = new Set(['problems', 'responses', 'follow_ups'])

/** Returns the sink. */
export function createClickhouseSink(parts: ClickhouseSinkParts): Sink {
  const { database, codec, log, revision = 'main', addition, givesResponses = true } = parts
  const reading = { codec, log, givesResponses }
  const named = new Map(TOPIC_NAMES.map((name) => [topicFor(name, revision), name]))
  return {
    open: () => Promise.resolve(),
    async write(batch) {
      const tables = new Map<TableName, Row[]>()
      const added = addition === undefined ? null : beginAddition(addition)
      const add: Add = (table, row) => {
        if (added !== null && OF_PROBLEMS.has(table)) return
        const rows = tables.get(table)
        if (rows === undefined) tables.set(table, [row])
        else rows.push(row)
      }
      let since = performance.now()
      for (const message of batch) {
        if (performance.now() - since > SLICE_MS) {
          await setImmediate()
          since = performance.now()
        }
        const topic = named.get(message.topic)
        if (topic === undefined) throw permanent('unknown-topic', `no table takes records of topic ${message.topic}`)
        if (topicFor(topic, revision) === topicFor(topic, 'main') && isOfAnother(message, revision)) continue
        const origin = { topic, revision, message }
        inPlace(message, () => {
          if (added !== null && topic === 'tagged') added.take(codec.decode('Tagged', message.value), origin)
          else if (added !== null && hasResponses(topic))
            added.take(decodeResponses(codec, topic, message.value), origin)
          else addRows(reading, origin, add)
        })
      }
      await added?.write(database)
      for (const [table, rows] of tables) await database.insert(table, rows)
    },
    close: () => Promise.resolve(),
  }
}

/** Topics that revisions share hold what the sinks of the others store; a dropped one has none, and comes back by none. */
function isOfAnother({ headers }: Delivered, revision: string): boolean {
  return (headers[REVISION_HEADER] ?? revision) !== revision
}

/** What rows are read with. */
interface Reading {
  readonly codec: Codec
  readonly log: Logger
  readonly givesResponses: boolean
}

function addRows(reading: Reading, origin: Origin, add: Add): void {
  const { codec } = reading
  const { topic, message } = origin
  switch (topic) {
    case 'problems':
      add('problems', problemRow(codec.decode('Problem', message.value), origin))
      return
    case 'screened':
      add('problems', problemRow(codec.decode('Screened', message.value), origin))
      return
    case 'tagged':
      add('problems', problemRow(codec.decode('Tagged', message.value), origin))
      return
    case 'answered':
    case 'sampled':
    case 'verified':
    case 'judged':
    case 'rewarded':
    case 'conversed': {
      const record = decodeResponses(codec, topic, message.value)
      add('problems', problemRow(record, origin))
      addResponses(record, origin, add)
      return
    }
    case 'sft':
      add('sft', sftRow(codec.decode('SftRecord', message.value), origin))
      return
    case 'preferences':
      add('preferences', preferenceRow(codec.decode('PreferenceRecord', message.value), origin))
      return
    case 'rejections': {
      const rejection = codec.decode('Rejection', message.value)
      add('rejections', rejectionRow(rejection, origin))
      addEnded(reading, origin, { source: rejection.topic, value: rejection.record }, add)
      return
    }
    case 'dead-letters': {
      const row = deadLetterRow(origin)
      if (row !== null) add('dead_letters', row)
      const revision = message.headers[REVISION_HEADER] ?? origin.revision
      const source = message.headers[DEAD_LETTER_HEADERS.topic] ?? null
      addEnded(reading, { ...origin, revision }, { source, value: message.value }, add)
      return
    }
    case 'runs':
      // An empty value is a deleted run of a compacted topic: its rows stay.
      if (message.value.length > 0) add('runs', runRow(codec.decode('RunRecord', message.value), origin))
      return
    case 'starts':
      if (message.value.length > 0) add('run_starts', startRow(codec.decode('RunStart', message.value), origin))
      return
    case 'calls':
    case 'spending': // kept on the log alone: what records cost is in their own rows
    case 'selections':
      return
  }
}

const WITH_RESPONSES = ['answered', 'sampled', 'verified', 'judged', 'rewarded', 'conversed'] as const
type WithResponses = (typeof WITH_RESPONSES)[number]

function hasResponses(topic: TopicName): topic is WithResponses {
  return (WITH_RESPONSES as readonly TopicName[]).includes(topic)
}

function decodeResponses(
  codec: Codec,
  topic: WithResponses,
  value: Buffer,
): Answered | Sampled | Verified | Judged | Rewarded | Conversed {
  switch (topic) {
    case 'answered':
      return codec.decode('Answered', value)
    case 'sampled':
      return codec.decode('Sampled', value)
    case 'verified':
      return codec.decode('Verified', value)
    case 'judged':
      return codec.decode('Judged', value)
    case 'rewarded':
      return codec.decode('Rewarded', value)
    case 'conversed':
      return codec.decode('Conversed', value)
  }
}

/** All that models said to a problem. */
function addResponses(record: ReturnType<typeof decodeResponses>, origin: Origin, add: Add): void {
  for (const row of responseRows(record, origin)) add('responses', row)
  if ('conversation' in record) for (const row of followUpRows(record, origin)) add('follow_ups', row)
}

/** A record that was refused or failed on the way. */
interface Ended {
  /** Name on the broker of the topic that it came from; null: not known. */
  readonly source: string | null
  readonly value: Buffer
}

/**
 * What a record that was refused or failed on the way makes known. What models said to its problem was paid for too: it
 * becomes rows, which a later record of the same problem replaces. In a replay nothing else tells of the problem itself.
 */
function addEnded({ codec, log, givesResponses }: Reading, origin: Origin, { source, value }: Ended, add: Add): void {
  const topic = STAGE_TOPICS.find((name) => name === source?.split('.')[0])
  if (topic === undefined) return
  try {
    let record = codec.decode(TOPICS[topic].record, value)
    // What the first stage of a replay refuses lies as it is in another revision.
    if (record.revision !== origin.revision) record = paidBy(record, record.revision)
    const place = { ...origin, topic }
    if (givesResponses && 'answer' in record) addResponses(record, place, add)
    if (origin.revision !== 'main') add('problems', problemRow(record, place))
  } catch (error) {
    // A dead letter's bytes may be what is wrong with it; its own row says so.
    if (!(error instanceof Failure)) throw error
    log.debug(
      { topic: origin.message.topic, offset: String(origin.message.offset), code: error.code },
      'no rows of a refused record',
    )
  }
}

/** Says in a Failure where in the log the record lies. */
function inPlace(message: Delivered, work: () => void): void {
  try {
    work()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const place = `${message.topic} partition ${message.partition} offset ${message.offset}`
    throw new Failure(error.retry, error.code, `${place}: ${error.message}`, { cause: error })
  }
}
