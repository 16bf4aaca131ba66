// Holds llm/prices.ts: what tokens and engine seconds cost, and that an engine's busy time is shared out whole.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createShareClock, priceConfig, usdOf } from '../../llm/prices.ts'

const near = (actual: number, expected: number): void => {
  assert.ok(Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected)), `${actual}, not ${expected}`)
}

describe('usdOf', () => {
  const tokens = { prompt: 1_000_000, cached: 400_000, completion: 200_000 }

  it('counts each kind of token at its own price', () => {
    near(usdOf({ per: 'million-tokens', prompt: 1, cached: 0.1, completion: 5 }, tokens, 99), 0.6 + 0.04 + 1)
  })

  it('counts cached tokens as the others where they have no price of their own', () => {
    near(usdOf({ per: 'million-tokens', prompt: 1, completion: 5 }, tokens, 99), 1 + 1)
  })

  it('counts the engine’s time times its GPUs', () => {
    near(usdOf({ per: 'gpu-hour', usd: 2.5, gpus: 8 }, tokens, 1800), 10)
  })
})

describe('priceConfig', () => {
  it('takes either form or none, and no negative price', () => {
    const isTaken = (value: unknown): boolean => priceConfig.safeParse(value).success
    assert.ok(isTaken(undefined))
    assert.ok(isTaken({ per: 'million-tokens', prompt: 1, completion: 2 }))
    assert.ok(isTaken({ per: 'gpu-hour', usd: 2, gpus: 4 }))
    assert.ok(!isTaken({ per: 'gpu-hour', usd: -2, gpus: 4 }))
    assert.ok(!isTaken({ per: 'gpu-hour', usd: 2, gpus: 0 }))
    assert.ok(!isTaken({ per: 'gpu-hour', usd: 2, gpus: 4, prompt: 1 }))
    assert.ok(!isTaken({ per: 'day', usd: 2 }))
  })
})

describe('the share clock', () => {
  it('gives a call that runs alone all of the time, and two that run together half of it each', () => {
    let now = 0
    const clock = createShareClock(() => now)
    const first = clock.begin(1)
    now = 4000
    const second = clock.begin(1)
    now = 6000
    assert.equal(first(), 5)
    now = 7000
    assert.equal(second(), 2)
    now = 100_000
    assert.equal(clock.busySeconds(), 7)
  })

  it('counts a call of n choices as n', () => {
    let now = 0
    const clock = createShareClock(() => now)
    const three = clock.begin(3)
    const one = clock.begin(1)
    now = 8000
    assert.equal(three(), 6)
    assert.equal(one(), 2)
  })

  it('ends a call once, whoever asks again', () => {
    let now = 0
    const clock = createShareClock(() => now)
    const end = clock.begin(2)
    now = 1000
    assert.equal(end(), 1)
    now = 9000
    assert.equal(end(), 1)
    assert.equal(clock.busySeconds(), 1)
  })

  it('shares the busy time out whole, for any calls that come and go', () => {
    const step = fc.record({
      wait: fc.integer({ min: 0, max: 10_000 }),
      sequences: fc.integer({ min: 1, max: 64 }),
      /** Which of the open calls ends; none where there is none of this number. */
      ends: fc.option(fc.nat({ max: 12 })),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        let now = 0
        let busy = 0
        let shared = 0
        const clock = createShareClock(() => now)
        const open: (() => number)[] = []
        for (const { wait, sequences, ends } of steps) {
          now += wait
          if (open.length > 0) busy += wait
          const [ending] = ends === null ? [] : open.splice(ends, 1)
          if (ending === undefined) open.push(clock.begin(sequences))
          else shared += ending()
        }
        now += 17
        if (open.length > 0) busy += 17
        for (const end of open) shared += end()
        near(shared, busy / 1000)
        near(clock.busySeconds(), busy / 1000)
      }),
    )
  })
})
