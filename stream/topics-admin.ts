// Makes the topics of schemas/topics.ts on the broker, lists them and takes them away.

import { setTimeout as wait } from 'node:timers/promises'
import type { Admin, ITopicConfig } from 'kafkajs'
import { transient } from '../schemas/failure.ts'
import { TOPIC_NAMES, topicFor, TOPICS, type TopicName } from '../schemas/topics.ts'
import type { KafkaConfig } from './config.ts'
import { settingsOf } from './keeping.ts'
import type { KafkaConnection } from './kafka.ts'
import { kafkaErrorType } from './kafka-failure.ts'

/** A topic on the broker beside what was asked for. */
export interface TopicReport {
  /** Name on the broker. */
  readonly topic: string
  readonly created: boolean
  readonly partitions: number
  /** Wanted; where it differs from `partitions` the existing number stays and is used. */
  readonly wanted: number
}

export interface EnsureTopicsOptions {
  readonly revision: string
  /** Default: all. */
  readonly names?: readonly TopicName[]
  /** From the config's kafka section. */
  readonly topics?: KafkaConfig['topics']
  readonly replicationFactor?: number
}

/**
 * Creates the topics that are missing; existing ones are left as they are and reported, but that the journal gets
 * partitions until it has as many as any of the others, since an entry lies in the partition of its record. Throws Failure.
 */
export async function ensureTopics(connection: KafkaConnection, options: EnsureTopicsOptions): Promise<TopicReport[]> {
  const wanted = (options.names ?? TOPIC_NAMES).map((name) => topicConfig(name, options))
  const names = wanted.map(({ topic }) => topic)
  const { existing, partitions } = await connection.ask('creating topics', async (admin) => {
    const before = new Set(await admin.listTopics())
    const missing = wanted.filter(({ topic }) => !before.has(topic))
    // Another process may make them at the same time: then this says false, and they exist all the same.
    // kafkajs does not wait for a broker that has not heard of them yet; partitionsOf does.
    if (missing.length > 0) await admin.createTopics({ topics: missing, waitForLeaders: false, timeout: 30_000 })
    return { existing: before, partitions: await partitionsOf(admin, names) }
  })
  const journal = topicFor('calls', options.revision)
  const most = Math.max(...partitions.values())
  if ((partitions.get(journal) ?? most) < most) {
    await connection.ask('widening the journal', async (admin) => {
      await widen(admin, journal, most)
    })
    partitions.set(journal, most)
    // kafkajs knows a topic by its old number of partitions for minutes: a new client asks anew.
    await connection.close()
  }
  return wanted.map(({ topic, numPartitions }) => ({
    topic,
    created: !existing.has(topic),
    partitions: partitions.get(topic) ?? 0,
    wanted: numPartitions ?? 0,
  }))
}

/** Looks at a topic that was widened, ten seconds in all. */
const WIDENING_LOOKS = 100

async function widen(admin: Admin, topic: string, count: number): Promise<void> {
  const hasRoom = async (): Promise<boolean> => ((await partitionsOf(admin, [topic])).get(topic) ?? 0) >= count
  try {
    await admin.createPartitions({ topicPartitions: [{ topic, count }], timeout: 30_000 })
  } catch (error) {
    // Refused where another process did it at the same time.
    if (!(await hasRoom())) throw error
  }
  for (let looks = 1; !(await hasRoom()); looks += 1) {
    if (looks === WIDENING_LOOKS)
      throw transient(
        'kafka-unavailable',
        `topic ${topic} was given ${count} partitions, and the broker does not show them`,
      )
    await wait(LOOK_MS)
  }
}

/** How many partitions each topic of the broker has now, by name; asked anew each time. Throws Failure. */
export async function partitionCounts(connection: KafkaConnection): Promise<Map<string, number>> {
  // An empty list asks for all of them: a topic asked for by name that does not exist is an error.
  return await connection.ask('counting partitions', async (admin) => await partitionsOf(admin, []))
}

/** A broker learns of a topic, or of its new partitions, a moment after its controller; a busy one, seconds. */
const LOOK_MS = 100
const LOOKS = 200
const UNHEARD: ReadonlySet<string | null> = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE'])

async function partitionsOf(admin: Admin, topics: string[]): Promise<Map<string, number>> {
  for (let looks = 1; ; looks += 1) {
    try {
      const found = await admin.fetchTopicMetadata({ topics })
      return new Map(found.topics.map((each) => [each.name, each.partitions.length]))
    } catch (error) {
      if (!UNHEARD.has(kafkaErrorType(error)) || looks === LOOKS) throw error
      await wait(LOOK_MS)
    }
  }
}

function topicConfig(name: TopicName, options: EnsureTopicsOptions): ITopicConfig {
  const definition = TOPICS[name]
  const own = options.topics?.[name]
  return {
    topic: topicFor(name, options.revision),
    // Screening is one decision in log order, so `problems` stays at one partition whatever the config says.
    numPartitions: definition.partitions === 1 ? 1 : (own?.partitions ?? definition.partitions),
    replicationFactor: options.replicationFactor ?? -1,
    configEntries: Object.entries(settingsOf(name, own)).map(([entry, value]) => ({ name: entry, value })),
  }
}

/** Names of all topics on the broker, its own (with __) left out. Throws Failure. */
export async function topicNames(connection: KafkaConnection): Promise<string[]> {
  const names = await connection.ask('listing topics', async (admin) => await admin.listTopics())
  return names.filter((name) => !name.startsWith('__')).sort()
}

/** What `read` finds in a topic that others may delete meanwhile; null: it is gone by now. Throws what `read` throws. */
export async function unlessDeleted<Found>(
  connection: KafkaConnection,
  topic: string,
  read: () => Promise<Found>,
): Promise<Found | null> {
  try {
    return await read()
  } catch (error) {
    if ((await topicNames(connection)).includes(topic)) throw error
    return null
  }
}

/** Deletes topics; those that do not exist are passed over. Throws Failure. */
export async function deleteTopics(connection: KafkaConnection, topics: readonly string[]): Promise<void> {
  await connection.ask('deleting topics', async (admin) => {
    const existing = new Set(await admin.listTopics())
    const present = topics.filter((topic) => existing.has(topic))
    if (present.length > 0) await admin.deleteTopics({ topics: present, timeout: 30_000 })
  })
}
