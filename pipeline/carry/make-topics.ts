// The topics that a dump is loaded into: as they were, and kept for as long as its records need.

import { UsageFault } from '../../schemas/failure.ts'
import { topicFor } from '../../schemas/topics.ts'
import type { KafkaConnection } from '../../stream/kafka.ts'
import { topicSettings } from '../../stream/topic-sizes.ts'
import { ensureTopics, partitionCounts } from '../../stream/topics-admin.ts'
import type { Manifest } from './manifest.ts'

/** Makes the topics of a dump where they are missing. Throws UsageFault where one is there with other partitions. */
export async function makeTopics(
  connection: KafkaConnection,
  manifest: Manifest,
  replicationFactor = -1,
): Promise<void> {
  const faults: string[] = []
  const counts = await partitionCounts(connection)
  for (const { topic, partitions, name } of manifest.topics) {
    const there = counts.get(topic)
    const fits = there === undefined || (name === 'calls' ? there >= partitions : there === partitions)
    if (!fits)
      faults.push(
        `topic ${topic} has ${there} partitions here and ${partitions} in the dump: a record keeps its partition, so load it into a cluster without this topic`,
      )
  }
  if (faults.length > 0) throw new UsageFault(faults)
  for (const revision of manifest.revisions) {
    const made = manifest.topics.filter(({ topic, name }) => topic === topicFor(name, revision))
    const topics = Object.fromEntries(made.map(({ name, partitions }) => [name, { partitions }]))
    const names = made.map(({ name }) => name)
    await ensureTopics(connection, { revision, names, topics, replicationFactor })
  }
}

/** Records that are older than a topic keeps them would be gone at once: throws UsageFault. `now`: milliseconds since 1970 UTC. */
export async function assertKept(connection: KafkaConnection, manifest: Manifest, now: number): Promise<void> {
  const settings = await topicSettings(
    connection,
    manifest.topics.map(({ topic }) => topic),
  )
  const oldest = new Map<string, number>()
  for (const file of manifest.files) oldest.set(file.topic, Math.min(oldest.get(file.topic) ?? Infinity, file.oldest))
  const faults = manifest.topics.flatMap(({ topic, name }) => {
    const kept = Number(settings.get(topic)?.['retention.ms'] ?? -1)
    // Kept calls are worth what they cost, and no run is lost with them.
    if (name === 'calls' || kept < 0 || (oldest.get(topic) ?? Infinity) >= now - kept) return []
    return [
      `topic ${topic} keeps records for ${kept} ms here, and the dump has older ones, which would be gone at once: give it a longer kafka.topics.${name}.retentionMs with ./magpie topics apply -c FILE`,
    ]
  })
  if (faults.length > 0) throw new UsageFault(faults)
}
