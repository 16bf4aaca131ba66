// A topic that is looked through to its ends, also where these are marks of transactions, which no reader is shown.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { scanTopic } from '../../../analytics/audit/scan.ts'
import { topicEnds } from '../../../stream/positions.ts'
import { type Bench, openBench, until } from '../../support/stream.ts'

describe('a topic that is looked through', () => {
  let bench: Bench
  before(async () => {
    bench = await openBench()
  })
  after(async () => {
    await bench.close()
  })

  it('is looked at to its ends, whatever they are', async () => {
    const topic = await bench.topic(3)
    const runId = bench.name('run')
    const message = (key: string, partition: number) => ({
      ...{ key, partition, value: Buffer.from(key) },
      headers: { 'magpie.run': runId },
    })
    const transactionalId = bench.name('writer')
    const producer = bench.connection.client.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    const inTransaction = async (key: string, partition: number) => {
      const transaction = await producer.transaction()
      await transaction.send({ topic, messages: [message(key, partition)] })
      await transaction.commit()
    }
    const highs = async () => (await topicEnds(bench.connection, topic)).map(({ high }) => high).join()
    // A mark in the middle, at the end, and nothing at all. The mark comes a moment after the transaction.
    await inTransaction('a', 0)
    await until(async () => (await highs()) === '2,0,0')
    await bench.sender.send([{ topic, ...message('b', 0) }])
    await inTransaction('c', 1)
    await until(async () => (await highs()) === '3,2,0')
    await producer.disconnect()
    const ends = await topicEnds(bench.connection, topic)
    const seen: string[] = []
    const { signal } = new AbortController()
    await scanTopic({ connection: bench.connection, topic, ends, runId, signal }, ({ key, partition, offset }) =>
      seen.push(`${String(key)} ${partition}/${offset}`),
    )
    assert.deepEqual(seen.sort(), ['a 0/0', 'b 0/2', 'c 1/0'])
  })
})
