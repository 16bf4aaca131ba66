import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { DEFAULT_OPENERS, openerOf } from '../../producers/openers.ts'

describe('openers', () => {
  it('are chosen by weight', () => {
    const openers = [
      { text: 'a', weight: 1 },
      { text: 'b', weight: 3 },
      { text: 'c', weight: 6 },
    ]
    const counts = { a: 0, b: 0, c: 0 }
    for (let slot = 0; slot < 10_000; slot += 1) counts[openerOf(openers, 7, slot) as 'a' | 'b' | 'c'] += 1
    assert.ok(Math.abs(counts.a - 1000) < 150, `a ${counts.a}`)
    assert.ok(Math.abs(counts.b - 3000) < 250, `b ${counts.b}`)
  })

  it('are the same for the same seed and slot, and one of the list', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 31 }), fc.maxSafeNat(), (seed, slot) => {
        const opener = openerOf(DEFAULT_OPENERS, seed, slot)
        assert.equal(openerOf(DEFAULT_OPENERS, seed, slot), opener)
        assert.ok(DEFAULT_OPENERS.some(({ text }) => text === opener))
      }),
    )
  })

  it('come in another order with another seed', () => {
    const order = (seed: number): string =>
      Array.from({ length: 30 }, (_, slot) => openerOf(DEFAULT_OPENERS, seed, slot)).join()
    assert.notEqual(order(1), order(2))
    assert.notEqual(order(1), order(1 + 2 ** 32))
  })

  it('are none where the list is empty', () => {
    assert.equal(openerOf([], 1, 1), null)
  })
})
