// A sink on a real broker: batches, a sink that is down, a record that cannot be written, restarts.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { permanent, transient } from '../../schemas/failure.ts'
import { silentLogger } from '../../schemas/logger.ts'
import type { Delivered, Sink } from '../../stream/delivered.ts'
import { groupPosition } from '../../stream/groups-admin.ts'
import { type RunningSink, type SinkOptions, startSink } from '../../stream/sink-consumer.ts'
import { type Bench, openBench, problemMessages, until } from '../support/stream.ts'

describe('sink consumer', () => {
  let bench: Bench
  const started: RunningSink[] = []
  before(async () => {
    bench = await openBench()
  })
  after(async () => {
    await Promise.all(
      started.map(async (sink) => {
        await sink.drain(0)
      }),
    )
    await bench.close()
  })

  async function setUp() {
    const runId = bench.name('run')
    const from = await bench.topic(3, 'from')
    const group = bench.name('group')
    await bench.createTopics({ 'dead-letters': 4 })
    const events: string[] = []
    const batches: (readonly Delivered[])[] = []
    const start = async (more: Partial<SinkOptions> & { write?: Sink['write']; open?: Sink['open'] } = {}) => {
      const running = await startSink({
        connection: bench.connection,
        sender: bench.sender,
        name: 'test-sink',
        group,
        topics: [from],
        sink: {
          open:
            more.open ??
            (() => {
              events.push('open')
              return Promise.resolve()
            }),
          async write(batch) {
            await more.write?.(batch)
            batches.push(batch)
          },
          close: () => {
            events.push('close')
            return Promise.resolve()
          },
        },
        runId,
        batch: { rows: 100, bytes: 10_000_000, seconds: 0.05 },
        log: silentLogger,
        backOff: { first: 10, longest: 20 },
        ...more,
      })
      started.push(running)
      return running
    }
    const feed = async (count: number, first = 0) => {
      await bench.sender.send(problemMessages(bench.codec, from, runId, count, first))
    }
    const lag = async () =>
      (await groupPosition(bench.connection, group, [from])).reduce((sum, each) => sum + each.lag, 0)
    const keys = () => batches.flat().map(({ key }) => key)
    return { runId, from, group, events, batches, start, feed, lag, keys }
  }

  it('writes batches of bounded rows, in offset order, commits, closes after the last write', async () => {
    const { start, feed, batches, lag, keys, events, from } = await setUp()
    await feed(950)
    await bench.sender.send([
      { topic: from, key: 'other', value: Buffer.from('x'), headers: { 'magpie.run': 'another' } },
    ])
    const sink = await start()
    await until(
      () => sink.state().written === 950,
      () => JSON.stringify(sink.state()),
    )
    await sink.drain(2000)
    await sink.stopped
    assert.equal(new Set(keys()).size, 950)
    assert.equal(keys().length, 950)
    assert.ok(batches.every(({ length }) => length <= 100))
    assert.ok(batches.length < 40, `${batches.length} batches`)
    const last = new Map<number, bigint>()
    for (const { partition, offset } of batches.flat()) {
      assert.ok(offset > (last.get(partition) ?? -1n))
      last.set(partition, offset)
    }
    assert.equal(await lag(), 0)
    assert.deepEqual(events, ['open', 'close'])
    assert.equal(sink.state().batches, batches.length)
  })

  it('writes what it holds when it is drained, however young', async () => {
    const { start, feed, keys, lag } = await setUp()
    await feed(30)
    const sink = await start({ batch: { rows: 1000, bytes: 1e9, seconds: 3600 } })
    await until(
      () => sink.state().queued === 30,
      () => JSON.stringify(sink.state()),
    )
    assert.equal(sink.state().written, 0)
    await sink.drain(5000)
    assert.equal(keys().length, 30)
    assert.equal(await lag(), 0)
  })

  it('writes and commits at once when nothing more will fill a batch, and goes on', async () => {
    const { start, feed, lag, keys } = await setUp()
    const sink = await start({ batch: { rows: 100, bytes: 10_000_000, seconds: 600 } })
    await feed(5)
    const says = () => JSON.stringify(sink.state())
    await until(() => sink.state().queued === 5, says)
    sink.hasten()
    await until(async () => (await lag()) === 0, says)
    await feed(3, 5)
    await until(async () => (await lag()) === 0 && keys().length === 8, says)
  })

  it('gives a sink that is down the same batch until it takes it', async () => {
    const { start, feed, keys, lag } = await setUp()
    await feed(20)
    const tried: string[] = []
    let opens = 0
    const sink = await start({
      batch: { rows: 20, bytes: 1e9, seconds: 3600 },
      open: () => (++opens < 3 ? Promise.reject(transient('clickhouse-down', 'no answer')) : Promise.resolve()),
      write(batch) {
        tried.push(batch.map(({ key }) => key).join())
        if (tried.length < 4) throw transient('clickhouse-down', 'no answer')
        return Promise.resolve()
      },
    })
    await until(
      () => sink.state().written === 20,
      () => JSON.stringify(sink.state()),
    )
    assert.equal(opens, 3)
    assert.equal(tried.length, 4)
    assert.equal(new Set(tried).size, 1)
    await sink.drain(1000)
    assert.equal(keys().length, 20)
    assert.equal(await lag(), 0)
  })

  it('commits nothing of a batch that was never taken', async () => {
    const { start, feed, keys, lag } = await setUp()
    await feed(20)
    const down = await start({ write: () => Promise.reject(transient('clickhouse-down', 'no answer')) })
    await until(
      () => down.state().waiting,
      () => JSON.stringify(down.state()),
    )
    assert.match(down.state().lastError!, /clickhouse-down/)
    await down.drain(100)
    assert.equal(await lag(), 20)
    const up = await start()
    await until(
      () => up.state().written === 20,
      () => JSON.stringify(up.state()),
    )
    await up.drain(1000)
    assert.equal(keys().length, 20)
  })

  it('finds the record that cannot be written and goes on with the others', async () => {
    const { start, feed, keys, lag, runId } = await setUp()
    await feed(64)
    const sink = await start({
      revision: 'main',
      write: (batch) =>
        batch.some(({ key }) => key === 'p13') ? Promise.reject(permanent('bad-row', 'column x')) : Promise.resolve(),
    })
    await until(
      () => sink.state().written === 63 && sink.state().dead === 1,
      () => JSON.stringify(sink.state()),
    )
    await sink.drain(1000)
    assert.equal(new Set(keys()).size, 63)
    assert.equal(await lag(), 0)
    const letters = (await bench.read('dead-letters')).filter(({ headers }) => headers['magpie.run'] === runId)
    assert.deepEqual(
      letters.map(({ key, headers }) => [key, headers['magpie.code'], headers['__connect.errors.stage']]),
      [['p13', 'bad-row', 'test-sink']],
    )
  })

  it('stops when nothing can be written', async () => {
    const { start, feed } = await setUp()
    await feed(100)
    const sink = await start({ write: () => Promise.reject(new Error('a bug')) })
    await assert.rejects(sink.stopped, { code: 'too-many-dead-letters' })
  })

  it('does not start when it can never be opened', async () => {
    const { start } = await setUp()
    await assert.rejects(start({ open: () => Promise.reject(permanent('clickhouse-refused', 'wrong password')) }), {
      code: 'clickhouse-refused',
    })
  })
})
