// Holds analytics/forecast.ts: totals from a few problems, intervals that hold what they promise, the whole bill.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { buildForecast } from '../../analytics/forecast.ts'
import type { Plan, ProblemCost } from '../../analytics/forecast.ts'
import { estimateRatio, estimateTotal, student } from '../../analytics/forecast/estimate.ts'
import { renderForecast } from '../../analytics/forecast/render.ts'
import { UsageFault } from '../../schemas/failure.ts'
import { usage } from '../cli/run-snapshot.ts'

const near = (actual: number, expected: number, within = 1e-9): void => {
  assert.ok(Math.abs(actual - expected) <= within * Math.max(1, Math.abs(expected)), `${actual}, not ${expected}`)
}

/** Numbers from 0 to 1, the same in every run (mulberry32). */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A third of the problems ends early and cheap; the others cost 1 to 6 thousand tokens. */
const costs = (random: () => number, count: number): number[] =>
  Array.from({ length: count }, () => (random() < 1 / 3 ? 80 : 1000 + 5000 * random() ** 2))

describe('estimates', () => {
  it('know Student’s t', () => {
    for (const [degrees, point] of [
      [3, 3.182],
      [9, 2.262],
      [19, 2.093],
      [199, 1.972],
    ] as const)
      near(student(degrees), point, 0.01)
  })

  it('hold the run’s own total in 95 of 100 cases', () => {
    const random = chance(7)
    let held = 0
    for (let trial = 0; trial < 1000; trial += 1) {
      const probe = costs(random, 20)
      const total = costs(random, 100).reduce((sum, cost) => sum + cost, 0)
      const { low, high } = estimateTotal(probe, Array<number>(20).fill(1), 100)
      if (low <= total && total <= high) held += 1
    }
    assert.ok(held >= 930 && held <= 975, `${held} of 1000`)
  })

  it('hold the cost of a row in about 95 of 100 cases', () => {
    const random = chance(11)
    let held = 0
    const truth = (80 / 3 + (2 / 3) * (1000 + 5000 / 3)) / ((2 / 3) * 0.75)
    for (let trial = 0; trial < 1000; trial += 1) {
      const probe = costs(random, 40)
      const rows = probe.map((cost) => (cost > 80 && random() < 0.75 ? 1 : 0))
      const { low, high } = estimateRatio(probe, rows)
      if (low <= truth && truth <= high) held += 1
    }
    assert.ok(held >= 920 && held <= 980, `${held} of 1000`)
  })

  it('are exact where nothing varies', () => {
    assert.deepEqual(estimateTotal([5, 5, 5, 5], [1, 1, 1, 1], 10), { value: 50, low: 50, high: 50 })
  })
})

const problem = (tokens: number, accepted: boolean): ProblemCost => ({
  roles: {
    sampler: {
      ...{ promptTokens: 10, cachedTokens: 0, completionTokens: tokens, sequenceSeconds: tokens / 100 },
      usd: tokens / 1000,
    },
  },
  sft: accepted,
  preference: false,
})
const PROBE = [problem(100, true), problem(300, true), problem(200, false), problem(400, true)]
const SAMPLER = { ...usage(1000, 1), promptTokens: 40, sequenceSeconds: 10 }
const ENDPOINTS = [
  { url: 'http://a', limit: 10, weight: 1 },
  { url: 'http://b', limit: 10, weight: 3 },
]

const forecast = (plan: Partial<Plan>, more: Partial<Parameters<typeof buildForecast>[0]> = {}) =>
  buildForecast({
    problems: PROBE,
    usage: { sampler: SAMPLER },
    plan: { total: null, accept: null, ...plan },
    callers: [{ role: 'sampler', price: undefined, endpoints: ENDPOINTS }],
    ...more,
  })

describe('the forecast', () => {
  it('is of all problems wanted', () => {
    const { endsBy, problems, all, rows, perSftRow, perPreferenceRow, hours, busiest } = forecast({ total: 400 })
    assert.deepEqual([endsBy, problems], ['total', 400])
    near(all.tokens.value, 100 * 1040)
    near(all.usd?.value ?? 0, 100)
    assert.ok(all.usd!.low < 100 && all.usd!.high > 100)
    near(rows.sft.value, 300)
    near(perSftRow!.usd!.value, 1 / 3)
    assert.equal(perPreferenceRow, null)
    // b has three quarters of 1,000 seconds of sequences, ten at once.
    near(hours.value, 75 / 3600)
    assert.deepEqual(busiest, { url: 'http://b', limit: 10 })
  })

  it('is of so many problems as the rows wanted take, unless the total ends it before', () => {
    const accept = { sft: 30, preference: null, minimum: 0 }
    const wanted = forecast({ accept })
    assert.deepEqual([wanted.endsBy, wanted.problems], ['sft', 40])
    near(wanted.rows.sft.value, 30)
    assert.equal(wanted.rows.sft.low, 30)
    near(wanted.all.usd?.value ?? 0, 10)
    assert.equal(forecast({ accept, total: 20 }).endsBy, 'total')
    assert.equal(forecast({ accept: { ...accept, minimum: 50 } }).problems, 50)
    const never = { sft: null, preference: 5, minimum: 0 }
    assert.throws(() => forecast({ accept: never }), UsageFault)
    assert.equal(forecast({ accept: never, total: 20 }).endsBy, 'total')
  })

  it('has the whole bill in it: what no record carries too', () => {
    const twice = { ...SAMPLER, completionTokens: 2000, usd: 2 }
    const tagger = { ...usage(40), promptTokens: 0 }
    const { all, roles, unpriced } = forecast({ total: 4 }, { usage: { sampler: twice, tagger } })
    near(all.usd?.value ?? 0, 2)
    near(all.completionTokens.value, 2040)
    assert.deepEqual(
      roles.map(({ role, usd }) => [role, usd === null]),
      [
        ['sampler', false],
        ['tagger', true],
      ],
    )
    assert.deepEqual(unpriced, ['tagger'])
  })

  it('takes GPU hours as full engines cost them, whatever the probe left idle', () => {
    const price = { per: 'gpu-hour', usd: 3600, gpus: 2 } as const
    const { all } = forecast({ total: 4 }, { callers: [{ role: 'sampler', price, endpoints: ENDPOINTS }] })
    // 10 seconds of sequences, ten at once: 1 second of an engine at 2 dollars.
    near(all.usd?.value ?? 0, 2)
  })

  it('says on the screen what it found and what it assumed', () => {
    const text = renderForecast(forecast({ total: 400 }))
    assert.match(text, /^ +forecast +from +to\nproblems +400\n/)
    assert.match(text, /\ncost +\$100\.00 +\$[\d.]+ +\$[\d.]+\n {2}sampler +\$100\.00/)
    assert.match(text, /\ncost of an SFT row +\$0\.33/)
    assert.match(text, /95 % interval, by the spread of the 4 problems/)
    assert.match(text, /http:\/\/b, the engine with the most to do, by the 10 that it runs at once/)
    assert.doesNotMatch(text, /preference row +/)
  })
})
