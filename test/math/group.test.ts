// Votes by meaning: classes do not depend on luck, cheap keys spare comparisons, a hostile answer does not spoil the rest.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compareAnswers } from '../../math/compare.ts'
import type { Comparison } from '../../math/contract.ts'
import { groupAnswers } from '../../math/group.ts'

const compare = (left: string, right: string): Promise<Comparison> => Promise.resolve(compareAnswers(left, right))

describe('groupAnswers', () => {
  it('puts every answer into exactly one class, equal values together', async () => {
    const spellings = (value: number): string[] => [
      String(value),
      `${value}.0`,
      `\\frac{${value * 3}}{3}`,
      `x=${value}`,
      `\\sqrt{${value * value}}`,
    ]
    const answer = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.nat({ max: 4 }))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(answer), { maxLength: 12 }), async (picks) => {
        const answers = picks.map((pick) => (pick === null ? null : (spellings(pick[0])[pick[1]] ?? null)))
        const { classOf, classes } = await groupAnswers(answers, compare)
        const members = classes.flatMap((group) => group.members).sort((a, b) => a - b)
        assert.deepEqual(
          members,
          answers.flatMap((text, index) => (text === null ? [] : [index])),
        )
        picks.forEach((first, i) => {
          assert.equal(classOf[i] === -1, first === null)
          picks.forEach((second, j) => {
            if (first !== null && second !== null) assert.equal(classOf[i] === classOf[j], first[0] === second[0])
          })
        })
        const sizes = classes.map((group) => group.members.length)
        assert.deepEqual(
          sizes,
          sizes.toSorted((a, b) => b - a),
        )
        for (const group of classes) assert.equal(group.answer, answers[group.members[0] ?? -1])
      }),
      { numRuns: 60 },
    )
  })

  it('keeps apart what is different, though both equal a third', async () => {
    const { classes } = await groupAnswers(['28', '28\\%', '0.28', '28'], compare)
    assert.deepEqual(classes, [
      { answer: '28', members: [0, 1, 3] },
      { answer: '0.28', members: [2] },
    ])
  })

  it('compares each spelling once and plain repeats never', async () => {
    let calls = 0
    await groupAnswers(['7', '7', '7.0', '\\frac{14}{2}', ' 7 ', '8'], (left, right) => {
      calls += 1
      return compare(left, right)
    })
    assert.equal(calls, 1)
  })

  it('stops asking about an answer that ran out of time twice', async () => {
    const asked: string[] = []
    const { classes } = await groupAnswers(['tower', '$a$', '$b$', '$c$', '$a$ '], (left, right) => {
      asked.push(`${left}|${right}`)
      if (left === 'tower' || right === 'tower') return Promise.resolve({ verdict: 'unknown', reason: 'timed-out' })
      return compare(left, right)
    })
    assert.equal(asked.filter((pair) => pair.includes('tower')).length, 2)
    assert.deepEqual(
      classes.map((group) => group.members),
      [[1, 4], [0], [2], [3]],
    )
  })
})
