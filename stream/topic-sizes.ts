// What all topics hold, in a handful of questions however many there are: records, bytes on disk, the times of the first
// and the last record, how many came in the last minute, and how the broker keeps them.

import kafkajs, { type Admin, type DescribeConfigResponse } from 'kafkajs'
import { Failure } from '../schemas/failure.ts'
import type { KafkaConnection } from './kafka.ts'
import type { PartitionEnds } from './positions.ts'
import { EARLIEST, LATEST, listOffsets, logBytes, NEWEST_TIME, type PlacedTime } from './raw-requests.ts'
import { topicNames } from './topics-admin.ts'

export interface TopicSize {
  readonly topic: string
  readonly partitions: number
  /** First and next offset of each, by partition number. */
  readonly ends: readonly PartitionEnds[]
  /** Messages of all runs: differences of offsets, so an upper bound where a topic is compacted. */
  readonly records: number
  /** On the disks of all brokers, copies included; null where the broker does not say. */
  readonly bytes: number | null
  /** Times of the oldest and the newest message, milliseconds since 1970 UTC; null while it is empty. */
  readonly firstAt: number | null
  readonly lastAt: number | null
  /** Messages a second over the last minute. */
  readonly rate: number
  /** Settings of the broker by their names there, as retention.ms. */
  readonly settings: Readonly<Record<string, string>>
}

/** Settings that say how a topic is kept. */
export const KEEPING = [
  ...(['cleanup.policy', 'retention.ms', 'retention.bytes'] as const),
  ...(['compression.type', 'segment.bytes', 'segment.ms'] as const),
] as const

const MINUTE_MS = 60_000
/** Topics of one question about settings. */
const DESCRIBED_AT_ONCE = 200

/**
 * All topics on the broker, by name; its own (with __) and those that are deleted meanwhile are left out. `now`:
 * milliseconds since 1970 UTC. Throws Failure.
 */
export async function topicSizes(connection: KafkaConnection, now: number): Promise<TopicSize[]> {
  const { topics, leaders, nodes } = await connection.ask('looking at the topics', layout)
  const at = async (time: number) => await byTopic(connection, leaders, time)
  // One after the other: kafkajs loses sight of sockets that it opens side by side.
  const [low, high] = [await at(EARLIEST), await at(LATEST)]
  const [first, last, recent] = [await at(0), await at(NEWEST_TIME), await at(now - MINUTE_MS)]
  const bytes = await bytesByTopic(connection, nodes)
  const settings = await topicSettings(connection, [...topics.keys()])
  return [...topics].flatMap(([topic, partitions]) => {
    const kept = settings.get(topic)
    if (kept === undefined) return []
    const ends = [...(high.get(topic) ?? new Map<number, PlacedTime>())]
      .map(([partition, { offset }]) => ({
        partition,
        low: low.get(topic)?.get(partition)?.offset ?? offset,
        high: offset,
      }))
      .sort((one, other) => one.partition - other.partition)
    const times = (of: typeof first): number[] =>
      [...(of.get(topic)?.values() ?? [])].map(({ timestamp }) => timestamp).filter((each) => each >= 0)
    const came = ends.reduce((sum, { partition, high: end }) => {
      const since = recent.get(topic)?.get(partition)?.offset ?? -1
      return sum + (since < 0 ? 0 : end - since)
    }, 0)
    const size = {
      ...{ topic, partitions, ends },
      records: ends.reduce((sum, each) => sum + each.high - each.low, 0),
      bytes: bytes === null ? null : (bytes.get(topic) ?? 0),
      firstAt: times(first).reduce<number | null>((least, each) => Math.min(least ?? each, each), null),
      lastAt: times(last).reduce<number | null>((most, each) => Math.max(most ?? each, each), null),
      rate: came / (MINUTE_MS / 1000),
      settings: kept,
    }
    return [size]
  })
}

interface Layout {
  /** Partitions of each topic. */
  readonly topics: ReadonlyMap<string, number>
  /** By broker: the partitions that it leads. */
  readonly leaders: ReadonlyMap<string, ReadonlyMap<string, number[]>>
  readonly nodes: readonly string[]
}

async function layout(admin: Admin): Promise<Layout> {
  const metadata = await admin.fetchTopicMetadata({ topics: [] })
  const { brokers } = await admin.describeCluster()
  const own = metadata.topics.filter(({ name }) => !name.startsWith('__'))
  const leaders = new Map<string, Map<string, number[]>>()
  for (const { name, partitions } of own)
    for (const { leader, partitionId } of partitions) {
      const topics = leaders.get(String(leader)) ?? new Map<string, number[]>()
      topics.set(name, [...(topics.get(name) ?? []), partitionId])
      leaders.set(String(leader), topics)
    }
  leaders.delete('-1')
  const names = own.map(({ name, partitions }) => [name, partitions.length] as const)
  return {
    topics: new Map(names.sort(([one], [other]) => (one < other ? -1 : 1))),
    leaders,
    nodes: brokers.map(({ nodeId }) => String(nodeId)),
  }
}

async function byTopic(connection: KafkaConnection, leaders: Layout['leaders'], time: number) {
  const found = new Map<string, Map<number, PlacedTime>>()
  for (const [nodeId, topics] of leaders)
    for (const each of await listOffsets(connection, nodeId, topics, time)) {
      const partitions = found.get(each.topic) ?? new Map<number, PlacedTime>()
      found.set(each.topic, partitions.set(each.partition, each))
    }
  return found
}

/** Null where a broker does not say: it may want other rights for it. */
async function bytesByTopic(
  connection: KafkaConnection,
  nodes: readonly string[],
): Promise<Map<string, number> | null> {
  const found = new Map<string, number>()
  try {
    for (const nodeId of nodes)
      for (const { topic, bytes } of await logBytes(connection, nodeId))
        found.set(topic, (found.get(topic) ?? 0) + bytes)
    return found
  } catch (error) {
    if (!(error instanceof Failure) || error.retry === 'transient') throw error
    return null
  }
}

/**
 * How the broker keeps topics, by topic: the settings of KEEPING as they hold, wherever they come from; those that are
 * not there (any more) are left out. Throws Failure.
 */
export async function topicSettings(
  connection: KafkaConnection,
  topics: readonly string[],
): Promise<Map<string, Record<string, string>>> {
  const found = new Map<string, Record<string, string>>()
  for (let at = 0; at < topics.length; at += DESCRIBED_AT_ONCE) {
    for (const { resourceName, configEntries } of await described(connection, topics.slice(at, at + DESCRIBED_AT_ONCE)))
      found.set(
        resourceName,
        Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue])),
      )
  }
  return found
}

/** One topic that is gone spoils the answer for all: then those are asked about that are there still. */
async function described(
  connection: KafkaConnection,
  topics: readonly string[],
): Promise<DescribeConfigResponse['resources']> {
  const resources = topics.map((name) => ({
    ...{ type: kafkajs.ConfigResourceTypes.TOPIC, name, configNames: [...KEEPING] },
  }))
  if (resources.length === 0) return []
  try {
    const question = async (admin: Admin) => await admin.describeConfigs({ includeSynonyms: false, resources })
    return (await connection.ask('reading how topics are kept', question)).resources
  } catch (error) {
    const there = new Set(await topicNames(connection))
    const left = topics.filter((topic) => there.has(topic))
    if (left.length === topics.length) throw error
    return await described(connection, left)
  }
}
