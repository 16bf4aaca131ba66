// Where a run stands on the log: what waits before its stages and sinks. Positions are shared by all processes of
// the run, so this is what completion is decided by.

import type { Config } from '../configs/schema.ts'
import { groupOf, responsesTopic, writtenBy } from '../pipeline.ts'
import type { PartName, PlannedStage } from '../pipeline.ts'
import { Failure } from '../schemas/failure.ts'
import { TOPIC_NAMES, topicFor } from '../schemas/topics.ts'
import type { TopicName } from '../schemas/topics.ts'
import { clickhouseTopics } from '../sinks/clickhouse.ts'
import { groupPosition, moveGroup } from '../stream/groups-admin.ts'
import type { PartitionLag } from '../stream/groups-admin.ts'
import type { KafkaConnection } from '../stream/kafka.ts'

/** A part of a run that reads topics. */
export interface ReadingPart {
  readonly part: PartName
  readonly topics: readonly TopicName[]
  /** Revision whose topics it reads, where that is another one than its own. */
  readonly of?: string
  /** What a stage writes; sinks write no topic. */
  readonly writes?: readonly TopicName[]
}

export interface RunOnLog {
  readonly connection: KafkaConnection
  readonly runId: string
  readonly revision: string
}

/** The sinks that the config has on, with what they read: of a replay what its stages write, and what tells of it. */
export function plannedSinks(planned: readonly PlannedStage[], sinks: Config['sinks']): ReadingPart[] {
  const isReplay = planned.some(({ of }) => of !== undefined)
  const there = new Set<TopicName>([...planned.flatMap(writtenBy), 'runs', 'starts'])
  const all = [
    { part: 'clickhouse', topics: clickhouseTopics(responsesTopic(planned)) },
    { part: 'json', topics: ['sft', 'preferences'] },
  ] as const
  return all
    .filter(({ part }) => sinks[part].enabled)
    .map(({ part, topics }) => ({ part, topics: isReplay ? topics.filter((topic) => there.has(topic)) : topics }))
    .filter(({ topics }) => topics.length > 0)
}

/** All parts of a run that read, stages first, in the data's way. */
export function readingParts(planned: readonly PlannedStage[], sinks: readonly ReadingPart[]): ReadingPart[] {
  const stages = planned.map((stage) => {
    const of = stage.of === undefined ? {} : { of: stage.of }
    return { part: stage.name, topics: [stage.from], writes: writtenBy(stage), ...of }
  })
  return [...stages, ...sinks]
}

/** The topics that a part reads, by their names on the broker. */
export function topicsReadBy({ topics, of }: Pick<ReadingPart, 'topics' | 'of'>, revision: string): string[] {
  return topics.map((topic) => topicFor(topic, of ?? revision))
}

/** What a run keeps beside its records. A newer version may add to them, and the next start makes them anew. */
export const BOOKS = ['runs', 'starts', 'spending', 'calls', 'selections'] as const satisfies readonly TopicName[]

/** The topics of its own revision that these parts need: all of them but for a replay, which makes what it writes. */
export function topicsNeeded(parts: readonly ReadingPart[]): readonly TopicName[] {
  if (parts.every(({ of }) => of === undefined)) return TOPIC_NAMES
  const own = parts.flatMap(({ topics, of, writes = [] }) => [...(of === undefined ? topics : []), ...writes])
  return [...new Set([...own, ...BOOKS])]
}

/** Records that a part has not finished. Throws Failure when Kafka does not answer. */
export async function lagOf(run: RunOnLog, part: ReadingPart): Promise<number> {
  return (await positionsOf(run, part)).reduce((sum, { lag }) => sum + lag, 0)
}

/**
 * Returns a question: has everything that this run had on the log gone through all parts? Asked in the data's way:
 * when a part is through, all that its successor will ever get is on the log, so the successor's goal is the end that
 * its topics have then. What other runs add later does not delay it. Ask again until it is true.
 */
export function throughCheck(run: RunOnLog, parts: readonly ReadingPart[]): () => Promise<boolean> {
  let next = 0
  let goals: ReadonlyMap<string, number> | null = null
  const place = ({ topic, partition }: PartitionLag): string => `${topic}/${partition}`
  return async () => {
    for (; next < parts.length; next += 1, goals = null) {
      const positions = await positionsOf(run, parts[next]!)
      const ends = (goals ??= new Map(positions.map((position) => [place(position), position.end])))
      const isThere = (position: PartitionLag): boolean =>
        position.lag === 0 || (position.committed ?? position.low) >= ends.get(place(position))!
      if (!positions.every(isThere)) return false
    }
    return true
  }
}

/** Where the group of a part stands. Throws Failure when Kafka does not answer. */
export async function positionsOf(
  { connection, runId, revision }: RunOnLog,
  reader: ReadingPart,
): Promise<PartitionLag[]> {
  return groupPosition(connection, groupOf(runId, revision, reader.part), topicsReadBy(reader, revision))
}

/**
 * A new run begins at the ends of the topics: what older runs left there is theirs; the stage of a replay that reads
 * another revision's topic, at its offsets there. A group that has members already (a worker that was started beside the
 * leader saw the claim first) stays as it is: it passes over what is not its own. `onlyUnplaced`: so does a group that
 * has a position.
 */
export async function beginRun(
  { connection, runId, revision }: RunOnLog,
  parts: readonly ReadingPart[],
  { replay = null, onlyUnplaced = false }: { readonly replay?: Config['replay']; readonly onlyUnplaced?: boolean } = {},
): Promise<void> {
  const named = (topic: TopicName): string => topicFor(topic, revision)
  for (const reader of parts) {
    const group = groupOf(runId, revision, reader.part)
    const topics = topicsReadBy(reader, revision)
    const { writes, of } = reader
    if (onlyUnplaced && (await hasPosition(connection, group, topics))) continue
    const beside = writes === undefined ? {} : { writes: writes.map(named), journal: named('calls') }
    const at = of === undefined || replay === null ? {} : { at: partitionOffsets(replay.begin) }
    try {
      await moveGroup(connection, group, topics, { ...beside, ...at })
    } catch (error) {
      if (!(error instanceof Failure && error.code === 'group-in-use')) throw error
    }
  }
}

/** Offsets of a config by partition. */
export function partitionOffsets(offsets: Readonly<Record<string, number>>): Map<number, number> {
  return new Map(Object.entries(offsets).map(([partition, offset]) => [Number(partition), offset]))
}

async function hasPosition(connection: KafkaConnection, group: string, topics: readonly string[]): Promise<boolean> {
  return (await groupPosition(connection, group, topics)).some(({ committed }) => committed !== null)
}
