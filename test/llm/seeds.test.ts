// Seeds: ranges that do not meet, the same again after a restart, and the order that recordings rely on.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { problemSeed, questionSeed, SEEDS_PER_PROBLEM } from '../../llm/seeds.ts'

const kinds = ['answer', 'sample', 'tag', 'judge'] as const

test('no seed of a run is used twice: questions by slot and choice, the rest by problem, kind and index', () => {
  fc.assert(
    fc.property(
      fc.nat(2 ** 40),
      fc.integer({ min: 1, max: 16 }),
      fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 32 }),
      (base, choices, problems, samples) => {
        const seen = new Set<number>()
        let count = 0
        const use = (seed: number): void => {
          assert.ok(Number.isSafeInteger(seed) && seed >= 0)
          seen.add(seed)
          count += 1
        }
        for (let slot = 0; slot < 50; slot += 1)
          for (let choice = 0; choice < choices; choice += 1) use(questionSeed(base, slot, choices) + choice)
        for (const problem of problems)
          for (const kind of kinds)
            for (let index = 0; index < samples; index += 1) use(problemSeed(kind, problem, index))
        assert.equal(seen.size, count)
      },
    ),
  )
})

test('a repeat has the same seed', () => {
  assert.equal(
    problemSeed('sample', '0190b7a4-0000-5000-8000-000000000000', 3),
    problemSeed('sample', '0190b7a4-0000-5000-8000-000000000000', 3),
  )
  assert.equal(questionSeed(0, 7, 4), 28)
})

test('samples begin at a multiple of 64 and count up; slots count on from one another', () => {
  fc.assert(
    fc.property(fc.uuid(), fc.integer({ min: 0, max: 63 }), (problem, index) => {
      assert.equal(problemSeed('sample', problem) % 64, 0)
      assert.equal(problemSeed('sample', problem, index) % 64, index)
    }),
  )
  assert.equal(questionSeed(100, 3, 4) + 4, questionSeed(100, 4, 4))
})

test('what has no seed is refused', () => {
  assert.throws(() => problemSeed('sample', 'x', SEEDS_PER_PROBLEM), RangeError)
  assert.throws(() => problemSeed('sample', 'x', -1), RangeError)
  assert.throws(() => questionSeed(-1, 0, 1), RangeError)
  assert.throws(() => questionSeed(2 ** 50, 0, 1), RangeError)
  assert.throws(() => questionSeed(0.5, 0, 1), RangeError)
})
