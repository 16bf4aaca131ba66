import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { sentenceLengths } from '../../../processors/curation/rules/text.ts'

const piece = fc.constantFrom(
  ...['. ', '!\n', '?\t', '.', '  ', '\n', '。　', '.\u00a0', '!\ufeff', '?\u2028', '.\u0085', '.\u200b'],
  ...['word and more words here', 'x', 'aaaaaaaaaaaaaaaaaaaa', '素数は二で割り切れない数のうちの一つである', '\ud800'],
)

describe('lengths of sentences', () => {
  it('are those of the parts between ends of sentences', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join('')
        const parts = text.split(/\n|(?<=[.!?。])\s/).map((part) => part.trim().length)
        assert.deepEqual(
          sentenceLengths(text),
          parts.filter((length) => length >= 20),
        )
      }),
      { numRuns: 2000 },
    )
  })
})
