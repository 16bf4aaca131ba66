// The run that is asked for, by its newest record on the log: its stages, its sinks, what they were told, and what its
// topics are called. A replay's first stage reads a topic of another revision.

import type { Config } from '../../configs/schema.ts'
import { configSchema } from '../../configs/schema.ts'
import { nearest } from '../../configs/nearest.ts'
import { givesResponses } from '../../pipeline.ts'
import type { PlannedStage } from '../../pipeline.ts'
import type { Replay } from '../../configs/replay.ts'
import { halfDropped } from '../../pipeline/drops.ts'
import { isDropped, readNewest, readRunRecords } from '../../pipeline/run-records.ts'
import { readSelection } from '../../pipeline/replay/selection.ts'
import { takesOf } from '../../pipeline/replay/takes.ts'
import { plannedSinks, readingParts } from '../../pipeline/standing.ts'
import type { ReadingPart } from '../../pipeline/standing.ts'
import { UsageFault } from '../../schemas/failure.ts'
import type { Codec } from '../../schemas/codec.ts'
import type { RunRecord } from '../../schemas/records.ts'
import { TOPIC_NAMES, topicFor } from '../../schemas/topics.ts'
import type { TopicName } from '../../schemas/topics.ts'
import type { RecordPlace } from '../../stream/consumer.ts'
import type { KafkaConnection } from '../../stream/kafka.ts'
import { topicNames } from '../../stream/topics-admin.ts'
import { additionOf, readApart } from './addition.ts'
import type { Addition } from './addition.ts'

/** Which run, and where it is looked for. */
export interface RunAsked {
  readonly connection: KafkaConnection
  readonly codec: Codec
  readonly run?: string | undefined
  readonly revision?: string | undefined
}

export interface AuditedRun {
  readonly record: RunRecord
  readonly config: Config
  readonly planned: readonly PlannedStage[]
  /** What it reads if it is a replay; null: it produces its problems. */
  readonly replay: Replay | null
  /** Of a replay that adds to the rows of another revision: which rows must have gained what. */
  readonly addition: Addition | null
  /** Name of a topic on the broker, as this run reads and writes it. */
  readonly nameOf: (topic: TopicName) => string
  /** The topic of this name; the name itself where it is none of the run's. */
  readonly topicOf: (name: string) => TopicName
  /** Topics that give rows of `problems`. */
  readonly problemRows: ReadonlySet<TopicName>
  /** Whether rows of responses are this revision's own. */
  readonly givesResponses: boolean
  /** Which records of the topic that a replay reads it takes. */
  readonly takes: (place: RecordPlace) => boolean
  /** First start of the run, whose folder holds the files of all its revisions; milliseconds since 1970 UTC. */
  readonly begunAt: number
  /** Stages and sinks, each with the topics that its group reads. */
  readonly readers: readonly ReadingPart[]
}

/** Throws UsageFault when there is no such run, or its config is of another version of this program. */
export async function findAuditedRun(
  { connection, codec, run, revision = 'main' }: RunAsked,
  signal: AbortSignal,
): Promise<AuditedRun> {
  const isThere = (await topicNames(connection)).includes('runs')
  const known = isThere ? await readRunRecords(connection, codec, revision, signal) : new Map<string, RunRecord>()
  const newest = [...known.values()]
    .filter((each) => !isDropped(each))
    .toSorted((left, right) => right.createdAt - left.createdAt)
  const record = run === undefined ? newest[0] : newest.find(({ runId }) => runId === run)
  const dropping = [...known.values()].find(
    ({ runId, state }) => state === 'dropping' && (run === undefined ? newest.length === 0 : runId === run),
  )
  if (record === undefined && dropping !== undefined) throw halfDropped(dropping)
  if (record === undefined) throw unknownRun(connection.brokers, revision, run, newest)
  const config = configSchema.safeParse(JSON.parse(record.config))
  if (!config.success)
    throw new UsageFault(
      `run ${record.runId} was made by version ${record.version}, whose config this version does not read: audit it with that one`,
    )
  const { planned, replay } = readApart(config.data)
  const isAddition = replay !== null && replay.into !== null
  const addition = isAddition ? additionOf(record, config.data, await readNewest(connection, codec, signal)) : null
  const source = config.data.replay === null ? null : topicFor(config.data.replay.from, config.data.replay.of)
  const nameOf = (topic: TopicName): string =>
    source !== null && topic === replay?.from ? source : topicFor(topic, record.revision)
  const topics = new Map(TOPIC_NAMES.map((topic) => [nameOf(topic), topic]))
  const main = replay === null ? known : await readRunRecords(connection, codec, 'main', signal)
  const readers = readingParts(planned, plannedSinks(planned, config.data.sinks))
  return {
    ...{ record, config: config.data, planned, replay, addition, nameOf, readers },
    problemRows: new Set(
      replay === null ? ['problems'] : addition?.table === 'responses' ? [] : problemTopics(planned, readers),
    ),
    givesResponses: addition?.table !== 'problems' && givesResponses(planned),
    takes: replay === null ? () => true : await takenBy(replay, { connection, codec }, record, signal),
    topicOf: (name) => topics.get(name) ?? (name as TopicName),
    begunAt: main.get(record.runId)?.startedAt ?? record.startedAt,
  }
}

async function takenBy(
  replay: Replay,
  onLog: Pick<RunAsked, 'connection' | 'codec'>,
  { runId, revision }: RunRecord,
  signal: AbortSignal,
): Promise<AuditedRun['takes']> {
  const { selection } = replay
  return takesOf(replay, selection === null ? null : await readSelection(onLog, { runId, revision }, selection, signal))
}

/** Of what the stages of a replay write, the records that ClickHouse's sink makes rows of problems of. */
function problemTopics(planned: readonly PlannedStage[], readers: readonly ReadingPart[]): TopicName[] {
  const stored = readers.find(({ part }) => part === 'clickhouse')?.topics ?? []
  return planned.map(({ to }) => to).filter((to) => to !== 'sft' && stored.includes(to))
}

function unknownRun(
  brokers: readonly string[],
  revision: string,
  run: string | undefined,
  newest: readonly RunRecord[],
): UsageFault {
  const of = revision === 'main' ? '' : ` of revision ${revision}`
  const where = `Kafka at ${brokers.join(', ')}`
  if (newest.length === 0) return new UsageFault(`${where} knows no run${of}`)
  const names = newest.map(({ runId }) => runId)
  const near = nearest(run ?? '', names)
  const hint = near === null ? `there is ${names.slice(0, 10).join(', ')}` : `did you mean ${near}?`
  return new UsageFault(`${where} knows no run ${run ?? ''}${of}; ${hint}`)
}
