// Holds cli/rates.ts: rates over the last half minute, by times that the test gives.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createRates } from '../../cli/rates.ts'
import { runSnapshot, sinkState, stageState, usage } from './run-snapshot.ts'

interface Figures {
  readonly tokens?: number
  readonly open?: number
  readonly made?: number
  readonly total?: number | null
}

/** A run of which so many problems have ended and so many tokens were made. */
const state = (ended: number, { tokens = 0, open = 0, made = 200, total = 200 }: Figures = {}) =>
  runSnapshot({
    ...{ made, total },
    stages: [stageState('screen', { emitted: 999, running: open }), stageState('curate', { emitted: ended })],
    llm: { endpoints: [], waiting: 0, usage: { sampler: usage(tokens) } },
  })

describe('rates', () => {
  it('are nothing at the first look, and no time left is guessed', () => {
    const rates = createRates()(state(5, { tokens: 1000, open: 10 }), 1000)
    assert.deepEqual(rates, { endedPerMinute: 0, tokensPerSecond: 0, ended: 5, secondsLeft: null })
  })

  it('count problems a minute and tokens a second', () => {
    const rates = createRates()
    rates(state(0), 0)
    const after = rates(state(4, { tokens: 5000, open: 6 }), 10_000)
    assert.equal(after.endedPerMinute, 24)
    assert.equal(after.tokensPerSecond, 500)
    assert.equal(after.secondsLeft, 15)
  })

  it('forget what is older than half a minute', () => {
    const rates = createRates()
    rates(state(0), 0)
    rates(state(100, { tokens: 100 }), 10_000)
    assert.equal(rates(state(100, { tokens: 100 }), 30_000).endedPerMinute, 200)
    const later = rates(state(100, { tokens: 100, open: 1 }), 40_001)
    assert.deepEqual([later.endedPerMinute, later.tokensPerSecond, later.secondsLeft], [0, 0, null])
  })

  it('take every way in which a problem ends, and no passing on', () => {
    const stages = [
      stageState('screen', { emitted: 50, rejected: 3 }),
      stageState('verify', { emitted: 40, dead: 2 }),
      stageState('curate', { emitted: 20, rejected: 5 }),
    ]
    assert.equal(createRates()(runSnapshot({ stages }), 0).ended, 30)
  })

  it('expect the problems that are not made yet and those on their way', () => {
    const rates = createRates()
    rates(state(0, { made: 0 }), 0)
    const stages = [stageState('screen', { running: 4, queued: 6 }), stageState('curate', { emitted: 20 })]
    const half = rates(runSnapshot({ made: 130, total: 200, stages }), 10_000)
    assert.equal(half.secondsLeft, 40)
  })

  it('expect of a replay what the share of its range that is read lets expect', () => {
    const rates = createRates()
    const at = (ended: number, read: number | null) => ({ ...state(ended, { made: ended, total: null }), read })
    assert.equal(rates(at(0, 0), 0).secondsLeft, null)
    assert.equal(rates(at(10, 0.25), 10_000).secondsLeft, 30)
  })

  it('expect no end of a run without a total, and none of one that is through', () => {
    const endless = createRates()
    endless(state(0, { total: null }), 0)
    assert.equal(endless(state(9, { total: null }), 1000).secondsLeft, null)
    const through = createRates()
    through(state(200), 0)
    assert.equal(through(state(200), 60_000).secondsLeft, 0)
  })

  it('are never negative or infinite, whatever the looks', () => {
    const look = fc.record({ wait: fc.nat(60_000), ended: fc.nat(50), tokens: fc.nat(5000), open: fc.nat(20) })
    fc.assert(
      fc.property(fc.array(look, { minLength: 1, maxLength: 40 }), (looks) => {
        const rates = createRates()
        let [at, ended, tokens] = [0, 0, 0]
        for (const each of looks) {
          at += each.wait
          ended += each.ended
          tokens += each.tokens
          const { endedPerMinute, tokensPerSecond, secondsLeft } = rates(state(ended, { tokens, open: each.open }), at)
          for (const figure of [endedPerMinute, tokensPerSecond, secondsLeft ?? 0]) {
            assert.ok(Number.isFinite(figure) && figure >= 0, String(figure))
          }
        }
      }),
    )
  })

  it('count the records of the stages and sinks of a process that has a part of the run, and guess no end', () => {
    const rates = createRates()
    const at = (emitted: number, written: number) =>
      runSnapshot({
        here: { leads: true, left: 0 },
        ...{ made: 200, produced: 'total' as const },
        stages: [stageState('answer', { emitted, rejected: 1 }), stageState('sample', { dead: 1 })],
        sinks: [sinkState('json', { written })],
      })
    rates(at(0, 0), 0)
    const later = rates(at(5, 3), 60_000 / 4)
    assert.deepEqual([later.ended, later.endedPerMinute, later.secondsLeft], [10, 32, null])
  })
})
