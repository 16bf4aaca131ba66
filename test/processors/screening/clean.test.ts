import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { cleanProblem } from '../../../processors/screening/clean.ts'
import { CLEANING_RULES } from '../../../processors/screening/cleaning-rules.ts'
import { sharedProblems } from '../../support/problems.ts'

const QUESTION = 'What is $2+2$?'

/** What a model wrote, what stays, and the rules that did it. */
const CASES: readonly (readonly [string, string, readonly string[]])[] = [
  [QUESTION, QUESTION, []],
  [`Find x.\r\n\r\n\r\n\r\nx + 1 = 2`, 'Find x.\n\nx + 1 = 2', ['characters', 'whitespace']],
  [`[INST] ${QUESTION} [/INST] 4`, QUESTION, ['control-tokens', 'whitespace']],
  [`Problem: "${QUESTION}"\n\n## Step 1: It is 4.`, QUESTION, ['role-words', 'answer-leak', 'wrapping']],
  [
    `${QUESTION}\nPlease reason step by step, and put your final answer within \\boxed{}.`,
    QUESTION,
    ['answering-instruction', 'whitespace'],
  ],
]

/** Every example of every rule, as it stands and behind a question. */
const PIECES = CLEANING_RULES.flatMap(({ examples }) => [...examples.changes.flat(), ...examples.leaves])

describe('each rule, by its own examples', () => {
  for (const { name, apply, examples } of CLEANING_RULES) {
    for (const [before, after] of examples.changes) {
      it(`${name} makes ${JSON.stringify(after)} of ${JSON.stringify(before)}`, () => {
        assert.equal(apply(before).trim(), after.trim())
        assert.ok(cleanProblem(before).changes.includes(name))
      })
    }
    for (const text of examples.leaves) {
      it(`${name} leaves alone ${JSON.stringify(text)}`, () => {
        assert.equal(apply(text), text)
        assert.deepEqual(cleanProblem(text), { text, changes: [] })
      })
    }
  }

  it('has its row in docs/screening.md', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/screening.md'), 'utf8')
    for (const { name } of CLEANING_RULES) assert.ok(page.includes(`| \`${name}\` `), name)
  })
})

describe('cleaning', () => {
  for (const [raw, text, changes] of CASES) {
    it(`makes ${JSON.stringify(text)} of ${JSON.stringify(raw)}`, () => {
      assert.deepEqual(cleanProblem(raw), { text, changes })
    })
  }

  it('does nothing to what it has cleaned, and only removes', () => {
    const piece = fc.oneof(
      fc.constantFrom(...PIECES.flatMap((raw) => [raw, raw.slice(QUESTION.length)])),
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
      '. to compute ',
      '. User',
      'the answer ',
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
