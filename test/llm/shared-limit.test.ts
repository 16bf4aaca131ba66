// The limit of work that has a share of an engine: what it takes of known slots, how it gives way, how it learns alone.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { createLimit, type Limit } from '../../llm/limit.ts'
import type { EngineLoad } from '../../llm/load.ts'
import { createSharedLimit, type SharedLimit } from '../../llm/shared-limit.ts'
import { runSlots } from './simulated-slots.ts'

const load = (running: number, waiting: number): EngineLoad => ({
  ...{ running, waiting, cacheUsage: null, preemptions: null, generatedTokens: null },
})
const make = (share: number, more: Partial<Parameters<typeof createSharedLimit>[1]> = {}): SharedLimit =>
  createSharedLimit(share, { most: 4096, start: 16, adaptive: true, ...more }, () => 0)

const behind = (share: number): SharedLimit =>
  createSharedLimit(share, { most: 4096, start: 16, adaptive: true }, () => 0, { isBehind: true })

/** The engine tells its load, again and again, while calls of ours wait and as many as may be are there. */
function settle(limit: Limit, of: (ours: number) => EngineLoad, looks = 40): void {
  for (let look = 0; look < looks; look += 1) {
    limit.wanted()
    limit.observe(of(limit.current()), limit.current())
  }
}

describe('a share of an engine', () => {
  test('begins with its share of the start, and is one call at least', () => {
    assert.equal(make(0.5).current(), 8)
    assert.equal(make(0.01).current(), 1)
  })

  test('beside others that fill 100 slots it is the share of 100, less those of others that wait', () => {
    const limit = make(0.2)
    settle(limit, (ours) => load(100, Math.round(ours / 5)))
    assert.ok(limit.current() <= 20 && limit.current() >= 15, String(limit.current()))
    settle(limit, () => load(100, 10))
    assert.ok(limit.current() <= 12 && limit.current() >= 9, String(limit.current()))
    settle(limit, () => load(100, 60))
    assert.equal(limit.current(), 1)
    assert.match(limit.lastChange().reason, /share 0.2 of 100, \d+ of others wait/)
  })

  test('beside others that leave slots free it takes none of them to find out how many there are', () => {
    const limit = make(0.2)
    settle(limit, (ours) => load(50 + ours, 0))
    assert.ok(limit.current() <= 13, String(limit.current()))
  })

  test('alone it finds out the slots once, then keeps to its share', () => {
    const limit = make(0.25)
    const slots = 64
    const alone = (ours: number): EngineLoad => load(Math.min(slots, ours), Math.max(0, ours - slots))
    let most = 0
    for (let look = 0; look < 40; look += 1) {
      most = Math.max(most, limit.current())
      settle(limit, alone, 1)
    }
    assert.ok(most >= slots)
    assert.equal(limit.current(), 16)
  })

  test('is fixed to its share where the limit is fixed, and where an engine tells nothing', () => {
    assert.equal(make(0.2, { most: 100, adaptive: false }).current(), 20)
    const blind = make(0.5)
    blind.observeNothing()
    blind.wanted()
    for (let answers = 0; answers < 100; answers += 1) blind.answered(1)
    assert.ok(blind.current() <= 8, String(blind.current()))
  })

  test('is never above the share of what runs there, or of the start', () => {
    const look = fc.tuple(fc.nat(300), fc.nat(300), fc.nat(50))
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 0.99, noNaN: true }), fc.array(look), (share, looks) => {
        const limit = make(share)
        let most = 16
        for (const [others, waiting, ours] of looks) {
          limit.wanted()
          limit.observe(load(others + 20 + ours, waiting), ours)
          most = Math.max(most, others + 20 + ours)
          assert.ok(limit.current() >= 1)
          // Alone there it may find out the slots.
          if (others + 20 + waiting > 0.2 * (ours + others + 20 + waiting))
            assert.ok(limit.current() <= Math.max(1, share * most), `${limit.current()}`)
        }
      }),
    )
  })

  test('behind others it keeps no queue there, and gives way until one call is left while anybody waits', () => {
    for (const share of [1, 0.2]) {
      const limit = behind(share)
      settle(limit, (ours) => load(100 + ours, 0), 10)
      assert.ok(limit.current() > 1)
      settle(limit, (ours) => load(100, ours + 1))
      assert.equal(limit.current(), 1)
      assert.match(limit.lastChange().reason, /behind others/)
    }
  })

  test('behind others it takes what they leave free, and hardly anything of it waits', () => {
    const limit = behind(1)
    const [slots, others] = [64, 40]
    const engine = (ours: number): EngineLoad =>
      load(Math.min(slots, others + ours), Math.max(0, others + ours - slots))
    const limits: number[] = []
    for (let look = 0; look < 80; look += 1) {
      settle(limit, engine, 1)
      if (look >= 40) limits.push(limit.current())
    }
    assert.ok(Math.min(...limits) >= 20 && Math.max(...limits) <= 27, limits.join())
  })

  test('behind nobody it is what any limit is', () => {
    const [limit, whole] = [behind(1), make(1)]
    for (let look = 0; look < 40; look += 1) {
      for (const each of [limit, whole]) settle(each, (ours) => load(Math.min(64, ours), Math.max(0, ours - 64)), 1)
      assert.equal(limit.current(), whole.current())
    }
    assert.ok(whole.current() > 64)
  })

  test('a whole engine is what it always was, and says so', () => {
    const look = fc.record({ running: fc.nat(100), waiting: fc.nat(20), ours: fc.nat(100), told: fc.nat(3) })
    fc.assert(
      fc.property(fc.array(look), (looks) => {
        let now = 0
        const config = { most: 4096, start: 16, adaptive: true }
        const [limit, plain] = [createSharedLimit(1, config, () => now), createLimit(config, () => now)]
        for (const { running, waiting, ours, told } of looks) {
          for (const each of [limit, plain]) {
            each.wanted()
            if (told === 0) each.refused({ inFlight: ours, sentAt: now })
            else if (told === 1) each.answered(4)
            else each.observe(load(running, waiting), ours)
          }
          now += 500
          assert.deepEqual([limit.current(), limit.lastChange()], [plain.current(), plain.lastChange()])
        }
      }),
    )
    const options = { slots: 100, calls: 3000, seed: 1, tells: true }
    const whole = runSlots((now) => createSharedLimit(1, { most: 4096, start: 16, adaptive: true }, now), options)
    assert.ok(Math.min(...whole.limits) > 85)
  })
})

describe('a share that changes', () => {
  const SLOTS = 64
  const alone = (ours: number): EngineLoad => load(Math.min(SLOTS, ours), Math.max(0, ours - SLOTS))

  test('goes down to a share of the slots that the whole has found, and back to what it was', () => {
    const limit = make(1)
    settle(limit, alone)
    const found = limit.current()
    assert.ok(found >= SLOTS, String(found))
    limit.setShare(0.25)
    assert.equal(limit.current(), 16)
    assert.equal(limit.lastChange().reason, 'share 0.25 of 64')
    settle(limit, alone)
    assert.equal(limit.current(), 16)
    limit.setShare(1)
    assert.equal(limit.current(), found)
  })

  test('goes up to what was learnt and no further: the share alone kept calls back before', () => {
    const limit = make(0.2)
    settle(limit, (ours) => load(40 + ours, 0))
    limit.setShare(1)
    assert.ok(limit.current() <= SLOTS, String(limit.current()))
    settle(limit, alone)
    assert.ok(limit.current() >= SLOTS && limit.current() < 2 * SLOTS, String(limit.current()))
  })

  test('is of the share from then on where the limit is fixed, and tells since when', () => {
    let now = 0
    const limit = createSharedLimit(0.2, { most: 100, start: 16, adaptive: false }, () => now)
    for (const [share, slots] of [
      [1, 100],
      [0.5, 50],
      [0.001, 1],
      [1, 100],
    ] as const) {
      now += 1000
      limit.setShare(share)
      assert.deepEqual([limit.current(), limit.lastChange().at], [slots, now])
    }
    now += 1000
    limit.setShare(1)
    assert.equal(limit.lastChange().at, now - 1000)
  })

  test('leaves the place behind others as it is', () => {
    const limit = behind(0.2)
    settle(limit, (ours) => load(100, ours + 1))
    limit.setShare(1)
    assert.equal(limit.current(), 1)
    settle(limit, alone)
    assert.ok(limit.current() >= SLOTS)
  })
})
