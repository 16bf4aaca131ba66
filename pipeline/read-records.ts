// Reads what the log holds of one run. Messages of other runs are passed over undecoded.

import type { Codec } from '../schemas/codec.ts'
import { Failure } from '../schemas/failure.ts'
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
  for await (const message of messagesOf(run, topic, signal)) {
    const record = readable(run, name, message)
    if (record !== null) yield record
  }
}

/**
 * The record of a message; null for bytes that are none: a scan passes over them (they are logged), the stage that
 * meets them makes the dead letter.
 */
export function readable<Name extends RecordName>(
  { codec, connection }: Pick<ReadRun, 'codec' | 'connection'>,
  name: Name,
  { value, topic, partition, offset }: Delivered,
): Records[Name] | null {
  try {
    return codec.decode(name, value)
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'undecodable') throw error
    connection.log.warn(
      { topic, partition, offset: String(offset), error: error.message },
      'passed over an unreadable message',
    )
    return null
  }
}

/** Keys (problem ids) of the run in a topic. A repeat after a crash is no new row. */
export async function keysOf(run: ReadRun, topic: TopicName, signal: AbortSignal): Promise<Set<string>> {
  const keys = new Set<string>()
  for await (const { key } of messagesOf(run, topic, signal)) keys.add(key)
  return keys
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
