// Each distinct answer once; never what is incomplete or cannot be compared; the sample hangs on ids alone.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { casesOf } from '../../../processors/judging/cases.ts'
import type { CaseRules } from '../../../processors/judging/cases.ts'
import type { Verdict, Verification } from '../../../schemas/records.ts'

const RULES: CaseRules = { reasons: null, noAnswer: false, different: 0 }

function verification(verdicts: readonly Partial<Verdict>[], over: Partial<Verification> = {}): Verification {
  return {
    version: 'verify@2',
    against: 'reference',
    referenceAnswer: 'the reference',
    verdicts: verdicts.map((verdict, index) => ({
      responseId: `p/sample/${index}`,
      complete: true,
      thought: 'none',
      reasoning: null,
      solution: '',
      finalAnswer: 'x',
      answerClass: 0,
      voteShare: 0,
      verdict: 'unknown',
      reason: 'parse-failed',
      ...verdict,
    })),
    classes: [],
    winningAnswer: 'the winner',
    winningShare: 1,
    passRate: null,
    ...over,
  }
}

const answers = (verdicts: readonly Partial<Verdict>[], rules: Partial<CaseRules> = {}) =>
  casesOf(verification(verdicts), { ...RULES, ...rules }).map(({ answer, responseIds }) => [answer, responseIds.length])

describe('casesOf', () => {
  it('puts each distinct answer of unknown verdict forward once, in order of appearance', () => {
    assert.deepEqual(answers([{ finalAnswer: 'b' }, { finalAnswer: 'a' }, { finalAnswer: 'b' }]), [
      ['b', 2],
      ['a', 1],
    ])
  })

  it('leaves out what is incomplete, decided, or without an answer', () => {
    const left = [
      { complete: false, reason: 'incomplete', finalAnswer: null },
      { verdict: 'equal' },
      { verdict: 'different' },
      { finalAnswer: null, reason: 'no-answer' },
    ] as const
    assert.deepEqual(answers(left), [])
  })

  it('takes those without an answer where it is told to, each alone', () => {
    const none = { finalAnswer: null, reason: 'no-answer' }
    assert.deepEqual(answers([none, none, { ...none, complete: false }], { noAnswer: true }), [
      [null, 1],
      [null, 1],
    ])
  })

  it('takes the reasons that it is told to', () => {
    const two = [{ finalAnswer: 'a' }, { finalAnswer: 'b', reason: 'timed-out' }]
    assert.deepEqual(answers(two, { reasons: ['timed-out'] }), [['b', 1]])
    assert.deepEqual(answers([{ reason: null }], { reasons: ['timed-out'] }), [])
  })

  it('compares with the reference, else with the winner of the vote, else not at all', () => {
    const referenceOf = (over: Partial<Verification>) => casesOf(verification([{}], over), RULES)[0]?.reference
    assert.equal(referenceOf({}), 'the reference')
    assert.equal(referenceOf({ against: 'vote', referenceAnswer: null }), 'the winner')
    assert.equal(referenceOf({ against: 'none', referenceAnswer: null }), undefined)
  })

  it('draws that share of the answers found different, and of more always those of less', () => {
    const many = Array.from({ length: 2000 }, (_, index) => ({
      verdict: 'different' as const,
      finalAnswer: `${index}`,
    }))
    const drawn = (different: number) => new Set(answers(many, { different }).map(([answer]) => answer))
    assert.equal(drawn(0).size, 0)
    assert.equal(drawn(1).size, 2000)
    const some = drawn(0.25)
    assert.ok(some.size > 400 && some.size < 600, String(some.size))
    assert.deepEqual(drawn(0.25), some, 'a repeat draws the same')
    const more = drawn(0.5)
    assert.ok([...some].every((answer) => more.has(answer)))
  })

  it('never asks the same answer twice, nor about a response twice', () => {
    const verdict = fc.record({
      finalAnswer: fc.option(fc.constantFrom('a', 'b', 'c', 'no answer of p/sample/0')),
      complete: fc.boolean(),
      verdict: fc.constantFrom('equal', 'different', 'unknown'),
    })
    fc.assert(
      fc.property(fc.array(verdict, { maxLength: 10 }), fc.boolean(), (verdicts, noAnswer) => {
        const cases = casesOf(verification(verdicts), { reasons: null, noAnswer, different: 1 })
        const said = cases.flatMap(({ answer }) => (answer === null ? [] : [answer]))
        assert.equal(new Set(said).size, said.length)
        const ids = cases.flatMap(({ responseIds }) => responseIds)
        assert.equal(new Set(ids).size, ids.length)
      }),
    )
  })
})
