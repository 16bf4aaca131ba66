// The busy slot-seconds are exact: whatever comes and goes, they are the sum of the times that slots were held.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createBusyLedger } from '../../../local/engine/front-busy.ts'
import { createSlots } from '../../../local/engine/front-slots.ts'
import type { Seat } from '../../../local/engine/front-slots.ts'
import { createFakeClock } from '../../llm/fake-clock.ts'
import { post, start, until } from './at-work.ts'

const never = new AbortController().signal

describe('busy slot-seconds', () => {
  it('are the sum of the holding times, and their seconds add up to them', async () => {
    const step = fc.record({ waitMs: fc.integer({ min: 0, max: 2500 }), take: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), async (steps, size) => {
        const clock = createFakeClock()
        const slots = createSlots({ size, clock })
        const held: { seat: Seat; since: number }[] = []
        const startedAt = clock.now()
        let sum = 0
        for (const { waitMs, take } of steps) {
          await clock.advance(waitMs)
          if (take && held.length < size) {
            held.push({ seat: await slots.acquire(never), since: clock.now() })
          } else if (!take && held.length > 0) {
            const { seat, since } = held.shift()!
            slots.release(seat)
            sum += clock.now() - since
          }
        }
        for (const { since } of held) sum += clock.now() - since
        const { busySlotSeconds, busyPerSecond } = slots.busy()
        assert.ok(Math.abs(busySlotSeconds - sum / 1000) < 1e-9, `${busySlotSeconds} and ${sum / 1000}`)
        assert.equal(busyPerSecond.length, Math.floor((clock.now() - startedAt) / 1000))
        assert.ok(busyPerSecond.every((busy) => busy >= 0 && busy <= size))
        await clock.advance(1000 - ((clock.now() - startedAt) % 1000))
        const whole = slots.busy()
        const added = whole.busyPerSecond.reduce((total, busy) => total + busy, 0)
        assert.ok(Math.abs(added - whole.busySlotSeconds) < 1e-9)
      }),
      { numRuns: 60 },
    )
  })

  it('tell each whole second, and begin again at zero with the slots that are busy', async () => {
    const clock = createFakeClock()
    const ledger = createBusyLedger(clock)
    await clock.advance(500)
    ledger.set(4)
    await clock.advance(1000)
    ledger.set(1)
    await clock.advance(1750)
    assert.deepEqual(ledger.read(), { busySlotSeconds: 5.75, busyPerSecond: [2, 2.5, 1] })
    ledger.reset()
    await clock.advance(2000)
    assert.deepEqual(ledger.read(), { busySlotSeconds: 2, busyPerSecond: [1, 1] })
  })

  it('are told by /simulator/stats, and set back by a POST', async () => {
    const clock = createFakeClock()
    const front = await start({ clock, slots: 2, latency: { medianMs: 600, sigma: 0 } })
    const calls = [1, 2, 3].map((seed) => post(front, '/v1/completions', { prompt: 'a', seed }))
    await until(() => front.stats().running === 2 && front.stats().waiting === 1)
    await clock.advance(600)
    await until(() => front.stats().running === 1)
    await clock.advance(600)
    assert.ok((await Promise.all(calls)).every(({ status }) => status === 200))
    await clock.advance(800)
    const read = async (method: string): Promise<unknown> => {
      const response = await fetch(`${front.url}/simulator/stats`, { method })
      const { busySlotSeconds, busyPerSecond, slots } = (await response.json()) as ReturnType<typeof front.stats>
      return { busySlotSeconds, busyPerSecond, slots }
    }
    assert.deepEqual(await read('POST'), { busySlotSeconds: 1.8, busyPerSecond: [1.6, 0.2], slots: 2 })
    assert.deepEqual(await read('GET'), { busySlotSeconds: 0, busyPerSecond: [], slots: 2 })
  })
})
