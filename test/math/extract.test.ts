// The final answer of solutions: each place where models put it, and texts that are not solutions at all.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { extractFinalAnswer, findFinalAnswer } from '../../math/extract.ts'

const cases: readonly (readonly [text: string, answer: string | null])[] = [
  ['so \\boxed{\\frac{1}{2}}.', '\\frac{1}{2}'],
  ['\\boxed{a_{1}^{2}+\\{b\\}}', 'a_{1}^{2}+\\{b\\}'],
  ['\\boxed 7', '7'],
  ['\\fbox{7}', '7'],
  ['first \\boxed{3}. Then, after all of this was corrected, \\boxed{4}', '4'],
  ['x=\\boxed{1} and y=\\boxed{2}', '1, 2'],
  ['$\\boxed{5} \\text{ and } \\boxed{6}$', '5, 6'],
  ['\\boxed{1} papers and \\boxed{2} bins', '1, 2'],
  ['\\boxed{9}. The check gives \\boxed{9}', '9'],
  ['$\\boxed{28}$ percent', '28\\%'],
  ['\\boxed{12', '12'],
  ['We know \\boxed{200}. Final Answer: The final answer is $10,455$. I hope it is correct.', '10,455'],
  ['The final answer is $3x+2$. I hope it is correct.', '3x+2'],
  ['**Final Answer**\n\n\\boxed{189}', '189'],
  ['Final Answer: Jane started 3 hours ago. I hope it is correct.', '3'],
  ['The answer is 42.', '42'],
  ['The answer is 3.5.', '3.5'],
  ['The answer is: $\\frac34$, as wanted', '\\frac34'],
  ['**Answer:** $x=3$', 'x=3'],
  ['Answer: (C)', 'C'],
  ['The correct option is (D).', 'D'],
  ['The answer is yes.', 'yes'],
  ['He has 5 + 4 = <<5+4=9>>9 apples.\n#### 9', '9'],
  ['#### 1,234', '1,234'],
  ['Then $x=2$ and so $y=7$', '7'.replace('7', 'y=7')],
  ['Then \\(x=2\\). Hence \\[ y = 7 \\]', 'y = 7'],
  ['we get 3 and then 12 apples', '12'],
  ['it cost $45 in all', '45'],
  ['it is -7 degrees', '-7'],
  ['about 1,000.99€', '1,000.99'],
  ['of 25 % in all', '25 %'],
  ['3/4 of it', '3/4'],
  ['AZYUK2A', null],
  ['no number here', null],
  ['', null],
  ['thinking \\boxed{1}</think>The answer is \\boxed{2}', '2'],
  ['thinking \\boxed{1}</think>Done.', '1'],
]

describe('extractFinalAnswer', () => {
  for (const [text, answer] of cases) {
    it(JSON.stringify(text.slice(0, 60)), () => {
      assert.equal(extractFinalAnswer(text), answer)
    })
  }

  it('takes no source that is weaker than asked for', () => {
    assert.equal(extractFinalAnswer('we get 12', { weakest: 'formula' }), null)
    assert.equal(extractFinalAnswer('we get $12$', { weakest: 'formula' }), '12')
    assert.equal(extractFinalAnswer('we get $12$', { weakest: 'phrase' }), null)
    assert.equal(extractFinalAnswer('the answer is 12', { weakest: 'boxed' }), null)
    assert.equal(findFinalAnswer('\\boxed{12}', { weakest: 'boxed' })?.source, 'boxed')
  })

  it('finds what is boxed behind any prose', () => {
    const word = fc.stringMatching(/^[a-z]{1,10}$/)
    const answer = fc.stringMatching(/^[a-z0-9+=()-]{1,20}$/)
    fc.assert(
      fc.property(fc.array(word), fc.array(word), answer, (before, after, inner) => {
        fc.pre(![...before, ...after].includes('box'))
        assert.equal(extractFinalAnswer(`${before.join(' ')} \\boxed{${inner}}. ${after.join(' ')}`), inner)
      }),
    )
  })

  it('never throws', () => {
    const pieces = fc.constantFrom(
      '\\boxed{',
      '}',
      '$',
      '\\(',
      '\\]',
      'answer is ',
      'Final answer',
      '####',
      '{',
      '\\',
      '5',
      '\n',
      ' and ',
      '</think>',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 5 }))), (parts) => {
        const answer = extractFinalAnswer(parts.join(''))
        assert.ok(answer === null || typeof answer === 'string')
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a placeholder', () => {
  for (const text of [
    'The final answer is \\boxed{...}',
    'The answer is …',
    'So \\boxed{\\ldots}.',
    '\\boxed{\\text{...}}',
    '\\boxed{}',
  ])
    it(`is no answer: ${text}`, () => {
      assert.equal(extractFinalAnswer(text), null)
    })
})
