// Where a run stands on the log: what waits before its stages and sinks. Positions are shared by all processes of
// the run, so this is what completion is decided by.

import type { Config } from '../configs/schema.ts'
import { groupOf, judgedTopic } from '../pipeline.ts'
import type { PartName, PlannedStage } from '../pipeline.ts'
import { topicFor } from '../schemas/topics.ts'
import type { TopicName } from '../schemas/topics.ts'
import { clickhouseTopics } from '../sinks/clickhouse.ts'
import { groupPosition, moveGroupToEnd } from '../stream/groups-admin.ts'
import type { KafkaConnection } from '../stream/kafka.ts'

/** A part of a run that reads topics. */
export interface ReadingPart {
  readonly part: PartName
  readonly topics: readonly TopicName[]
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
  return [...planned.map(({ name, from }) => ({ part: name, topics: [from] })), ...sinks]
}

/** Records that a part has not finished. Throws Failure when Kafka does not answer. */
export async function lagOf({ connection, runId, revision }: RunOnLog, { part, topics }: ReadingPart): Promise<number> {
  const names = topics.map((topic) => topicFor(topic, revision))
  const positions = await groupPosition(connection, groupOf(runId, revision, part), names)
  return positions.reduce((sum, { lag }) => sum + lag, 0)
}

/**
 * True when nothing waits anywhere. Asked in the data's way: a part that has nothing left cannot give its
 * successors anything more, so one pass decides.
 */
export async function isThrough(run: RunOnLog, parts: readonly ReadingPart[]): Promise<boolean> {
  for (const part of parts) if ((await lagOf(run, part)) > 0) return false
  return true
}

/** A new run begins at the ends of the topics: what older runs left there is theirs. */
export async function beginAtEnd(
  { connection, runId, revision }: RunOnLog,
  parts: readonly ReadingPart[],
): Promise<void> {
  for (const { part, topics } of parts) {
    const names = topics.map((topic) => topicFor(topic, revision))
    await moveGroupToEnd(connection, groupOf(runId, revision, part), names)
  }
}
