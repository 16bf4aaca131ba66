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
  // GSM8K's own form, and headings that look like it.
  ['48 + 24 = <<48+24=72>>72 clips in April and May.\n#### 72', '72'],
  ['so\n#### $18', '18'],
  ['so\n#### -5', '-5'],
  ['so\n#### 5 apples', '5 apples'],
  ['#### Step 1: Add\nwe add 3 and 4\n#### Step 2: Multiply\nwe get 84.', '84'],
  ['#### Final Answer\n\n42', '42'],
  // Boxes: without braces, in one another, empty, in a list, of several unknowns and parts; a case is not a part.
  ['\\boxed\\frac12', '\\frac12'],
  ['\\boxed\\frac{1}{2}$', '\\frac{1}{2}'],
  ['\\boxed{\\boxed{5}}', '5'],
  ['\\bbox{5}', '5'],
  ['\\boxed{x = \\boxed{5}}', 'x = {5}'],
  ['Put it within \\boxed{}. The sum is \\boxed{17}.', '17'],
  ['Sum is \\boxed{17}. I put the final answer within \\boxed{}.', '17'],
  ['They are $\\boxed{2}$, $\\boxed{3}$ and $\\boxed{5}$.', '2, 3, 5'],
  ['$x = \\boxed{2}$\n\n$y = \\boxed{3}$', '2, 3'],
  ['$x_1 = \\boxed{2}$, $x_2 = \\boxed{3}$', '2, 3'],
  ['$x = \\boxed{2}$. No, that is wrong.\n\n$x = \\boxed{3}$', '3'],
  ['(a) \\boxed{2}\n\n(b) \\boxed{3}', '2, 3'],
  ['Case 1: \\boxed{3}.\n\nCase 2: \\boxed{4}. ', '4'],
  ['Thus \\boxed{12}.\n\nThe final answer is therefore an integer, as wanted.', '12'],
  // Words that announce it, in several languages.
  ['<answer> \\frac{1}{2} </answer>', '\\frac{1}{2}'],
  ['The answer is $12.50.', '12.50'],
  ['The answer is €30.', '30'],
  ['The answer is sqrt(2) meters.', 'sqrt(2)'],
  ['The answer is 2x + 3 dollars.', '2x + 3'],
  ['The answer is 1, 2 and 3.', '1, 2 and 3'],
  ['The answer is 3 hours and 20 minutes.', '3 hours and 20 minutes'],
  ['The answer is 7. We see that the answer is correct.', '7'],
  ['The answer is not 5. The answer is 7, as the answer is unique.', '7'],
  ['答案是 42。', '42'],
  ['因此，最终答案是 $\\frac{1}{2}$。', '\\frac{1}{2}'],
  ['所以选 (B)。', 'B'],
  ['答えは 42 です。', '42'],
  ['よって、正解は (C) です。', 'C'],
  // Choices, with the value behind the letter.
  ['the answer is: B) 12', '(B) 12'],
  ['The answer is (B) $12$.', '(B) 12'],
  ['The answer is (B) because it is even.', 'B'],
  ['The answer is A and C.', 'A and C'],
  ['Final answer: I get 5', '5'],
  ['Thus, option (B) is correct.', 'B'],
  ['So we choose option D.', 'D'],
  // No value.
  ['The answer is that there are infinitely many solutions.', 'infinitely many solutions'],
  ['So the equation has no solution.', 'no solution'],
  ['Therefore, there are no real solutions.', 'no real solutions'],
  ['The limit $\\lim_{x\\to0} 1/x$ does not exist.', 'does not exist'],
  ['There are no real solutions for $x<0$, so $x = 3$.', 'x = 3'],
  ['So $x = 3$, since there is no other with no solution', 'x = 3'],
  // The last formula or number, before a check, without names and labels; LaTeX without dollars; a list in prose.
  ['So $x = 7$. We check: $2 \\cdot 7 = 14$, as required.', 'x = 7'],
  ['So $x = 7$. We check: $14 = 15$. That is wrong, so $x = 8$.', 'x = 8'],
  ['So $n = 5$, as $A$ and $B$ are independent.', 'n = 5'],
  ['So 15 follows from step 2', '15'],
  ['the value is \\frac{1}{2}.', '\\frac{1}{2}'],
  ['The roots are 3, 4, and 5.', '3, 4, 5'],
  ['we add 3 and 5', '5'],
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
