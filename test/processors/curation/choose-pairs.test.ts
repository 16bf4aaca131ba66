import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Candidate } from '../../../processors/curation/candidates.ts'
import { lengthOf } from '../../../processors/curation/choose-answer.ts'
import { choosePairs, type Pair, type PairRules } from '../../../processors/curation/choose-pairs.ts'
import { candidate, candidates, pairRules, verification, type Given } from './candidates.ts'

const WRONG: Given = { verdict: 'different', finalAnswer: '6' }

function chosen(all: readonly Candidate[], rules: PairRules, over = {}): string[] | string {
  const choice = choosePairs(all, verification(over), rules)
  if ('refusal' in choice) return choice.refusal.reason
  const nameOf = ({ response }: Candidate): string => response.id.slice(2)
  return choice.chosen.map((pair) => `${nameOf(pair.chosen)} > ${nameOf(pair.rejected)}`)
}

const of = (...given: Given[]): Candidate[] => given.map((each, index) => candidate(index, each))

describe('several pairs of a problem', () => {
  it('use responses that have no pair yet first, then the greatest margin', () => {
    const all = of({ reward: 5 }, { reward: 4 }, { ...WRONG, reward: 1 }, { ...WRONG, reward: 0 })
    assert.deepEqual(chosen(all, pairRules({ count: 2 })), ['sample/0 > sample/3', 'sample/1 > sample/2'])
    assert.deepEqual(chosen(all, pairRules({ count: 9 })), [
      'sample/0 > sample/3',
      'sample/1 > sample/2',
      'sample/0 > sample/2',
      'sample/1 > sample/3',
    ])
  })

  it('never say the same twice', () => {
    const all = of({ solution: 'right' }, { solution: 'right' }, { ...WRONG, reward: -1 })
    assert.deepEqual(chosen(all, pairRules({ count: 9 })), ['sample/1 > sample/2'])
  })
})

describe('length control', () => {
  const all = of(
    { reward: 5, solution: '1'.repeat(90) },
    { reward: 4, solution: '1'.repeat(20) },
    { ...WRONG, reward: 0, solution: '2'.repeat(10) },
  )
  it('takes the next best pair that satisfies it', () => {
    assert.deepEqual(chosen(all, pairRules()), ['sample/0 > sample/2'])
    assert.deepEqual(chosen(all, pairRules({ maxLengthRatio: 2 })), ['sample/1 > sample/2'])
    assert.equal(chosen(all, pairRules({ maxLengthRatio: 1.9 })), 'length-ratio')
  })
  it('works the other way too, and counts thoughts', () => {
    const long = of({ solution: 'x', reward: 2 }, { ...WRONG, reward: 0, solution: 'y', reasoning: 'z'.repeat(9) })
    assert.equal(chosen(long, pairRules({ maxRejectedLengthRatio: 9 })), 'length-ratio')
    assert.deepEqual(chosen(long, pairRules({ maxRejectedLengthRatio: 10 })), ['sample/0 > sample/1'])
  })
})

describe('correctness', () => {
  it('never pairs two answers of one class, however they were judged', () => {
    assert.equal(chosen(of({ reward: 2 }, { ...WRONG, answerClass: 0, reward: 0 }), pairRules()), 'same-class')
    assert.deepEqual(
      chosen(of({ reward: 2 }, { ...WRONG, answerClass: 0, reward: 0 }, { ...WRONG, reward: 1 }), pairRules()),
      ['sample/0 > sample/2'],
    )
  })
  it('then reward fills up with pairs by reward, never a worse verdict over a better one', () => {
    const rules = pairRules({ pairs: 'correctness-then-reward', count: 2 })
    assert.deepEqual(chosen(of({ reward: 3 }, { reward: 1 }), rules), ['sample/0 > sample/1'])
    assert.deepEqual(chosen(of({ reward: 3 }, { reward: 1 }, { ...WRONG, reward: 0 }), rules), [
      'sample/0 > sample/2',
      'sample/1 > sample/2',
    ])
    assert.equal(chosen(of({ reward: 1 }, { ...WRONG, reward: 3 }), rules), 'margin-too-small')
  })
})

describe('process', () => {
  const all = of({ steps: [0.9, 0.6] }, { steps: [0.9, 0.9, 0.4, 0.9] }, { ...WRONG, steps: [0.9, 0.3, 0.9] })
  const rules = (process: object, more = {}): PairRules =>
    pairRules({ pairs: 'process', process: { reward: 'prm', ...process }, ...more })
  const first = (choice: ReturnType<typeof choosePairs>): Pair => {
    assert.ok('chosen' in choice)
    return choice.chosen[0]!
  }
  it('goes by the least score of a step', () => {
    const pair = first(choosePairs(all, verification(), rules({})))
    assert.deepEqual(
      [pair.chosen.response.index, pair.rejected.response.index, pair.chosenValue, pair.rejectedValue, pair.valueName],
      [0, 2, 0.6, 0.3, 'prm.minimum-step'],
    )
  })
  it('or by where the first bad step stands', () => {
    const pair = first(choosePairs(all, verification(), rules({ measure: 'first-bad-step' })))
    assert.deepEqual([pair.chosenValue, pair.rejectedValue, pair.valueName], [1, 1 / 3, 'prm.first-bad-step'])
  })
  it('never chooses a wrong one, and needs steps', () => {
    const wrong = of({ ...WRONG, steps: [0.9] }, { ...WRONG, steps: [0.1] })
    assert.equal(chosen(wrong, rules({})), 'no-correct-answer')
    assert.equal(chosen(of({}, WRONG), rules({})), 'no-reward')
    assert.equal(chosen(of({ steps: [0.1] }, { ...WRONG, steps: [0.9] }), rules({})), 'margin-too-small')
  })
})

describe('rules', () => {
  it('keep responses out on both sides, and the next best takes their place', () => {
    const all = of({ reward: 9, solution: 'it is:' }, { reward: 2 }, { ...WRONG, reward: 0 })
    const choice = choosePairs(all, verification(), pairRules())
    assert.deepEqual(choice.dropped, { 'open-end': 1 })
    assert.deepEqual(chosen(all, pairRules()), ['sample/1 > sample/2'])
  })
  it('name the rule that left too few', () => {
    assert.equal(chosen(of({ solution: 'it is:' }, WRONG), pairRules()), 'open-end')
    assert.equal(chosen(of({}, WRONG), pairRules({}, { boxed: true })), 'no-box')
  })
})

describe('what pairs cost', () => {
  const dropped = (all: readonly Candidate[], rules: PairRules, over = {}): Record<string, number> => ({
    ...choosePairs(all, verification(over), rules).dropped,
  })
  const WEAK = { winningShare: 0.4 }

  it('counts the responses that could still have met where none meet', () => {
    const unknown: Given = { verdict: 'unknown' }
    const cases: [string, Candidate[], PairRules, object, number][] = [
      ['too-few-answers', of({}, { complete: false }), pairRules(), {}, 1],
      ['no-correct-answer', of(WRONG, WRONG, unknown), pairRules(), {}, 3],
      ['no-wrong-answer', of({}, {}, unknown, {}), pairRules(), {}, 4],
      ['low-agreement', of({}, {}, WRONG, unknown, WRONG), pairRules(), WEAK, 4],
      ['no-reward', of({ reward: null }, { reward: null }, { ...WRONG, reward: 1 }), pairRules(), {}, 2],
      ['same-class', of({}, { ...WRONG, answerClass: 0 }, unknown), pairRules(), {}, 2],
      ['same-text', of({ solution: 'x' }, { ...WRONG, solution: 'x' }), pairRules(), {}, 2],
      ['margin-too-small', of({ reward: 2 }, { reward: 1 }, { ...WRONG, reward: 1 }), pairRules({ margin: 3 }), {}, 3],
      [
        'length-ratio',
        of({ reward: 2 }, { ...WRONG, reward: 1, solution: 'x' }),
        pairRules({ maxLengthRatio: 1 }),
        {},
        2,
      ],
    ]
    for (const [reason, all, rules, over, count] of cases) {
      assert.equal(chosen(all, rules, over), reason)
      const { [reason]: counted, ...others } = dropped(all, rules, over)
      assert.deepEqual(
        [counted, others],
        [count, reason === 'too-few-answers' ? { 'no-complete-answer': 1 } : {}],
        reason,
      )
    }
  })

  it('says of the vote what it counts', () => {
    const choice = choosePairs(of({}, {}, WRONG, WRONG), verification(WEAK), pairRules())
    assert.ok('refusal' in choice)
    assert.match(choice.refusal.detail, /^4 of 4 responses are kept out: 0\.400 of the votes agree/)
    assert.deepEqual(choice.dropped, { 'low-agreement': 4 })
  })

  it('counts no response for its verdict where there is a pair, of whatever strategy', () => {
    assert.deepEqual(dropped(of({ reward: 2 }, WRONG, { verdict: 'unknown' }), pairRules()), {})
    const right = of({ reward: 3 }, { reward: 1 })
    assert.deepEqual(dropped(right, pairRules({ pairs: 'correctness-then-reward' })), {})
    assert.deepEqual(dropped(right, pairRules()), { 'no-wrong-answer': 2 })
  })

  it('counts a response once, at its rule', () => {
    const all = of({ solution: 'it is:' }, {}, {})
    assert.deepEqual(dropped(all, pairRules()), { 'open-end': 1, 'no-wrong-answer': 2 })
  })
})

describe('whatever comes', () => {
  const settings = fc.record({
    pairs: fc.constantFrom('correctness', 'reward', 'process', 'correctness-then-reward'),
    count: fc.integer({ min: 1, max: 5 }),
    margin: fc.constantFrom(0, 0.2, 1, 2),
    maxLengthRatio: fc.constantFrom(null, 1, 2),
    maxRejectedLengthRatio: fc.constantFrom(null, 1, 2),
    process: fc.record({
      reward: fc.constant('prm'),
      measure: fc.constantFrom('minimum-step' as const, 'first-bad-step' as const),
    }),
  })
  const against = fc.constantFrom('vote' as const, 'reference' as const, 'none' as const)

  it('no pair breaks what was asked for, and the order of the candidates makes no difference', () => {
    let pairs = 0
    fc.assert(
      fc.property(candidates, settings, against, fc.infiniteStream(fc.nat()), (all, wish, known, random) => {
        const rules = pairRules(wish)
        const choice = choosePairs(all, verification({ against: known }), rules)
        const shuffled = all
          .map((each) => ({ each, at: random.next().value as number }))
          .toSorted((left, right) => left.at - right.at)
          .map(({ each }) => each)
        assert.deepEqual(choosePairs(shuffled, verification({ against: known }), rules), choice)
        const taken = Object.values(choice.dropped).reduce((sum, number) => sum + number, 0)
        assert.ok(taken <= all.length)
        if ('refusal' in choice) {
          assert.ok(taken > 0 || all.length === 0, choice.refusal.reason)
          return
        }
        assert.ok(choice.chosen.length >= 1 && choice.chosen.length <= wish.count)
        const texts = choice.chosen.map((pair) => `${pair.chosen.verdict.solution} > ${pair.rejected.verdict.solution}`)
        assert.equal(new Set(texts).size, texts.length)
        for (const pair of choice.chosen) {
          pairs += 1
          assertKept(pair, rules)
        }
      }),
      { numRuns: 3000 },
    )
    assert.ok(pairs > 500, `only ${pairs} pairs were seen`)
  })

  function assertKept(
    { chosen: better, rejected: worse, chosenValue, rejectedValue, strategy }: Pair,
    rules: PairRules,
  ): void {
    for (const { verdict } of [better, worse]) {
      assert.ok(verdict.complete && verdict.finalAnswer !== null)
      assert.ok(!verdict.solution.endsWith(':'))
    }
    assert.notEqual(better.verdict.solution, worse.verdict.solution)
    assert.ok(chosenValue > rejectedValue && chosenValue - rejectedValue >= rules.margin)
    assert.ok(lengthOf(better) <= lengthOf(worse) * (rules.maxLengthRatio ?? Infinity))
    assert.ok(lengthOf(worse) <= lengthOf(better) * (rules.maxRejectedLengthRatio ?? Infinity))
    if (strategy === 'correctness') {
      assert.deepEqual([better.verdict.verdict, worse.verdict.verdict], ['equal', 'different'])
      assert.ok(better.verdict.answerClass === -1 || better.verdict.answerClass !== worse.verdict.answerClass)
    } else if (rules.pairs !== 'reward') {
      assert.ok(
        better.verdict.verdict === worse.verdict.verdict ||
          better.verdict.verdict === 'equal' ||
          worse.verdict.verdict === 'different',
      )
    }
  }
})
