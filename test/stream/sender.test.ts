// The sender on a real broker: acknowledged means written, sizes, refusals, closing.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { silentLogger } from '../../schemas/logger.ts'
import { MAX_RECORD_BYTES } from '../../schemas/topics.ts'
import { createSender } from '../../stream/sender.ts'
import { type Bench, openBench } from '../support/stream.ts'

const codeOf = (result: PromiseSettledResult<unknown> | undefined) =>
  result?.status === 'rejected' ? (result.reason as { code?: string }).code : null

describe('sender', () => {
  let bench: Bench
  before(async () => {
    bench = await openBench()
  })
  after(async () => {
    await bench.close()
  })

  it('writes what it acknowledges, in order for each key, with headers, compressed', async () => {
    const topic = await bench.topic(3)
    const before = bench.sender.state().sent
    const sends = Array.from({ length: 500 }, async (_, index) => {
      await bench.sender.send([
        {
          topic,
          key: `k${index % 7}`,
          value: Buffer.from(String(index)),
          headers: { text: 'ä', bytes: Buffer.from('b') },
        },
      ])
    })
    await Promise.all(sends)
    assert.equal(bench.sender.state().sent - before, 500)
    const records = await bench.read(topic)
    assert.equal(records.length, 500)
    for (let key = 0; key < 7; key += 1) {
      const values = records.filter((each) => each.key === `k${key}`).map(({ value }) => Number(value.toString()))
      assert.deepEqual(
        values,
        Array.from({ length: 500 }, (_, index) => index).filter((index) => index % 7 === key),
      )
    }
    assert.deepEqual(records[0]!.headers, { text: 'ä', bytes: 'b' })
    assert.ok(Math.abs(records[0]!.timestamp - Date.now()) < 600_000)
  })

  it('puts a message into the partition that it names', async () => {
    const topic = await bench.topic(3)
    for (const partition of [0, 1, 2, 1])
      await bench.sender.send([{ topic, key: 'one key', partition, value: Buffer.from('text') }])
    const partitions = (await bench.read(topic)).map(({ partition }) => partition)
    assert.deepEqual(partitions.sort(), [0, 1, 1, 2])
    assert.equal(bench.sender.acknowledged(topic, 1), 1)
  })

  it('passes 15 MB and the largest record, refuses 17 MB, and goes on', async () => {
    const topic = await bench.topic(1)
    // Random bytes: compression cannot make them smaller.
    const large = randomBytes(15 * 1024 * 1024)
    const largest = randomBytes(MAX_RECORD_BYTES)
    const tooLarge = randomBytes(17 * 1024 * 1024)
    const sends = await Promise.allSettled([
      bench.sender.send([{ topic, key: 'large', value: large }]),
      bench.sender.send([{ topic, key: 'too large', value: tooLarge }]),
      bench.sender.send([{ topic, key: 'largest', value: largest }]),
      bench.sender.send([{ topic, key: 'small', value: Buffer.from('small') }]),
    ])
    assert.deepEqual(
      sends.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
    )
    assert.equal(codeOf(sends[1]), 'record-too-large')
    const records = await bench.read(topic)
    assert.deepEqual(
      records.map(({ key }) => key),
      ['large', 'largest', 'small'],
    )
    assert.ok(records[0]!.value.equals(large))
    assert.ok(records[1]!.value.equals(largest))
  })

  it('finds the one message that the broker refuses and lets its neighbours through', async () => {
    const narrow = bench.name('narrow')
    await bench.connection.ask(
      'creating',
      async (admin) =>
        await admin.createTopics({
          waitForLeaders: true,
          topics: [{ topic: narrow, numPartitions: 1, configEntries: [{ name: 'max.message.bytes', value: '20000' }] }],
        }),
    )
    const message = (key: string, bytes: number) => ({ topic: narrow, key, value: randomBytes(bytes) })
    const sends = await Promise.allSettled([
      bench.sender.send([message('a', 9000)]),
      bench.sender.send([message('b', 50_000)]),
      bench.sender.send([message('c', 9000), message('d', 9000)]),
    ])
    assert.deepEqual(
      sends.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
    assert.equal(codeOf(sends[1]), 'record-too-large')
    assert.deepEqual((await bench.read(narrow)).map(({ key }) => key).sort(), ['a', 'c', 'd'])
    assert.equal(bench.sender.state().downSince, null)
  })

  it('sends what waits before it closes, and nothing after', async () => {
    const topic = await bench.topic(1)
    const sender = await createSender(bench.connection, silentLogger)
    const sent = sender.send([{ topic, key: 'last', value: Buffer.from('x') }])
    await sender.close()
    await sent
    await assert.rejects(sender.send([{ topic, key: 'late', value: Buffer.from('x') }]), {
      code: 'sender-closed',
      retry: 'transient',
    })
    assert.equal((await bench.read(topic)).length, 1)
  })

  it('asks before a request whether its messages may still go, and lets the others through', async () => {
    const topic = await bench.topic(2)
    const message = (key: string) => ({ topic, key, value: Buffer.from(key) })
    const sends = await Promise.allSettled([
      bench.sender.send([message('a'), message('b')], () => true),
      bench.sender.send([message('c'), message('d')], () => false),
      bench.sender.send([message('e')]),
    ])
    assert.deepEqual(sends.map(codeOf), [null, 'send-withheld', null])
    const records = await bench.read(topic)
    assert.deepEqual(records.map(({ key }) => key).sort(), ['a', 'b', 'e'])
    for (const { partition, offset } of records)
      assert.ok(Number(offset) >= bench.sender.acknowledged(topic, partition)!, 'the newest request begins there')
  })

  it('asks once more when the request is written; whoever asked nothing is sent all the same', async () => {
    const topic = await bench.topic(2)
    const message = (key: string) => ({ topic, key, value: Buffer.from(key) })
    const answers = [true, false]
    const sends = await Promise.allSettled([
      bench.sender.send([message('a')], () => answers.shift() ?? false),
      bench.sender.send([message('b')]),
    ])
    assert.deepEqual([sends.map(codeOf), answers], [['send-withheld', null], []])
    assert.deepEqual(
      (await bench.read(topic)).map(({ key }) => key),
      ['b'],
    )
  })

  it('does not send again by itself what came with a question, once an answer was lost', async () => {
    const sender = await createSender(bench.connection, silentLogger)
    const missing = bench.name('missing')
    await assert.rejects(
      sender.send([{ topic: missing, key: 'k', value: Buffer.from('x') }], () => true),
      { code: 'send-unclear', retry: 'transient' },
    )
    assert.equal(sender.acknowledged(missing, 0), null)
    await sender.close(0)
  })

  it('gives up what waits for a missing topic when it is closed', async () => {
    const sender = await createSender(bench.connection, silentLogger)
    const sent = sender.send([{ topic: bench.name('missing'), key: 'k', value: Buffer.from('x') }])
    const rejected = assert.rejects(sent, { code: 'sender-closed' })
    await sender.close(0)
    await rejected
  })
})
