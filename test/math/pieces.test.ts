// Sets of the number line, held to membership point by point.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { complement, intersect, sameSet, unite, type Piece, type RealSet } from '../../math/pieces.ts'

const piece: fc.Arbitrary<Piece> = fc
  .record({
    a: fc.integer({ min: -6, max: 6 }),
    b: fc.integer({ min: -6, max: 6 }),
    lowerOpen: fc.boolean(),
    upperOpen: fc.boolean(),
  })
  .filter(({ a, b, lowerOpen, upperOpen }) => a !== b || (!lowerOpen && !upperOpen))
  .map(({ a, b, lowerOpen, upperOpen }) => ({ lower: Math.min(a, b), upper: Math.max(a, b), lowerOpen, upperOpen }))
const pieces = fc.array(piece, { maxLength: 5 })
const points = Array.from({ length: 33 }, (_, index) => index / 2 - 8)

function has(set: readonly Piece[], value: number): boolean {
  return set.some(
    ({ lower, upper, lowerOpen, upperOpen }) =>
      (lowerOpen ? lower < value : lower <= value) && (upperOpen ? value < upper : value <= upper),
  )
}

function holds(set: RealSet, expected: (value: number) => boolean): void {
  for (const value of points) assert.equal(has(set, value), expected(value), String(value))
}

describe('pieces', () => {
  it('union, intersection and complement have the members that they must', () => {
    fc.assert(
      fc.property(pieces, pieces, (left, right) => {
        const [first, second] = [unite(left), unite(right)]
        holds(first, (value) => has(left, value))
        holds(unite([...left, ...right]), (value) => has(left, value) || has(right, value))
        holds(intersect(first, second), (value) => has(left, value) && has(right, value))
        holds(complement(first), (value) => !has(left, value))
      }),
    )
  })

  it('one set has one form', () => {
    fc.assert(
      fc.property(pieces, (parts) => {
        assert.ok(sameSet(unite(parts), unite(parts.toReversed())))
        assert.ok(sameSet(complement(complement(unite(parts))), unite(parts)))
        assert.ok(sameSet(unite([...parts, ...parts]), unite(parts)))
      }),
    )
  })

  it('tells open from closed and finite from infinite', () => {
    const open: Piece = { lower: 0, upper: 1, lowerOpen: true, upperOpen: true }
    assert.ok(!sameSet([open], [{ ...open, upperOpen: false }]))
    assert.ok(!sameSet([open], [{ ...open, upper: Infinity }]))
  })
})
