// Reading a topic to its end, from a broker that plays back answers: an answer without records is not an end.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { silentLogger } from '../../schemas/logger.ts'
import type { KafkaConnection } from '../../stream/kafka.ts'
import { readTopic } from '../../stream/read-topic.ts'

const HIGH = 3
const message = (offset: number) => ({
  offset: String(offset),
  timestamp: '0',
  key: Buffer.from(`k${offset}`),
  value: null,
})

/** A broker with one partition of three records that answers fetches with these offsets, then with nothing. */
function broker(answers: number[][]) {
  let fetches = 0
  const cluster = {
    addTargetTopic: () => Promise.resolve(),
    refreshMetadataIfNecessary: () => Promise.resolve(),
    findLeaderForPartitions: () => ({ 1: [0] }),
    findBroker: () =>
      Promise.resolve({
        fetch: () => {
          const messages = (answers[fetches++] ?? []).map(message)
          return Promise.resolve({ responses: [{ topicName: 'topic', partitions: [{ partition: 0, messages }] }] })
        },
      }),
  }
  const admin = { fetchTopicOffsets: () => Promise.resolve([{ partition: 0, low: '0', high: String(HIGH) }]) }
  const connection = {
    ...{ brokers: [], log: silentLogger, close: () => Promise.resolve() },
    ask: (_doing: string, question: (asked: typeof admin) => unknown) => Promise.resolve(question(admin)),
    cluster: () => Promise.resolve(cluster),
  } as unknown as KafkaConnection
  return { connection, fetches: () => fetches }
}

async function keysOf(connection: KafkaConnection): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of readTopic(connection, { topic: 'topic', signal: AbortSignal.timeout(30_000) }))
    keys.push(key)
  return keys
}

describe('reading a topic', () => {
  it('goes on behind answers without records', async () => {
    const { connection } = broker([[], [0], [], [], [1, 2]])
    assert.deepEqual(await keysOf(connection), ['k0', 'k1', 'k2'])
  })

  it('ends where nothing more comes, as behind the last record of a compacted topic', async () => {
    const { connection, fetches } = broker([[0]])
    assert.deepEqual(await keysOf(connection), ['k0'])
    assert.ok(fetches() > 2)
  })
})
