import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Candidate } from '../../../processors/curation/candidates.ts'
import { answerChoiceConfig, chooseAnswer, type AnswerRules } from '../../../processors/curation/choose-answer.ts'
import { difficultyOf, PASS_RATE_LEVELS } from '../../../processors/curation/pass-rate.ts'
import { gatesOf, rulesConfig } from '../../../processors/curation/rules.ts'
import type { VerdictName } from '../../../schemas/records.ts'
import { candidate, candidates, verification, type Given } from './candidates.ts'

function answerRules(settings: object = {}, rules: object = {}): AnswerRules {
  const gates = gatesOf(rulesConfig.parse(rules))
  return { ...answerChoiceConfig.parse(settings), reward: 'rm', minAgreement: 0.5, gates }
}

const of = (...given: Given[]): Candidate[] => given.map((each, index) => candidate(index, each))

function chosen(all: readonly Candidate[], rules: AnswerRules, over = {}): number | string {
  const choice = chooseAnswer(all, verification(over), rules)
  return 'refusal' in choice ? choice.refusal.reason : choice.chosen.response.index
}

describe('the best of n', () => {
  const all = of(
    { verdict: 'unknown', voteShare: 0.9, reward: 9 },
    { voteShare: 0.2, reward: 8 },
    { voteShare: 0.5, reward: 1, solution: 'a long solution' },
    { voteShare: 0.5, reward: 2, solution: 'a longer solution' },
  )
  it('goes by verdict, then vote, then reward', () => {
    assert.equal(chosen(all, answerRules({ prefer: 'best', verdicts: ['equal', 'unknown'] })), 3)
  })
  it('goes by whatever the config names, in its order', () => {
    const by = (...criteria: string[]): AnswerRules =>
      answerRules({ prefer: 'best', verdicts: ['equal', 'unknown'], by: criteria })
    assert.equal(chosen(all, by('reward')), 0)
    assert.equal(chosen(all, by('verdict', 'reward')), 1)
    assert.equal(chosen(all, by('verdict', 'vote', 'length')), 2)
    assert.equal(chosen(all, answerRules({ prefer: 'reward', verdicts: ['equal', 'unknown'] })), 0)
  })
})

describe('rules', () => {
  it('take responses out, and say how many even where one is left', () => {
    const all = of({ solution: 'it is:' }, { solution: 'As an AI, I say 5.' }, { complete: false }, {})
    const choice = chooseAnswer(all, verification(), answerRules())
    assert.ok('chosen' in choice)
    assert.equal(choice.chosen.response.index, 3)
    assert.deepEqual(choice.dropped, { 'no-complete-answer': 1, 'open-end': 1, 'refusal-phrase': 1 })
  })
  it('name themselves where they leave nobody', () => {
    const all = of({ solution: 'it is:' }, { verdict: 'different' })
    const choice = chooseAnswer(all, verification(), answerRules())
    assert.ok('refusal' in choice)
    assert.equal(choice.refusal.reason, 'open-end')
    assert.equal(choice.refusal.detail, '1 of 1 responses are kept out: ends in "it is:"')
    assert.deepEqual(choice.dropped, { 'no-correct-answer': 1, 'open-end': 1 })
  })
})

it('whatever comes: what is chosen passes, in any order of the candidates, and each response is counted once', () => {
  const settings = fc.record({
    prefer: fc.constantFrom('answer', 'best', 'reward'),
    minReward: fc.constantFrom(null, 0, 2),
    by: fc.uniqueArray(fc.constantFrom('verdict', 'vote', 'reward', 'length'), { minLength: 1 }),
    verdicts: fc.constantFrom<VerdictName[]>(['equal'], ['equal', 'unknown']),
  })
  fc.assert(
    fc.property(candidates, settings, (all, wish) => {
      const rules = answerRules(wish)
      const choice = chooseAnswer(all, verification(), rules)
      assert.deepEqual(chooseAnswer(all.toReversed(), verification(), rules), choice)
      const taken = Object.values(choice.dropped).reduce((sum, number) => sum + number, 0)
      if ('refusal' in choice) {
        assert.equal(taken, all.length)
        return
      }
      const { verdict, reward } = choice.chosen
      assert.ok(taken < all.length)
      assert.ok(verdict.complete && verdict.finalAnswer !== null && wish.verdicts.includes(verdict.verdict))
      assert.ok(!verdict.solution.endsWith(':'))
      if (wish.minReward !== null) assert.ok(reward !== null && reward >= wish.minReward)
    }),
    { numRuns: 2000 },
  )
})

it('a pass rate tells the difficulty', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6, 7, 8].map((right) => difficultyOf(right / 8, PASS_RATE_LEVELS)),
    ['very hard', 'very hard', 'hard', 'hard', 'medium', 'medium', 'easy', 'easy', 'very easy'],
  )
})
