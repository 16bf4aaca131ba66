// Existing topics beside what the config wants of them, and bringing them there. Promise: settings that the config does
// not speak of stay as they are.

import kafkajs from 'kafkajs'
import { topicNamed } from '../schemas/topics.ts'
import type { TopicName } from '../schemas/topics.ts'
import type { KafkaConfig } from './config.ts'
import type { KafkaConnection } from './kafka.ts'
import { comparedSettings } from './keeping.ts'
import { topicNames } from './topics-admin.ts'
import { topicSettings } from './topic-sizes.ts'

/** One setting of one topic that is not what is wanted. */
export interface TopicChange {
  /** On the broker. */
  readonly topic: string
  readonly name: TopicName
  /** As the broker calls it. */
  readonly setting: string
  readonly has: string
  readonly wants: string
}

/** Of all our topics on the broker, or of these (names on the broker). Throws Failure. */
export async function topicChanges(
  connection: KafkaConnection,
  wanted: KafkaConfig['topics'],
  only?: ReadonlySet<string>,
): Promise<TopicChange[]> {
  const ours = (await topicNames(connection)).flatMap((topic) => {
    const name = topicNamed(topic)?.name
    return name === undefined || only?.has(topic) === false ? [] : [{ topic, name }]
  })
  const has = await topicSettings(
    connection,
    ours.map(({ topic }) => topic),
  )
  return ours.flatMap(({ topic, name }) => {
    const own = has.get(topic)
    if (own === undefined) return []
    return Object.entries(comparedSettings(name, wanted[name])).flatMap(([setting, wants]) => {
      const now = own[setting] ?? ''
      return sorted(now) === sorted(wants) ? [] : [{ topic, name, setting, has: now, wants }]
    })
  })
}

/** A list has no order. */
const sorted = (text: string): string => text.split(',').sort().join()

/** Brings the topics there. Throws Failure; some of them may be done then. */
export async function applyChanges(connection: KafkaConnection, changes: readonly TopicChange[]): Promise<void> {
  for (const [topic, own] of Map.groupBy(changes, (change) => change.topic)) {
    const type = kafkajs.ConfigResourceTypes.TOPIC
    await connection.ask(`changing topic ${topic}`, async (admin) => {
      // The request replaces all that was set for the topic, so that is read first and sent along.
      const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type, name: topic }] })
      const set = (resources[0]?.configEntries ?? []).filter(
        ({ configSource }) => configSource === kafkajs.ConfigSource.TOPIC_CONFIG,
      )
      const entries = new Map(set.map(({ configName, configValue }) => [configName, configValue]))
      for (const { setting, wants } of own) entries.set(setting, wants)
      const configEntries = [...entries].map(([name, value]) => ({ name, value }))
      await admin.alterConfigs({ validateOnly: false, resources: [{ type, name: topic, configEntries }] })
    })
  }
}
