// What the calling thread decides on its own must be what the checker says.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compareAnswers } from '../../math/compare.ts'
import { cheapKey, compareCheaply } from '../../math/keys.ts'

const numeral = fc.oneof(
  fc.integer({ min: -30, max: 30 }).map(String),
  fc.integer({ min: -3000, max: 3000 }).map((value) => String(value / 100)),
  fc.integer({ min: 1000, max: 9_000_000 }).map((value) => value.toLocaleString('en-US')),
  fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: 0, max: 9 })).map(([a, b]) => `${a}/${b}`),
  fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 9 })).map(([a, b]) => `$\\frac{${a}}{${b}}$`),
  fc.constantFrom('', ' ', 'x', '5 %', '1,2', '007', '+5', '--5', '5.', '1.0e3'),
)

describe('compareCheaply', () => {
  it('never says anything but what the checker says', () => {
    let decided = 0
    fc.assert(
      fc.property(numeral, numeral, (gold, pred) => {
        const cheap = compareCheaply(gold, pred)
        if (cheap === null) return
        decided += 1
        assert.equal(compareAnswers(gold, pred).verdict, cheap.verdict, `${gold} | ${pred}`)
      }),
      { numRuns: 3000 },
    )
    assert.ok(decided > 500)
  })

  it('gives one key to equal numerals only', () => {
    fc.assert(
      fc.property(numeral, numeral, (left, right) => {
        fc.pre(left.trim() !== '')
        if (cheapKey(left) === cheapKey(right)) assert.equal(compareAnswers(left, right).verdict, 'equal')
      }),
      { numRuns: 2000 },
    )
    assert.equal(cheapKey('7.50'), cheapKey('$\\frac{15}{2}$'))
    assert.notEqual(cheapKey('7'), cheapKey('70'))
  })

  it('leaves long texts to the workers', () => {
    assert.equal(compareCheaply('1'.repeat(60), '2'.repeat(60)), null)
  })
})
