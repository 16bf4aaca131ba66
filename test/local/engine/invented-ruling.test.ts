// The stand-in's judge compares words: it can be asked what the pipeline's judge stage asks, and rules the same each time.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { ruleOn } from '../../../local/engine/invented-ruling.ts'
import { judgeQuestion, ruling } from '../../../processors/judging/question.ts'

const SCHEMA = z.toJSONSchema(ruling)

function verdictOn(reference: string, answer: string | null, solutionEnd = ''): string | undefined {
  const question = judgeQuestion({ problem: 'Which numbers?', reference, answer, solutionEnd })
  return ruleOn(question.at(-1)!.content, SCHEMA)?.verdict
}

describe('the judge of the stand-in', () => {
  it('finds the same words equal, in any order and setting', () => {
    assert.equal(verdictOn('\\text{odd primes below 10}', 'the odd primes, that are below $10$'), 'equal')
    assert.equal(verdictOn('3 \\text{ apples}', 'apples: 3.'), 'equal')
  })

  it('finds other words, numbers and signs different', () => {
    assert.equal(verdictOn('odd primes', 'even primes'), 'different')
    assert.equal(verdictOn('-3', '3'), 'different')
    assert.equal(verdictOn('\\frac{1}{2}', '\\frac{1}{3}'), 'different')
  })

  it('reads the end of a solution where there is no answer', () => {
    assert.equal(verdictOn('odd primes', null, 'And so they are the odd primes.'), 'equal')
    assert.equal(verdictOn('odd primes', null, 'I cannot tell.'), 'different')
  })

  it('rules on nothing else', () => {
    assert.equal(ruleOn('What is 2+2?', SCHEMA), null)
    const other = z.toJSONSchema(z.object({ verdict: z.enum(['yes', 'no']) }))
    const question = judgeQuestion({ problem: 'p', reference: 'r', answer: 'a', solutionEnd: '' }).at(-1)!.content
    assert.equal(ruleOn(question, other), null)
  })
})
