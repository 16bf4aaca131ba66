// What topics hold, asked of a real broker in a handful of questions.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { transient } from '../../schemas/failure.ts'
import type { KafkaConnection } from '../../stream/kafka.ts'
import { topicSettings, topicSizes } from '../../stream/topic-sizes.ts'
import { deleteTopics } from '../../stream/topics-admin.ts'
import { type Bench, openBench, problemMessages } from '../support/stream.ts'

describe('the sizes of topics', () => {
  let bench: Bench
  before(async () => {
    bench = await openBench()
  })
  after(async () => {
    await bench.close()
  })

  it('are records, bytes, times and the last minute, for full and empty topics alike', async () => {
    const [full, empty] = [await bench.topic(3, 'full'), await bench.topic(2, 'empty')]
    const now = Date.now()
    const old = now - 3_600_000
    const messages = problemMessages(bench.codec, full, 'run', 60)
    await bench.sender.send(
      messages.map((each, index) => ({ ...each, timestamp: index < 30 ? old + index : now - 1000 })),
    )
    const sizes = new Map((await topicSizes(bench.connection, now)).map((each) => [each.topic, each]))
    const { bytes, settings, ends, ...rest } = sizes.get(full)!
    assert.deepEqual(rest, { topic: full, partitions: 3, records: 60, firstAt: old, lastAt: now - 1000, rate: 0.5 })
    assert.deepEqual(
      ends.map(({ partition, low }) => [partition, low]),
      [
        [0, 0],
        [1, 0],
        [2, 0],
      ],
    )
    assert.ok(bytes !== null && bytes > 1000, String(bytes))
    assert.equal(settings['cleanup.policy'], 'delete')
    assert.equal(settings['retention.ms'], '-1')
    const none = sizes.get(empty)!
    assert.deepEqual([none.records, none.firstAt, none.lastAt, none.rate, none.bytes], [0, null, null, 0, 0])
    assert.ok([...sizes.keys()].every((name) => !name.startsWith('__')))
  })

  it('are told without a topic that is deleted meanwhile, and not where Kafka fails', async () => {
    const [stays, goes] = [await bench.topic(1, 'stays'), await bench.topic(1, 'goes')]
    const meanwhile = (act: () => Promise<void>): KafkaConnection => ({
      ...bench.connection,
      async ask(doing, question) {
        if (doing === 'reading how topics are kept') await act()
        return await bench.connection.ask(doing, question)
      },
    })
    const deleted = meanwhile(() => deleteTopics(bench.connection, [goes]))
    const names = (await topicSizes(deleted, Date.now())).map(({ topic }) => topic)
    assert.deepEqual([names.includes(stays), names.includes(goes)], [true, false])
    assert.deepEqual(await topicSettings(bench.connection, [goes]), new Map())
    const away = transient('kafka-unavailable', 'away')
    await assert.rejects(
      topicSizes(
        meanwhile(() => Promise.reject(away)),
        Date.now(),
      ),
      away,
    )
  })
})
