// Where a run stands on the log: what waits before its stages and sinks. Positions are shared by all processes of
// the run, so this is what completion is decided by.

import type { Config } from '../configs/schema.ts'
import { groupOf, judgedTopic, writtenBy } from '../pipeline.ts'
import type { PartName, PlannedStage } from '../pipeline.ts'
import { Failure } from '../schemas/failure.ts'
import { topicFor } from '../schemas/topics.ts'
import type { TopicName } from '../schemas/topics.ts'
import { clickhouseTopics } from '../sinks/clickhouse.ts'
import { groupPosition, moveGroupToEnd } from '../stream/groups-admin.ts'
import type { PartitionLag } from '../stream/groups-admin.ts'
import type { KafkaConnection } from '../stream/kafka.ts'

/** A part of a run that reads topics. */
export interface ReadingPart {
  readonly part: PartName
  readonly topics: readonly TopicName[]
  /** What a stage writes; sinks write no topic. */
  readonly writes?: readonly TopicName[]
}

export interface RunOnLog {
  readonly connection: KafkaConnection
  readonly runId: string
  readonly revision: string
}

/** The sinks that the config has on, with what they read. */
export function plannedSinks(planned: readonly PlannedStage[], sinks: Config['sinks']): ReadingPart[] {
  const all = [
    { part: 'clickhouse', topics: clickhouseTopics(judgedTopic(planned)) },
    { part: 'json', topics: ['sft', 'preferences'] },
  ] as const
  return all.filter(({ part }) => sinks[part].enabled)
}

/** All parts of a run that read, stages first, in the data's way. */
export function readingParts(planned: readonly PlannedStage[], sinks: readonly ReadingPart[]): ReadingPart[] {
  return [...planned.map((stage) => ({ part: stage.name, topics: [stage.from], writes: writtenBy(stage) })), ...sinks]
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

async function positionsOf(
  { connection, runId, revision }: RunOnLog,
  { part, topics }: ReadingPart,
): Promise<PartitionLag[]> {
  const names = topics.map((topic) => topicFor(topic, revision))
  return groupPosition(connection, groupOf(runId, revision, part), names)
}

/**
 * A new run begins at the ends of the topics: what older runs left there is theirs. A group that has members already
 * (a worker that was started beside the leader saw the claim first) stays as it is: it passes over what is not its own.
 * `onlyUnplaced`: so does a group that has a position.
 */
export async function beginAtEnd(
  { connection, runId, revision }: RunOnLog,
  parts: readonly ReadingPart[],
  onlyUnplaced = false,
): Promise<void> {
  const named = (topic: TopicName): string => topicFor(topic, revision)
  for (const { part, topics, writes } of parts) {
    const group = groupOf(runId, revision, part)
    if (onlyUnplaced && (await hasPosition(connection, group, topics.map(named)))) continue
    const beside = writes === undefined ? {} : { writes: writes.map(named), journal: named('calls') }
    try {
      await moveGroupToEnd(connection, group, topics.map(named), beside)
    } catch (error) {
      if (!(error instanceof Failure && error.code === 'group-in-use')) throw error
    }
  }
}

async function hasPosition(connection: KafkaConnection, group: string, topics: readonly string[]): Promise<boolean> {
  return (await groupPosition(connection, group, topics)).some(({ committed }) => committed !== null)
}
