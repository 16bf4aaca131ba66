import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { cleanProblem } from '../../../processors/screening/clean.ts'
import { sharedProblems } from '../../support/problems.ts'

const QUESTION = 'What is $2+2$?'

/** What a model wrote, what stays, and the rules that did it. */
const CASES: readonly (readonly [string, string, readonly string[]])[] = [
  [QUESTION, QUESTION, []],
  [`  ${QUESTION}  \n\n`, QUESTION, ['whitespace']],
  [`Find x.\r\n\r\n\r\n\r\nx + 1 = 2`, 'Find x.\n\nx + 1 = 2', ['characters', 'whitespace']],
  [`What\u00a0is\u200b 3?`, 'What is 3?', ['characters']],
  [`${QUESTION}<|im_end|>\n<|im_start|>assistant\nIt is 4.`, QUESTION, ['control-tokens']],
  [`${QUESTION}<｜Assistant｜><think>\nIt is`, QUESTION, ['control-tokens']],
  [`<|im_start|>user\n${QUESTION}`, QUESTION, ['control-tokens']],
  [`<bos><start_of_turn>user\n${QUESTION}<end_of_turn>`, QUESTION, ['control-tokens']],
  [`[INST] ${QUESTION} [/INST] 4`, QUESTION, ['control-tokens', 'whitespace']],
  [`Problem: ${QUESTION}`, QUESTION, ['role-words']],
  [`**Problem 12.** ${QUESTION}`, QUESTION, ['role-words']],
  [`### Question 3\n${QUESTION}`, QUESTION, ['role-words']],
  [`User: ${QUESTION}\nAssistant: It is 4.`, QUESTION, ['role-words']],
  [`${QUESTION}\nassistant\n\nIt is 4.`, QUESTION, ['role-words']],
  [`${QUESTION}\n\n## Step 1: Add\nIt is 4.`, QUESTION, ['answer-leak']],
  [`${QUESTION}\n**Solution:** 4`, QUESTION, ['answer-leak']],
  [`${QUESTION}\nSolution\nIt is 4.`, QUESTION, ['answer-leak']],
  [`${QUESTION}\nAnswer: 4`, QUESTION, ['answer-leak']],
  [`${QUESTION} Answer: 4`, QUESTION, ['answer-leak']],
  [`${QUESTION} The answer is 4.`, QUESTION, ['answer-leak']],
  [`${QUESTION}\nTo solve this problem, we add.`, QUESTION, ['answer-leak']],
  [`${QUESTION}\nLet's think step by step.`, QUESTION, ['answer-leak']],
  [
    `${QUESTION}\nPlease reason step by step, and put your final answer within \\boxed{}.`,
    QUESTION,
    ['answering-instruction', 'whitespace'],
  ],
  [`"${QUESTION}"`, QUESTION, ['wrapping']],
  [`**${QUESTION}**`, QUESTION, ['wrapping']],
  ['```latex\nFind $x$ if $x+1=2$.\n```', 'Find $x$ if $x+1=2$.', ['wrapping']],
]

/** Problems that talk about steps, answers and users, and stay whole. */
const UNTOUCHED = [
  'Step 1: fold the sheet.\nStep 2: cut it in half.\nHow many pieces are there after step 2?',
  'A solution of 20 % salt is mixed with 3 litres of water. How much salt is in it?',
  'A user logs in every 3 days. How often does the user log in within 90 days?',
  'How many solutions has $|a| < |b|$ for integers $0 < a, b < 5$?',
  'The model of a car is 1:18. How long is the model of a car of 4.5 m? Answer in centimetres.',
  'Let $p<q$ and $q>r$. Is $p<r$?',
  'Problem solving takes Ann 5 minutes. How many problems does she solve in 2 hours?',
  'He wrote "x" and "y". What is x + y if both are 3?',
]

describe('cleaning', () => {
  for (const [raw, text, changes] of CASES) {
    it(`makes ${JSON.stringify(text)} of ${JSON.stringify(raw)}`, () => {
      assert.deepEqual(cleanProblem(raw), { text, changes })
    })
  }

  for (const text of UNTOUCHED) {
    it(`leaves alone ${JSON.stringify(text)}`, () => {
      assert.deepEqual(cleanProblem(text), { text, changes: [] })
    })
  }

  it('does nothing to what it has cleaned, and only removes', () => {
    const piece = fc.oneof(
      fc.constantFrom(...CASES.flatMap(([raw]) => [raw, raw.slice(QUESTION.length)])),
      fc.constantFrom('\n', ' ', '**', '"', '```', '<|im_end|>', 'user\n', 'Answer:', '?', '\ufeff', '\r'),
      fc.string({ unit: 'grapheme', maxLength: 10 }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const raw = pieces.join('')
        const { text } = cleanProblem(raw)
        assert.deepEqual(cleanProblem(text), { text, changes: [] })
        assert.ok(text.length <= raw.length)
      }),
      { numRuns: 2000 },
    )
  })

  it('is done in time with 100 kB of hostile text', () => {
    for (const unit of [
      '\n',
      ' ',
      '\n ',
      '*',
      '#',
      '"',
      '**',
      'a ',
      '? ',
      '\n> ',
      '<|',
      '\r\n\t',
      '\nto solve the value',
      'problem 1 ',
    ]) {
      const text = unit.repeat(100_000 / unit.length)
      assert.ok(cleanProblem(`What is 1?${text}x`).text.length > 0)
      assert.ok(cleanProblem(`${text}What is 1?`).text.length > 0)
    }
  })

  it('leaves the words of real problems alone', (t) => {
    for (const file of [
      'recorded_qwen_math.jsonl',
      'benchmarks/aime24.jsonl',
      'benchmarks/amc23.jsonl',
      'benchmarks/gsm8k_test.jsonl',
    ]) {
      const { lines, skip } = sharedProblems(file)
      if (skip !== false) {
        t.skip(skip)
        return
      }
      for (const { problem } of lines) {
        const { text } = cleanProblem(problem)
        assert.equal(text.replace(/\s/g, ''), problem.replace(/[\s\u00a0\u200b]/g, ''), 'only blanks were changed')
      }
    }
  })
})
