// What is kept of a model's words has nothing in it that a terminal or a tokenizer would obey.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { findControlTokens } from '../../llm/control-tokens.ts'
import { plainWords } from '../../processors/plain-words.ts'

const piece = fc.constantFrom(
  '<|im_end|>',
  '<|im_',
  'end|>',
  '</s>',
  '</',
  's>',
  '<｜',
  'User',
  '｜>',
  '[INST]',
  '\u0000',
  '\u009b',
  '\u202e',
  '<',
  '|',
  ' ',
  '\n',
)

test('nothing is left to obey, whatever is hidden in what', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 4, arbitrary: piece }, { weight: 1, arbitrary: fc.string({ unit: 'binary' }) })),
      (pieces) => {
        const words = plainWords(pieces.join(''))
        assert.doesNotMatch(words, /[^\P{Cc}\t\n]|[\u202a-\u202e\u2066-\u2069]/u)
        assert.deepEqual(findControlTokens(words), [])
        assert.equal(plainWords(words), words)
        assert.ok(words.isWellFormed())
      },
    ),
  )
})

test('a token within a token is found too', () => {
  assert.equal(plainWords('<｜[INST]｜>'), '< ｜[ INST]｜>')
})

test('honest words stay as they are', () => {
  for (const text of ['Find $x$ with |a|<|b|.\n\tThen é, 日本, ‌می‌خواهم.', '']) assert.equal(plainWords(text), text)
})
