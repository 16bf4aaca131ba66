// A stage on a real broker: every end of a record, restarts, rebalances, a slow record, the drain.

import assert from 'node:assert/strict'
import { after, before, describe, it, mock } from 'node:test'
import { permanent, transient } from '../../schemas/failure.ts'
import { silentLogger } from '../../schemas/logger.ts'
import type { Problem } from '../../schemas/records.ts'
import { DEAD_LETTER_HEADERS } from '../../stream/dead-letters.ts'
import type { Delivered } from '../../stream/delivered.ts'
import { groupPosition } from '../../stream/groups-admin.ts'
import type { Process } from '../../stream/outcome.ts'
import { type RunningStage, type StageOptions, startStage } from '../../stream/stage.ts'
import { type Bench, createGate, openBench, problemMessages, until } from '../support/stream.ts'

const FAST = { first: 10, longest: 20 }

/** What a look-ahead of these tests finds out. */
type Seen = string

describe('stage', () => {
  let bench: Bench
  const started: RunningStage[] = []
  before(async () => {
    bench = await openBench()
  })
  after(async () => {
    await Promise.all(
      started.map(async (stage) => {
        await stage.drain(0)
      }),
    )
    await bench.close()
  })

  /** A stage with topics, run and group of its own; emitted problems go to `to`. */
  async function setUp(partitions: number) {
    const runId = bench.name('run')
    const revision = bench.name('r')
    const from = await bench.topic(partitions, 'from')
    const to = await bench.topic(partitions, 'to')
    await bench.createTopics({ [`rejections.${revision}`]: 1, 'dead-letters': 4 })
    const group = bench.name('group')
    const start = (
      process: Process<Problem, Problem, Seen>,
      more: Partial<StageOptions<'Problem', Problem, Seen>> = {},
    ): RunningStage => {
      const stage = startStage<'Problem', Problem, Seen>({
        connection: bench.connection,
        sender: bench.sender,
        codec: bench.codec,
        name: 'test',
        group,
        from,
        reads: 'Problem',
        runId,
        revision,
        inFlight: () => 64,
        process,
        route: (problem) => [{ topic: to, key: problem.id, value: bench.codec.encode('Problem', problem) }],
        log: silentLogger,
        backOff: FAST,
        ...more,
      })
      started.push(stage)
      return stage
    }
    const feed = async (count: number, first = 0) => {
      await bench.sender.send(problemMessages(bench.codec, from, runId, count, first))
    }
    const ids = async () => (await bench.read(to)).map(({ key }) => key).sort()
    const lag = async () =>
      (await groupPosition(bench.connection, group, [from])).reduce((sum, each) => sum + each.lag, 0)
    const deadLetters = async (): Promise<Delivered[]> =>
      (await bench.read('dead-letters')).filter(({ headers }) => headers['magpie.run'] === runId)
    return { runId, revision, from, to, group, start, feed, ids, lag, deadLetters }
  }

  const idsUpTo = (count: number) => Array.from({ length: count }, (_, index) => `p${index}`).sort()
  const ended = (stage: RunningStage) => {
    const { emitted, rejected, dead } = stage.state()
    return emitted + rejected + dead
  }

  it('emits, rejects, buries, repeats a bug once and waits for a server', async () => {
    const curation = { sftRefusal: 'length', pairRefusal: null, sftDropped: { length: 2 }, pairDropped: {} }
    const { runId, revision, from, start, feed, ids, lag, deadLetters } = await setUp(3)
    await feed(60)
    const calls = new Map<string, number>()
    const stage = start((problem) => {
      const call = (calls.get(problem.id) ?? 0) + 1
      calls.set(problem.id, call)
      switch (problem.slot) {
        case 7:
          return Promise.resolve({ reject: { reason: 'too-short', detail: 'seven', collidedWith: 'p1', curation } })
        case 8:
          throw permanent('context-too-long', 'the prompt is\nlonger than \u0007 the model')
        case 9:
          throw new TypeError('always wrong')
        case 10:
          if (call === 1) throw new RangeError('wrong once')
          break
        case 11:
          if (call < 4) throw transient('server-down', 'nobody answers')
          break
      }
      return Promise.resolve({ emit: problem })
    })
    await until(
      () => ended(stage) === 60,
      () => JSON.stringify(stage.state()),
    )
    await stage.drain(1000)
    await stage.stopped

    const expected = idsUpTo(60).filter((id) => !['p7', 'p8', 'p9'].includes(id))
    assert.deepEqual(await ids(), expected)
    assert.equal(await lag(), 0)
    assert.deepEqual([calls.get('p8'), calls.get('p9'), calls.get('p10'), calls.get('p11')], [1, 2, 2, 4])

    const [rejected, ...moreRejected] = await bench.read(`rejections.${revision}`)
    assert.equal(moreRejected.length, 0)
    const rejection = bench.codec.decode('Rejection', rejected!.value)
    assert.equal(rejection.id, 'p7/rejection')
    assert.deepEqual(
      [rejection.stage, rejection.reason, rejection.detail, rejection.collidedWith, rejection.topic],
      ['test', 'too-short', 'seven', 'p1', from],
    )
    assert.deepEqual({ ...rejection.curation }, curation)
    assert.equal(bench.codec.decode('Problem', rejection.record).id, 'p7')
    assert.equal(rejected!.headers['magpie.run'], runId)
    assert.equal(rejected!.headers['magpie.revision'], revision)

    const letters = new Map((await deadLetters()).map((letter) => [letter.key, letter]))
    assert.deepEqual([...letters.keys()].sort(), ['p8', 'p9'])
    const original = (await bench.read(from)).find(({ key }) => key === 'p8')!
    const p8 = letters.get('p8')!
    assert.ok(p8.value.equals(original.value))
    assert.equal(p8.timestamp, original.timestamp)
    assert.equal(p8.headers['magpie.code'], 'context-too-long')
    assert.equal(p8.headers[DEAD_LETTER_HEADERS.attempts], '1')
    assert.equal(p8.headers[DEAD_LETTER_HEADERS.topic], from)
    assert.equal(p8.headers[DEAD_LETTER_HEADERS.partition], String(original.partition))
    assert.equal(p8.headers[DEAD_LETTER_HEADERS.offset], String(original.offset))
    assert.equal(p8.headers[DEAD_LETTER_HEADERS.stage], 'test')
    assert.equal(p8.headers[DEAD_LETTER_HEADERS.message], 'the prompt is\\nlonger than \\u0007 the model')
    const p9 = letters.get('p9')!
    assert.equal(p9.headers['magpie.code'], 'unexpected')
    assert.equal(p9.headers['magpie.attempts'], '2')
    assert.equal(p9.headers[DEAD_LETTER_HEADERS.className], 'TypeError')
    assert.match(p9.headers['magpie.stack']!, /TypeError: always wrong\\n.*stage\.test\.ts/)
  })

  it('passes over other runs without reading them, and buries bytes that are no record', async () => {
    const { runId, from, start, feed, ids, lag, deadLetters } = await setUp(1)
    await bench.sender.send([
      { topic: from, key: 'other', value: Buffer.from('not Avro'), headers: { 'magpie.run': 'another run' } },
      { topic: from, key: 'poison', value: Buffer.from('not Avro'), headers: { 'magpie.run': runId, mine: 'kept' } },
      { topic: from, key: 'bare', value: Buffer.from([0, 0, 0]) },
      { topic: from, key: null, value: null, headers: { 'magpie.run': runId } },
    ])
    await bench.sender.send(
      problemMessages(bench.codec, from, 'another run', 3, 100).map(({ topic, key, value }) => ({ topic, key, value })),
    )
    await feed(5)
    const seen: string[] = []
    const stage = start((problem) => {
      seen.push(problem.id)
      return Promise.resolve({ emit: problem })
    })
    await until(
      () => ended(stage) === 8,
      () => JSON.stringify(stage.state()),
    )
    await stage.drain(1000)
    assert.deepEqual(seen.sort(), idsUpTo(5))
    assert.deepEqual(await ids(), idsUpTo(5))
    assert.equal(await lag(), 0)
    const letters = await deadLetters()
    assert.deepEqual(letters.map(({ key }) => key).sort(), ['', 'bare', 'poison'])
    const poison = letters.find(({ key }) => key === 'poison')!
    assert.equal(poison.value.toString(), 'not Avro')
    assert.equal(poison.headers.mine, 'kept')
    assert.equal(poison.headers['magpie.code'], 'undecodable')
  })

  it('takes a message that is on the topic twice once, and again after a redrive', async () => {
    const { runId, from, start, feed, ids, lag } = await setUp(1)
    await feed(3)
    await feed(3)
    const redriven = problemMessages(bench.codec, from, runId, 1).map((message) => ({
      ...message,
      headers: { ...message.headers, 'magpie.attempt': '2' },
    }))
    await bench.sender.send(redriven)
    const stage = start((problem) => Promise.resolve({ emit: problem }))
    await until(async () => (await lag()) === 0)
    await stage.drain(1000)
    assert.deepEqual(await ids(), ['p0', 'p0', 'p1', 'p2'])
    assert.equal(stage.state().received, 4)
  })

  it('lets others pass a slow record, and after a restart repeats only what was not finished', async () => {
    const { start, feed, ids, lag, group, from } = await setUp(1)
    await feed(2000)
    const gate = createGate()
    const first = start(async (problem, { signal }) => {
      if (problem.slot === 3) await gate.wait(signal)
      return { emit: problem }
    })
    await until(
      () => first.state().emitted === 1999,
      () => JSON.stringify(first.state()),
    )
    assert.equal(first.state().running, 1)
    await first.drain(0)
    await first.stopped
    assert.equal(await lag(), 1)
    const [position] = await groupPosition(bench.connection, group, [from])
    assert.deepEqual([position!.committed, position!.doneAbove], [3, 1996])

    await feed(10, 2000)
    const again: string[] = []
    const second = start((problem) => {
      again.push(problem.id)
      return Promise.resolve({ emit: problem })
    })
    await until(
      () => ended(second) === 11,
      () => JSON.stringify(second.state()),
    )
    await second.drain(1000)
    assert.deepEqual(again.sort(), ['p3', ...Array.from({ length: 10 }, (_, index) => `p${2000 + index}`)].sort())
    assert.equal(await lag(), 0)
    const all = await ids()
    assert.equal(all.length, 2010)
    assert.equal(new Set(all).size, 2010)
  })

  it('lets running records end before the deadline of the drain, aborts them after it', async () => {
    const { start, feed, ids, lag } = await setUp(1)
    await feed(2)
    const gate = createGate()
    const reasons: unknown[] = []
    const stage = start(async (problem, { signal }) => {
      if (problem.slot === 0) await gate.wait(signal)
      else
        await createGate()
          .wait(signal)
          .catch((error: unknown) => {
            reasons.push(error)
            throw error
          })
      return { emit: problem }
    })
    await until(() => stage.state().running === 2)
    const drained = stage.drain(5000)
    gate.open()
    await drained
    assert.deepEqual(await ids(), ['p0'])
    assert.equal(reasons.length, 1)
    assert.equal(await lag(), 1)
    assert.deepEqual([stage.state().emitted, stage.state().dead], [1, 0])
  })

  it('stops when its records mostly become dead letters', async () => {
    const { start, feed, lag } = await setUp(1)
    await feed(100)
    const stage = start(() => {
      throw permanent('broken', 'nothing works')
    })
    await assert.rejects(stage.stopped, { code: 'too-many-dead-letters' })
    const { dead } = stage.state()
    assert.ok(dead > 10 && dead < 100, `${dead} dead letters`)
    assert.equal(await lag(), 100 - dead)
  })

  it('takes records one at a time and in order where it is told to, after it has prepared', async () => {
    const { start, feed } = await setUp(1)
    await feed(50)
    const order: number[] = []
    let atOnce = 0
    let isPrepared = false
    const stage = start(
      async (problem) => {
        assert.ok(isPrepared)
        atOnce += 1
        assert.equal(atOnce, 1)
        await Promise.resolve()
        order.push(problem.slot)
        atOnce -= 1
        return { emit: problem }
      },
      {
        ordered: true,
        prepare: async () => {
          await Promise.resolve()
          isPrepared = true
        },
      },
    )
    await until(
      () => ended(stage) === 50,
      () => JSON.stringify(stage.state()),
    )
    assert.deepEqual(
      order,
      Array.from({ length: 50 }, (_, index) => index),
    )
    assert.equal(stage.state().dead, 0)
  })

  it('looks ahead at many records at once, and hands what it found over one at a time, in order', async () => {
    const { start, feed, deadLetters } = await setUp(1)
    await feed(40)
    const gates = Array.from({ length: 40 }, () => createGate())
    const looks = new Map<number, number>()
    const order: number[] = []
    const stage = start(
      (problem, _context, seen) => {
        assert.equal(seen, `seen ${problem.slot}`)
        order.push(problem.slot)
        return Promise.resolve(problem.slot === 9 ? { reject: { reason: 'nine' } } : { emit: problem })
      },
      {
        ordered: true,
        lookAhead: async ({ slot }, { signal }) => {
          const look = (looks.get(slot) ?? 0) + 1
          looks.set(slot, look)
          if (slot === 5) throw permanent('of-no-use', 'nothing is to be seen')
          if (slot === 6 && look < 3) throw transient('server-down', 'nobody answers')
          if (slot === 7 && look < 2) throw new RangeError('wrong once')
          await gates[slot]!.wait(signal)
          return `seen ${slot}`
        },
      },
    )
    await until(
      () => looks.size === 40,
      () => JSON.stringify(stage.state()),
    )
    assert.deepEqual(order, [], 'nobody overtakes the first')
    // The last is there first.
    for (const gate of gates.toReversed()) gate.open()
    await until(
      () => ended(stage) === 40,
      () => JSON.stringify(stage.state()),
    )
    assert.deepEqual(
      order,
      Array.from({ length: 40 }, (_, index) => index).filter((slot) => slot !== 5),
    )
    assert.deepEqual([looks.get(5), looks.get(6), looks.get(7), looks.get(8)], [1, 3, 2, 1])
    const letters = await deadLetters()
    assert.deepEqual(
      letters.map(({ key, headers }) => [key, headers['magpie.code'], headers[DEAD_LETTER_HEADERS.attempts]]),
      [['p5', 'of-no-use', '1']],
    )
  })

  it('keeps the place of an ordered record whose server is down, and ends its look-ahead with the drain', async () => {
    const { start, feed, lag } = await setUp(1)
    await feed(3)
    const order: string[] = []
    const reasons: unknown[] = []
    let isDown = true
    const stage = start(
      ({ id }) => {
        order.push(id)
        return id === 'p0' && isDown
          ? Promise.reject(transient('server-down', 'nobody answers'))
          : Promise.resolve({ reject: { reason: 'seen' } })
      },
      {
        ordered: true,
        lookAhead: async ({ slot }, { signal }) => {
          if (slot < 2) return ''
          await createGate()
            .wait(signal)
            .catch((error: unknown) => {
              reasons.push(error)
              throw error
            })
          return ''
        },
      },
    )
    await until(() => order.length >= 3)
    assert.deepEqual(new Set(order), new Set(['p0']), 'its successor waits behind it')
    isDown = false
    await until(() => ended(stage) === 2)
    assert.equal(order.at(-1), 'p1')
    await stage.drain(0)
    assert.equal(reasons.length, 1)
    assert.equal(await lag(), 1)
  })

  it('holds the calls of a record while its member has not been heard of, and until it is again', async () => {
    const { start, feed, lag } = await setUp(1)
    const holds: string[] = []
    const note = (held: Promise<void> | null | undefined) => holds.push(held === null ? 'free' : 'held')
    await feed(1)
    const stage = start(
      async (problem, { calls: { hold } }, seen) => {
        assert.equal(seen, 'free')
        note(hold?.())
        const now = Date.now
        // Two thirds of the session are 20 seconds.
        const clock = mock.method(Date, 'now', () => now() + 20_500)
        try {
          note(hold?.())
          for (let held = hold?.(); held; held = hold?.()) await held
          note(hold?.())
        } finally {
          clock.mock.restore()
        }
        return { emit: problem }
      },
      {
        sessionTimeoutMs: 30_000,
        lookAhead: (_, { calls: { hold } }) => Promise.resolve(hold?.() === null ? 'free' : 'held'),
      },
    )
    await until(async () => (await lag()) === 0)
    await stage.drain(1000)
    assert.deepEqual(holds, ['free', 'held', 'free'])
  })

  it('goes on with its running work when another member joins, and hands over the rest', async () => {
    const { start, feed, ids, lag } = await setUp(4)
    await feed(40)
    const gate = createGate()
    const calls = { one: [] as string[], two: [] as string[] }
    const aborted = { one: 0, two: 0 }
    const handler =
      (who: 'one' | 'two'): Process<Problem, Problem, Seen> =>
      async (problem, { signal }) => {
        calls[who].push(problem.id)
        try {
          await gate.wait(signal)
        } catch (error) {
          aborted[who] += 1
          throw error
        }
        return { emit: problem }
      }
    const one = start(handler('one'))
    await until(
      () => one.state().running === 40,
      () => JSON.stringify(one.state()),
    )
    const two = start(handler('two'))
    await until(
      () => two.state().running > 0 && one.state().running + two.state().running === 40,
      () => JSON.stringify([one.state(), two.state()]),
    )
    gate.open()
    await until(
      () => ended(one) + ended(two) === 40,
      () => JSON.stringify([one.state(), two.state()]),
    )
    await one.drain(1000)
    await two.drain(1000)
    assert.equal(calls.one.length, 40, 'the first member called for each record once, before and after the rebalance')
    assert.equal(aborted.one, calls.two.length, 'what the second took over was aborted in the first')
    assert.equal(aborted.two, 0)
    assert.deepEqual(await ids(), idsUpTo(40))
    assert.equal(await lag(), 0)
  })

  it('stops fetching when enough waits, and goes on', async () => {
    const { start, feed, ids } = await setUp(2)
    const gate = createGate()
    const stage = start(
      async (problem, { signal }) => {
        await gate.wait(signal)
        return { emit: problem }
      },
      { inFlight: () => 2 },
    )
    await until(() => stage.state().lastError === null)
    for (let round = 0; round < 8; round += 1) {
      await feed(500, round * 500)
      if (round > 1)
        await until(
          () => stage.state().paused,
          () => JSON.stringify(stage.state()),
        )
    }
    assert.ok(stage.state().queued < 4000)
    gate.open()
    await until(
      () => ended(stage) === 4000,
      () => JSON.stringify(stage.state()),
    )
    assert.equal(new Set(await ids()).size, 4000)
  })
})
