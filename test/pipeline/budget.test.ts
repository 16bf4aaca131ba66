// Holds pipeline/budget.ts: how many problems a budget leaves room for, and when it is used up.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { configSchema } from '../../configs/schema.ts'
import type { Budget } from '../../pipeline/budget.ts'
import { costOfProblem, createBudgetGuard, payersOf } from '../../pipeline/budget.ts'
import { sumOf } from '../../pipeline/spending.ts'
import type { OwnSpending } from '../../pipeline/spending.ts'

const NONE: Budget = { usd: null, tokens: null, hours: null }
const payers = new Map([
  ['produce', ['questioner']],
  ['sample', ['sampler']],
])

const role = (tokens: number, usd: number | null = null) => {
  return { calls: 1, promptTokens: 0, cachedTokens: 0, completionTokens: tokens, unmeasured: 0, usd }
}

function guardOver(budget: Partial<Budget>, own: Partial<OwnSpending> = {}, pace = { milliseconds: 1, ended: 0 }) {
  const state: OwnSpending = structuredClone({ leadMilliseconds: 0, roles: {}, done: {}, passed: {}, ...own })
  const guard = createBudgetGuard({
    budget: { ...NONE, ...budget },
    spent: () => sumOf([state]),
    payers,
    atOnce: 4,
    pace: () => pace,
  })
  return { guard, state }
}

/** 100 tokens a problem: 10 to make it, 90 for its samples. */
const KNOWN = { roles: { questioner: role(100), sampler: role(900) }, done: { produce: 10, sample: 10 } }

describe('the guard', () => {
  it('leaves everybody alone without a budget', () => {
    const { guard } = guardOver({}, KNOWN)
    assert.deepEqual([guard.room(1_000_000), guard.closed(), guard.reached()], [Infinity, null, null])
  })

  it('begins with a few problems, until the cost of each part is known', () => {
    const { guard } = guardOver({ tokens: 1_000_000 }, { ...KNOWN, done: { produce: 10, sample: 3 } })
    assert.equal(guard.room(0), 32)
    assert.equal(guard.room(30), 2)
  })

  it('leaves room for as many as can be paid to their ends, those on the way included', () => {
    const { guard } = guardOver({ tokens: 3000 }, KNOWN)
    assert.equal(guard.room(0), 18, 'nine tenths of the 2,000 tokens that are left')
    assert.equal(guard.room(15), 3)
    assert.equal(guard.room(25), -7)
    assert.equal(guard.closed(), null)
  })

  it('closes for good when nobody is on the way and the next request does not fit', () => {
    const { guard, state } = guardOver({ tokens: 1399 }, KNOWN)
    assert.equal(guard.room(1), 2)
    assert.equal(guard.closed(), null)
    assert.equal(guard.room(0), 0)
    assert.equal(guard.closed(), 'tokens')
    assert.equal(guard.reached(), null)
    state.roles['sampler'] = role(1300)
    assert.equal(guard.reached(), 'tokens')
  })

  it('counts money by role, and the scarcest budget rules', () => {
    const roles = { questioner: role(100, 1), sampler: role(900, 4) }
    const { guard } = guardOver({ usd: 10, tokens: 1_000_000 }, { ...KNOWN, roles })
    assert.equal(guard.room(0), 9)
  })

  it('stops new problems when those on the way need the hours that are left', () => {
    const own = { leadMilliseconds: 3_600_000 }
    // 60 problems in an hour, and half an hour is left.
    const { guard } = guardOver({ hours: 1.5 }, own, { milliseconds: 3_600_000, ended: 60 })
    assert.equal(guard.room(0), 30)
    assert.equal(guard.reached(), null)
    assert.equal(guardOver({ hours: 1 }, own).guard.reached(), 'hours')
    assert.equal(guardOver({ hours: 1.5 }, own).guard.room(7), Infinity, 'no pace is known yet')
  })

  it('never spends more than the budget, where every problem costs what the ones before did', () => {
    const run = fc.record({
      budget: fc.integer({ min: 1, max: 200_000 }),
      costs: fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 2000 })),
      most: fc.integer({ min: 1, max: 400 }),
    })
    fc.assert(
      fc.property(run, ({ budget, costs: [make, sample], most }) => {
        const { guard, state } = guardOver({ tokens: budget })
        let made = 0
        let through = 0
        const pilot = 32 * (make + sample)
        while (guard.closed() === null && guard.reached() === null) {
          const open = made - through
          const room = Math.min(most, guard.room(open))
          if (room >= 1) made += Math.min(room, 4)
          else if (through < made) through += 1
          else if (guard.closed() === null) assert.fail('nobody is on the way, and it neither opens nor closes')
          state.roles['questioner'] = role(made * make)
          state.roles['sampler'] = role(through * sample)
          Object.assign(state.done, { produce: made, sample: through })
        }
        const end = made * make + made * sample
        assert.ok(end <= Math.max(budget, pilot + 4 * (make + sample)), `${end} of ${budget}`)
      }),
    )
  })
})

describe('costOfProblem', () => {
  it('is what each part spends for each record that it finishes', () => {
    assert.equal(costOfProblem('tokens', KNOWN, payers), 100)
    assert.equal(costOfProblem('usd', KNOWN, payers), 0)
    assert.equal(costOfProblem('tokens', { ...KNOWN, done: {} }, payers), null)
  })
})

describe('payersOf', () => {
  it('are the parts that call models', () => {
    const config = configSchema.parse({ name: 'a-run', stages: { answer: { enabled: false } } })
    assert.deepEqual([...payersOf(config, { kind: 'magpie' }).keys()], ['produce', 'sample'])
    assert.deepEqual([...payersOf(config, { kind: 'jsonl', file: 'a' }).keys()], ['sample'])
    const judge = configSchema.parse({ name: 'a-run', stages: { judge: { enabled: true } } })
    assert.deepEqual(payersOf(judge, { kind: 'jsonl', file: 'a' }).get('judge'), ['judge'])
  })

  it('count further turns apart from what else their roles say', () => {
    const config = configSchema.parse({ name: 'a-run', stages: { converse: { enabled: true } } })
    const payers = payersOf(config, { kind: 'magpie' })
    assert.deepEqual(payers.get('converse'), ['questioner:turns', 'answerer:turns'])
    assert.deepEqual(payers.get('produce'), ['questioner'])
  })
})
