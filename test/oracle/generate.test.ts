// The generated pairs are the same in every run, of every kind, half of them the same answers; and what is made to be the
// same or to differ by construction is so by a reading that is not ours: digits for the kinds that are whole numbers.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compareAnswers } from '../../math/compare.ts'
import { generatePairs } from './generate.ts'

describe('generated pairs', () => {
  const pairs = generatePairs(2_600, 7)

  it('are the same for the same seed and others for another', () => {
    assert.deepEqual(generatePairs(100, 7), pairs.slice(0, 100))
    assert.notDeepEqual(generatePairs(100, 8), pairs.slice(0, 100))
  })

  it('are of every kind alike, half of them the same answers', () => {
    for (const [kind, rows] of Map.groupBy(pairs, (pair) => pair.kind)) {
      assert.equal(rows.length, 100, kind)
      assert.equal(rows.filter(({ same }) => same).length, 50, kind)
    }
  })

  it('say the truth where digits alone decide', () => {
    const digits = (text: string): string => text.replace(/\D/g, '')
    const whole = pairs.filter(({ kind }) => kind === 'thousands' || kind === 'decimal commas')
    assert.equal(whole.length, 200)
    for (const { gold, pred, same } of whole) assert.equal(digits(gold) === digits(pred), same, `${gold} | ${pred}`)
  })

  it('are never called equal where they differ', () => {
    const wrong = pairs.filter(({ gold, pred, same }) => !same && compareAnswers(gold, pred).verdict === 'equal')
    assert.deepEqual(wrong, [])
  })
})
