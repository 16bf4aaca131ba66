// One test runs the cases of every curation rule; and the config of the rules does what docs and defaults say.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Case, CurationRule, Facts } from '../../../processors/curation/rule.ts'
import {
  changed,
  forRejected,
  gatesOf,
  ruleChangesConfig,
  RULES,
  rulesConfig,
} from '../../../processors/curation/rules.ts'

const honest: Facts = {
  solution: 'Two and three make five, so the answer is \\boxed{5}.',
  thought: null,
  finalAnswer: '5',
  tokens: 20,
  rewards: {},
  problem: { language: 'en', tags: null, passRate: 0.5, passRateDifficulty: 'medium' },
}

function factsOf({ given: { problem, ...rest } }: Case<unknown>): Facts {
  return { ...honest, ...rest, problem: { ...honest.problem, ...problem } }
}

const rules = Object.entries(RULES) as [string, CurationRule<unknown>][]

describe('each curation rule', () => {
  for (const [name, each] of rules) {
    const { reason, cases, setting, initially } = each
    it(`${name}: refuses and lets pass as its own cases say`, () => {
      assert.match(reason, /^[a-z]+(-[a-z]+)*$/)
      assert.deepEqual([...new Set(cases.map(({ refused }) => refused))].sort(), [false, true], 'cases of both kinds')
      for (const one of cases) {
        const parsed = setting.parse(one.setting)
        assert.equal(each.seen(factsOf(one), parsed) !== null, one.refused, JSON.stringify(one))
      }
    })
    it(`${name}: lets an honest short solution pass by its default`, () => {
      if (initially !== null) assert.equal(each.seen(honest, initially), null)
    })
  }

  it('has a reason of its own', () => {
    assert.equal(new Set(rules.map(([, { reason }]) => reason)).size, rules.length)
  })

  it('takes a time that grows as the text, whatever the text', () => {
    const hostile = [
      '\\boxed{'.repeat(30_000),
      '\\['.repeat(100_000),
      ' '.repeat(300_000),
      '*_'.repeat(100_000),
      '```\n'.repeat(60_000),
      'as an ai '.repeat(30_000),
    ]
    for (const solution of hostile)
      for (const [, each] of rules) if (each.initially !== null) each.seen({ ...honest, solution }, each.initially)
  })
})

describe('the config of the rules', () => {
  it('switches rules on and off, and changes them for one use', () => {
    const base = rulesConfig.parse({ boxed: true, refusalPhrase: null, length: { maxCharacters: 9 } })
    const reasons = gatesOf(base).map(({ reason }) => reason)
    assert.deepEqual(reasons, ['control-tokens', 'unclosed', 'open-end', 'repetition', 'length', 'no-box'])
    const changes = ruleChangesConfig.parse({ boxed: false, thought: 'required', length: null })
    const after = gatesOf(changed(base, changes)).map(({ reason }) => reason)
    assert.deepEqual(after, ['control-tokens', 'unclosed', 'open-end', 'repetition', 'thought'])
  })

  it('spares rejected responses the rules that ask for a good one', () => {
    const base = rulesConfig.parse({ rewards: { rm: 1 } })
    assert.ok(gatesOf(base).some(({ reason }) => reason === 'reward-floor'))
    assert.ok(!gatesOf(forRejected(base)).some(({ reason }) => reason === 'reward-floor'))
  })

  it('refuses unknown rules and impossible windows', () => {
    assert.throws(() => rulesConfig.parse({ boxd: true }), /boxd/)
    assert.throws(() => rulesConfig.parse({ passRate: { least: 0.9, most: 0.1 } }), /least is above most/)
  })
})
