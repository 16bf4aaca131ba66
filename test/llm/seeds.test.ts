// Seeds: no two calls of a run with the same prompt share one, the same again after a restart, and the order that
// recordings rely on.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  CONTINUATIONS,
  LARGEST_BASE,
  MOST_CHOICES,
  MOST_TURNS,
  problemSeed,
  questionSeed,
  SECOND_CALL,
  SEEDS_PER_PROBLEM,
  SEEDS_PER_TURN,
  stepSeed,
  turnSeed,
} from '../../llm/seeds.ts'

const kinds = ['answer', 'sample', 'tag', 'judge', 'follow-up', 'turn'] as const
const steps = fc.uniqueArray(fc.integer({ min: SECOND_CALL, max: CONTINUATIONS.last }), { maxLength: 5 })

/** Collects the seeds of calls; each must be new. */
function uses(): (seed: number, call: string) => void {
  const seen = new Map<number, string>()
  return (seed, call) => {
    assert.ok(Number.isSafeInteger(seed) && seed >= 0, `${seed} of ${call}`)
    assert.equal(seen.get(seed), undefined, `${call} has the seed ${seed} of ${seen.get(seed)}`)
    seen.set(seed, call)
  }
}

describe('no two calls share a seed', () => {
  test('questions, whatever the total grew to and the choices were changed to; answers, samples, tags, judgements', () => {
    fc.assert(
      fc.property(
        fc.nat(LARGEST_BASE),
        fc.uniqueArray(fc.integer({ min: 1, max: MOST_CHOICES }), { minLength: 1, maxLength: 3 }),
        fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 32 }),
        steps,
        (base, choicesOfRun, problems, indexes, further) => {
          const use = uses()
          const call = (seed: number, name: string): void => {
            use(seed, name)
            for (const step of further) use(stepSeed(seed, step), `${name}, step ${step}`)
          }
          // One prompt for all of them: every slot of every number of choices that the run ever had.
          for (const choices of choicesOfRun)
            for (let slot = 0; slot < 12; slot += 1)
              for (let choice = 0; choice < choices; choice += 1)
                call(questionSeed(base, slot, choices) + choice, `slot ${slot} of ${choices}, choice ${choice}`)
          for (const problem of problems)
            for (const kind of kinds)
              for (let index = 0; index < indexes; index += 1)
                call(problemSeed(kind, problem, index), `${kind} ${index} of ${problem}`)
        },
      ),
      { numRuns: 40 },
    )
  })

  test('further turns: every try and every answer of every turn', () => {
    const use = uses()
    for (const kind of ['follow-up', 'turn'] as const)
      for (let turn = 2; turn <= MOST_TURNS; turn += 1)
        for (let index = 0; index < SEEDS_PER_TURN; index += 1)
          use(turnSeed(kind, 'a-problem', turn, index), `${kind} ${index} of turn ${turn}`)
    for (const [turn, index] of [
      [1, 0],
      [MOST_TURNS + 1, 0],
      [2, SEEDS_PER_TURN],
      [2, -1],
    ] as const)
      assert.throws(() => turnSeed('turn', 'a-problem', turn, index), RangeError)
  })

  test('all steps of all indexes of one problem', () => {
    const use = uses()
    for (const kind of kinds)
      for (let index = 0; index < SEEDS_PER_PROBLEM; index += 1) {
        const seed = problemSeed(kind, '0190b7a4-0000-5000-8000-000000000000', index)
        use(seed, `${kind} ${index}`)
        for (let step = SECOND_CALL; step <= CONTINUATIONS.last; step += 1)
          use(stepSeed(seed, step), `${kind} ${index} step ${step}`)
      }
  })

  test('the ends of the space are safe integers', () => {
    for (const choices of [1, 3, 4, MOST_CHOICES]) {
      const slots = Math.floor((2 ** 36 - LARGEST_BASE) / choices) - 1
      const last = questionSeed(LARGEST_BASE, slots, choices) + choices - 1
      assert.ok(Number.isSafeInteger(stepSeed(last, CONTINUATIONS.last)))
      assert.ok(stepSeed(last, CONTINUATIONS.last) < problemSeed('answer', 'any'))
    }
    const last = problemSeed('judge', 'any', SEEDS_PER_PROBLEM - 1)
    assert.ok(Number.isSafeInteger(stepSeed(last, CONTINUATIONS.last)))
  })
})

test('a call that is repeated after a crash has the seed it had: these are for ever', () => {
  assert.deepEqual(
    [questionSeed(0, 7, 4), questionSeed(5, 7, 8), stepSeed(28, SECOND_CALL), stepSeed(28, CONTINUATIONS.first)],
    [28, 4 * 2 ** 36 + 61, 2 ** 44 + 28, 2 * 2 ** 44 + 28],
  )
  const id = '0190b7a4-0000-5000-8000-000000000000'
  assert.deepEqual(
    kinds.map((kind) => problemSeed(kind, id, 3) - problemSeed('answer', id)),
    kinds.map((_, kind) => kind * 2 ** 50 + 3),
  )
  assert.equal(problemSeed('answer', id), 1126566197705728)
})

test('samples begin at a multiple of 1,024 and count up; slots count on from one another', () => {
  fc.assert(
    fc.property(fc.uuid(), fc.integer({ min: 0, max: SEEDS_PER_PROBLEM - 1 }), (problem, index) => {
      assert.equal(problemSeed('sample', problem) % SEEDS_PER_PROBLEM, 0)
      assert.equal(problemSeed('sample', problem, index) % SEEDS_PER_PROBLEM, index)
    }),
  )
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(1000), fc.integer({ min: 1, max: MOST_CHOICES }), (base, slot, choices) => {
      assert.equal(questionSeed(base, slot, choices) + choices, questionSeed(base, slot + 1, choices))
    }),
  )
})

test('what has no seed is refused', () => {
  assert.throws(() => problemSeed('sample', 'x', SEEDS_PER_PROBLEM), RangeError)
  assert.throws(() => problemSeed('sample', 'x', -1), RangeError)
  assert.throws(() => questionSeed(-1, 0, 1), RangeError)
  assert.throws(() => questionSeed(LARGEST_BASE + 1, 0, 1), RangeError)
  assert.throws(() => questionSeed(0, 2 ** 36, 1), RangeError)
  assert.throws(() => questionSeed(0, 0, MOST_CHOICES + 1), RangeError)
  assert.throws(() => questionSeed(0.5, 0, 1), RangeError)
  assert.throws(() => stepSeed(7, 0), RangeError)
  assert.throws(() => stepSeed(7, CONTINUATIONS.last + 1), RangeError)
  assert.throws(() => stepSeed(stepSeed(7, 1), 1), RangeError)
})
