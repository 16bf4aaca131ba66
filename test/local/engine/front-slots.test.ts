// Slots by a clock of the test's own: hand-over without drift, a KV cache that is too small, a wedged engine.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { driftAt } from '../../../local/engine/front-latency.ts'
import { spend } from '../../../local/engine/front-pace.ts'
import { createSlots } from '../../../local/engine/front-slots.ts'
import type { Slots } from '../../../local/engine/front-slots.ts'
import { createFakeClock } from '../../llm/fake-clock.ts'
import type { FakeClock } from '../../llm/fake-clock.ts'
import { post, start, until } from './at-work.ts'

const never = new AbortController().signal

/** Runs one sequence of this length, and notes when it ended. */
async function run(
  clock: FakeClock,
  slots: Slots,
  milliseconds: number,
  ends: number[],
  signal: AbortSignal = never,
): Promise<void> {
  const seat = await slots.acquire(signal)
  let dueAt: number | undefined
  try {
    dueAt = await spend({ clock, slots }, seat, milliseconds, signal)
    ends.push(clock.now())
  } finally {
    slots.release(seat, dueAt)
  }
}

describe('a hand-over', () => {
  it('does not add up the lateness of timers: the next one is due when it would have been without', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 20, max: 200 }), { minLength: 1, maxLength: 30 }), async (times) => {
        const clock = createFakeClock(0)
        // Each timer fires 7 ms late, as on a busy machine.
        const late = { ...clock, after: (ms: number, callback: () => void) => clock.after(ms + 7, callback) }
        const slots = createSlots({ size: 1, clock: late })
        const ends: number[] = []
        const all = Promise.all(times.map((time) => run(late, slots, time, ends)))
        await clock.runUntil(all)
        assert.equal(ends.at(-1), times.reduce((sum, time) => sum + time, 0) + 7)
      }),
      { numRuns: 30 },
    )
  })

  it('never begins a time before the sequence came', async () => {
    const clock = createFakeClock(0)
    const slots = createSlots({ size: 1, clock })
    const first = await slots.acquire(never)
    await clock.advance(100)
    const second = slots.acquire(never)
    slots.release(first, 40)
    assert.equal((await second).startedAt, 100)
  })
})

describe('a KV cache that is too small', () => {
  it('sends the youngest back to the head of the queue, and its time is lost', async () => {
    const clock = createFakeClock(0)
    let preemptions = 0
    const slots = createSlots({ size: 4, kvSlots: 2, clock, onPreempted: () => (preemptions += 1) })
    const order: string[] = []
    const go = async (name: string): Promise<void> => {
      const ends: number[] = []
      await run(clock, slots, 100, ends)
      order.push(`${name} ${ends[0]}`)
    }
    const all = [go('a')]
    await clock.advance(10)
    all.push(go('b'))
    await clock.advance(10)
    all.push(go('c'))
    await clock.advance(25)
    assert.deepEqual([slots.running, slots.cacheUsage(), preemptions], [3, 1, 0])
    // The first one is at its middle: three do not fit.
    await clock.advance(5)
    assert.deepEqual([slots.running, slots.waiting, preemptions], [2, 1, 1])
    // A newcomer waits behind the one that lost its seat, though slots are free.
    all.push(go('d'))
    await clock.advance(1)
    assert.deepEqual([slots.running, slots.waiting], [2, 2])
    await clock.runUntil(Promise.all(all))
    // c begins again at 100, when a has gone, and d behind it: b is gone before they grow.
    assert.deepEqual(order, ['a 100', 'b 110', 'c 200', 'd 200'])
    assert.deepEqual([slots.running, slots.waiting, slots.cacheUsage()], [0, 0, 0])
  })

  it('loses nobody and never holds more than the slots, whatever the times and the goings', async () => {
    const sequence = fc.record({
      time: fc.integer({ min: 2, max: 300 }),
      gap: fc.integer({ min: 0, max: 60 }),
      leaves: fc.option(fc.integer({ min: 0, max: 400 }), { freq: 4 }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(sequence, { maxLength: 25 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        async (sequences, size, kvSlots) => {
          const clock = createFakeClock(0)
          const slots = createSlots({ size, kvSlots, clock })
          const ends: number[] = []
          let left = 0
          const all: Promise<void>[] = []
          for (const { time, gap, leaves } of sequences) {
            const abort = new AbortController()
            const going = run(clock, slots, time, ends, abort.signal).catch((error: unknown) => {
              assert.equal(error, abort.signal.reason)
              left += 1
            })
            if (leaves !== null) {
              clock.after(leaves, () => {
                abort.abort(new Error('left'))
              })
            }
            all.push(going)
            await clock.advance(gap)
            assert.ok(slots.running <= size)
          }
          await clock.runUntil(Promise.all(all))
          assert.equal(ends.length + left, sequences.length)
          assert.deepEqual([slots.running, slots.waiting], [0, 0])
          assert.ok(slots.peaks().peakRunning <= size)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('is counted by /metrics and /simulator/stats, and a stream says nothing twice', async () => {
    const clock = createFakeClock()
    const front = await start({ clock, latency: { medianMs: 1000, sigma: 0 }, trouble: { kvSlots: 2 } })
    const body = { prompt: '<|im_start|>user\n', max_tokens: 400 }
    const calls = [1, 2].map((seed) => post(front, '/v1/completions', { ...body, seed }))
    await until(() => front.stats().running === 2)
    const stream = fetch(`${front.url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, seed: 3, stream: true }),
    }).then((response) => response.text())
    await until(() => front.stats().running === 3)
    await clock.advance(500)
    await until(() => front.stats().preemptions === 1)
    const metrics = await (await fetch(`${front.url}/metrics`)).text()
    assert.match(metrics, /^vllm:num_preemptions_total\{engine="0",model_name="simulated"\} 1\.0$/m)
    assert.match(metrics, /^vllm:kv_cache_usage_perc\{engine="0",model_name="simulated"\} 1\.0$/m)
    assert.deepEqual([front.stats().running, front.stats().waiting], [2, 1])
    await clock.advance(500)
    assert.ok((await Promise.all(calls)).every(({ status }) => status === 200))
    await clock.advance(1000)
    const texts = (await stream)
      .split('\n\n')
      .filter((event) => event.startsWith('data: {'))
      .map((event) => (JSON.parse(event.slice(6)) as { choices: { text: string }[] }).choices[0]!.text)
    const whole = post(front, '/v1/completions', { ...body, seed: 3 })
    await until(() => front.stats().running === 1)
    await clock.advance(1000)
    assert.equal(texts.join(''), (await whole).body.choices[0]!.text)
  })
})

describe('a wedged engine', () => {
  it('takes no one in and lets no one out, and goes on afterwards', async () => {
    const clock = createFakeClock(0)
    const slots = createSlots({ size: 2, clock })
    const ends: number[] = []
    const all = [50, 80, 30].map((time) => run(clock, slots, time, ends))
    await clock.advance(20)
    slots.wedge()
    const leaver = new AbortController()
    const leaving = assert.rejects(run(clock, slots, 10, ends, leaver.signal))
    await clock.advance(980)
    assert.deepEqual([slots.running, slots.waiting, ends], [2, 2, []])
    leaver.abort(new Error('left'))
    await leaving
    assert.deepEqual([slots.running, slots.waiting], [2, 1])
    slots.unwedge()
    await clock.runUntil(Promise.all(all))
    assert.deepEqual(ends, [1000, 1000, 1030])
    assert.deepEqual([slots.running, slots.waiting], [0, 0])
  })

  it('keeps the slot of a client that goes away until it goes on', async () => {
    const clock = createFakeClock(0)
    const slots = createSlots({ size: 1, clock })
    const leaver = new AbortController()
    const leaving = assert.rejects(run(clock, slots, 10, [], leaver.signal))
    await clock.advance(1)
    slots.wedge()
    leaver.abort(new Error('left'))
    await leaving
    assert.equal(slots.running, 1)
    slots.unwedge()
    assert.equal(slots.running, 0)
  })
})

describe('drift', () => {
  it('is a wave between once and factor times the median', () => {
    const latency = { medianMs: 100, sigma: 0, drift: { factor: 3, periodMs: 1000 } }
    const at = [0, 250, 500, 750, 1000].map((elapsed) => driftAt(latency, elapsed))
    for (const [index, expected] of [1, 2, 3, 2, 1].entries()) assert.ok(Math.abs(at[index]! - expected) < 1e-9)
    assert.equal(driftAt({ medianMs: 100, sigma: 0 }, 500), 1)
  })

  it('is what a sequence gets that starts now', async () => {
    const clock = createFakeClock()
    const latency = { medianMs: 100, sigma: 0, drift: { factor: 5, periodMs: 2000 } }
    const front = await start({ clock, latency })
    await clock.advance(1000)
    const call = post(front, '/v1/completions', { prompt: 'a', seed: 1 })
    await until(() => front.stats().running === 1)
    await clock.advance(499)
    assert.equal(front.stats().running, 1)
    await clock.advance(1)
    assert.equal((await call).status, 200)
  })
})
