// Reads what the log holds of one run. Messages of other runs are passed over undecoded.

import type { Codec } from '../schemas/codec.ts'
import type { RecordName, Records } from '../schemas/records.ts'
import { topicFor } from '../schemas/topics.ts'
import type { TopicName } from '../schemas/topics.ts'
import type { Delivered } from '../stream/delivered.ts'
import type { KafkaConnection } from '../stream/kafka.ts'
import { RUN_HEADER } from '../stream/outgoing.ts'
import { readTopic } from '../stream/read-topic.ts'

export interface ReadRun {
  readonly connection: KafkaConnection
  readonly codec: Codec
  readonly runId: string
  readonly revision: string
}

/** All records of the run in a topic, to the end that it has now. */
export async function* readRecords<Name extends RecordName>(
  run: ReadRun,
  topic: TopicName,
  name: Name,
  signal: AbortSignal,
): AsyncIterable<Records[Name]> {
  for await (const message of messagesOf(run, topic, signal)) yield run.codec.decode(name, message.value)
}

/** Keys (problem ids) of the run in a topic, each counted once: a repeat after a crash is no new row. */
export async function countMessages(run: ReadRun, topic: TopicName, signal: AbortSignal): Promise<number> {
  const keys = new Set<string>()
  for await (const { key } of messagesOf(run, topic, signal)) keys.add(key)
  return keys.size
}

async function* messagesOf(
  { connection, runId, revision }: ReadRun,
  topic: TopicName,
  signal: AbortSignal,
): AsyncIterable<Delivered> {
  for await (const message of readTopic(connection, { topic: topicFor(topic, revision), signal })) {
    if ((message.headers[RUN_HEADER] ?? runId) === runId) yield message
  }
}
