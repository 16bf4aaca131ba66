// No text of others moves a cursor, changes a title, writes to a clipboard or turns a line round.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { harmless, harmlessJson, harmlessLines, paintedOnly } from '../../schemas/terminal-text.ts'
import { HOSTILE, OBEYED } from '../support/hostile-text.ts'

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...HOSTILE))

describe('text for a terminal', () => {
  it('holds nothing that it obeys', () => {
    fc.assert(
      fc.property(text, (given) => {
        assert.doesNotMatch(harmless(given), /[\n\t]/)
        for (const shown of [harmless(given), harmlessLines(given)]) assert.doesNotMatch(shown, OBEYED)
        assert.doesNotMatch(paintedOnly(given).replaceAll(/\u001b\[[\d;]*m/g, ''), OBEYED)
      }),
    )
  })

  it('keeps letters, lines and our own colours', () => {
    assert.equal(harmless('数学 π ≠ 3'), '数学 π ≠ 3')
    assert.equal(harmlessLines('a\tb\nc'), 'a\tb\nc')
    assert.equal(paintedOnly('\u001b[1mbold\u001b[22m \u001b[2Kgone'), '\u001b[1mbold\u001b[22m \\u001b[2Kgone')
  })

  it('as JSON has the same value as before', () => {
    fc.assert(
      fc.property(text, (given) => {
        const line = harmlessJson(JSON.stringify({ given }))
        assert.doesNotMatch(line, OBEYED)
        assert.deepEqual(JSON.parse(line), { given })
      }),
    )
  })
})
