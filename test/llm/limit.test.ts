// The adaptive limit: finds a hidden number of slots in simulated time, keeps a small queue, gives way, comes back.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { createLimit, type Limit } from '../../llm/limit.ts'
import type { EngineLoad } from '../../llm/load.ts'
import { runSlots } from './simulated-slots.ts'

const adaptive = { most: 4096, start: 16, adaptive: true }
const make = (now: () => number): Limit => createLimit(adaptive, now)

/** Share of the values within so much of the wanted one. */
function within(values: readonly number[], wanted: number, share: number): number {
  return values.filter((value) => Math.abs(value / wanted - 1) <= share).length / values.length
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

describe('a hidden number of slots', () => {
  for (const slots of [32, 100, 400]) {
    test(`${slots}, told by /metrics: within 15 % from early on, and held`, () => {
      const { limits, busy } = runSlots(make, { slots, calls: 60 * slots, seed: 1, tells: true, from: 0.2 })
      assert.equal(within(limits, slots, 0.15), 1, `${Math.min(...limits)} to ${Math.max(...limits)}`)
      assert.ok(Math.min(...limits) > slots, 'a queue is kept at the engine')
      assert.ok(busy > 0.95, `${busy} busy`)
    })

    test(`${slots}, told by nothing but its answers: it is found by the rates at two levels`, () => {
      const runs = [1, 2, 3, 4, 5].map((seed) =>
        runSlots(make, { slots, calls: 400 * slots, seed, tells: false, from: 0.6 }),
      )
      const medians = runs.map(({ limits }) => median(limits))
      assert.equal(within(medians, slots, 0.2), 1, medians.join(' '))
      assert.equal(within([median(medians)], slots, 0.15), 1, medians.join(' '))
      for (const { busy } of runs) assert.ok(busy > 0.93, `${busy} busy`)
    })
  }

  test('a gateway that answers 429 above 100: the limit stays below and within 15 %, refusals are rare', () => {
    const { limits, refusals } = runSlots(make, { slots: 100, calls: 20_000, seed: 1, tells: false, gateway: 100 })
    assert.ok(within(limits, 100, 0.15) > 0.95, `${within(limits, 100, 0.15)}`)
    assert.ok(refusals < 60, `${refusals} refusals`)
  })

  test('a KV cache for 60 of 100 slots: preemptions bring it down and rest', () => {
    const { limits } = runSlots(make, { slots: 100, calls: 20_000, seed: 1, tells: true, cache: 60 })
    assert.ok(median(limits) < 80, `median ${median(limits)}`)
    assert.ok(Math.min(...limits) > 30, `least ${Math.min(...limits)}`)
  })
})

describe('what moves it, and why', () => {
  const load = (running: number, waiting: number, more: Partial<EngineLoad> = {}): EngineLoad => ({
    ...{ running, waiting, cacheUsage: null, preemptions: null, generatedTokens: null },
    ...more,
  })
  const at = (start: number, most = 4096): { limit: Limit; wait: (milliseconds: number) => void } => {
    let now = 1_000
    const limit = createLimit({ most, start, adaptive: true }, () => now)
    return { limit, wait: (milliseconds) => (now += milliseconds) }
  }

  test('it ramps by doubling while calls wait and the engine has no queue, never past the most', () => {
    const { limit } = at(16, 100)
    for (const wanted of [32, 64, 100, 100]) {
      limit.wanted()
      limit.observe(load(limit.current(), 0), limit.current())
      assert.equal(limit.current(), wanted)
    }
    assert.match(limit.lastChange().reason, /ramp/)
  })

  test('without calls that wait it stays', () => {
    const { limit } = at(16)
    limit.observe(load(3, 0), 3)
    assert.equal(limit.current(), 16)
  })

  test('a queue of its own making brings it to what runs and a tenth', () => {
    const { limit } = at(512)
    limit.wanted()
    limit.observe(load(256, 256), 512)
    assert.equal(limit.current(), 282)
    assert.match(limit.lastChange().reason, /256 wait in the engine's queue/)
    limit.observe(load(256, 190), 446)
    assert.equal(limit.current(), 282, 'what is still in flight from before is not counted twice')
  })

  test('a refusal cuts once for all calls that were sent before', () => {
    const { limit, wait } = at(100)
    limit.refused({ inFlight: 100, sentAt: 900 })
    assert.equal(limit.current(), 100, 'sent before the start')
    limit.refused({ inFlight: 100, sentAt: 1_000 })
    assert.equal(limit.current(), 90)
    wait(50)
    limit.refused({ inFlight: 100, sentAt: 1_000 - 1 })
    assert.equal(limit.current(), 90)
    assert.match(limit.lastChange().reason, /refused with 100 in flight/)
  })

  test('a preemption cuts, then nothing is added for a while', () => {
    const { limit, wait } = at(200)
    limit.observe(load(200, 0, { preemptions: 5 }), 200)
    limit.wanted()
    limit.observe(load(190, 10, { preemptions: 9 }), 200)
    assert.equal(limit.current(), 171)
    wait(1_000)
    limit.wanted()
    limit.observe(load(171, 0, { preemptions: 9 }), 171)
    assert.equal(limit.current(), 171)
    wait(20_000)
    limit.wanted()
    limit.observe(load(171, 0, { preemptions: 9 }), 171)
    assert.ok(limit.current() > 171)
  })

  test('a full cache with a queue is not added to', () => {
    const { limit } = at(100)
    limit.wanted()
    limit.observe(load(100, 1, { cacheUsage: 0.99 }), 100)
    assert.equal(limit.current(), 100)
  })

  test('an engine that was down begins again at the start', () => {
    const { limit } = at(16)
    for (let look = 0; look < 4; look += 1) {
      limit.wanted()
      limit.observe(load(limit.current(), 0), limit.current())
    }
    limit.restart()
    assert.equal(limit.current(), 16)
    assert.match(limit.lastChange().reason, /down/)
  })

  test('fixed by the config, nothing moves it', () => {
    const limit = createLimit({ most: 64, start: 16, adaptive: false }, () => 0)
    limit.wanted()
    limit.observe(load(64, 500), 64)
    limit.refused({ inFlight: 64, sentAt: 5 })
    assert.equal(limit.current(), 64)
  })
})

test('whatever happened, it is between 1 and the most, and an engine with room gets it up again', () => {
  const happening = fc.oneof(
    fc.record({ refused: fc.nat(500) }),
    fc.record({ running: fc.nat(500), waiting: fc.nat(500), preemptions: fc.nat(5) }),
    fc.record({ answered: fc.integer({ min: 1, max: 64 }) }),
    fc.constant({ restart: true as const }),
  )
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 200 }), (happenings) => {
      let now = 0
      const limit = createLimit({ most: 300, start: 16, adaptive: true }, () => now)
      for (const each of happenings) {
        now += 100
        limit.wanted()
        if ('refused' in each) limit.refused({ inFlight: each.refused, sentAt: now })
        else if ('running' in each) limit.observe({ ...each, cacheUsage: null, generatedTokens: null }, each.running)
        else if ('answered' in each) limit.answered(each.answered)
        else limit.restart()
        assert.ok(limit.current() >= 1 && limit.current() <= 300)
      }
      for (let look = 0; look < 200; look += 1) {
        now += 1_000
        limit.wanted()
        const running = limit.current()
        limit.observe({ running, waiting: 0, cacheUsage: 0, preemptions: null, generatedTokens: null }, running)
      }
      assert.equal(limit.current(), 300)

      // And where nothing but answers is told.
      limit.observeNothing()
      for (let refusal = 0; refusal < 60; refusal += 1) {
        now += 1_000
        limit.refused({ inFlight: limit.current(), sentAt: now })
      }
      assert.ok(limit.current() < 10)
      for (let answer = 0; answer < 30_000; answer += 1) {
        now += 100 / limit.current()
        limit.wanted()
        limit.answered(1)
        if (answer % 50 === 0) now += 100
      }
      assert.ok(limit.current() > 100, `${limit.current()}`)
    }),
    { numRuns: 50 },
  )
})
