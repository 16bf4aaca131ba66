// What shared topics hold of one revision by key: each key begins with the run and the revision. Promise: a tombstone
// for each that has a value now, in its own partition, and for nothing else.

import { topicFor } from '../../schemas/topics.ts'
import type { TopicName } from '../../schemas/topics.ts'
import type { KafkaConnection } from '../../stream/kafka.ts'
import { stamp } from '../../stream/outgoing.ts'
import type { Outgoing } from '../../stream/outgoing.ts'
import { readTopic } from '../../stream/read-topic.ts'

/** Topics with such keys. The state of the run is none of them: it goes last. */
const KEYED: readonly TopicName[] = ['starts', 'spending', 'selections', 'calls']

/** Tombstones for these topics, as far as they are there. Throws Failure when Kafka does not answer. */
export async function tombstonesOf(
  connection: KafkaConnection,
  { runId, revision }: { readonly runId: string; readonly revision: string },
  existing: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Outgoing[]> {
  const tombstones: Outgoing[] = []
  for (const topic of KEYED.map((name) => topicFor(name, revision)).filter((name) => existing.has(name))) {
    const live = new Map<string, number>()
    for await (const { key, value, partition } of readTopic(connection, { topic, signal })) {
      if (!key.startsWith(`${runId}/${revision}/`)) continue
      if (value.length === 0) live.delete(key)
      else live.set(key, partition)
    }
    for (const [key, partition] of live)
      tombstones.push(stamp({ topic, key, partition, value: null }, { runId, revision }))
  }
  return tombstones
}
