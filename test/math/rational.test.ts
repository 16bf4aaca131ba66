// Exact fractions, held to the integers that they are made of.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  add,
  divide,
  ExactLimit,
  floor,
  fromDecimal,
  multiply,
  power,
  rational,
  same,
  show,
  toNumber,
} from '../../math/rational.ts'

const integer = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n })
const positive = fc.bigInt({ min: 1n, max: 10n ** 20n })

describe('rational', () => {
  it('adds, multiplies and divides exactly', () => {
    fc.assert(
      fc.property(integer, positive, integer, positive, (a, b, c, d) => {
        const [left, right] = [rational(a, b), rational(c, d)]
        assert.ok(same(add(left, right), rational(a * d + c * b, b * d)))
        assert.ok(same(multiply(left, right), rational(a * c, b * d)))
        if (c !== 0n) assert.ok(same(multiply(divide(left, right), right), left))
        assert.ok(left.denominator > 0n)
      }),
    )
  })

  it('powers are repeated products, also negative ones', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -9n, max: 9n }),
        fc.bigInt({ min: 1n, max: 9n }),
        fc.integer({ min: -12, max: 12 }),
        (a, b, exponent) => {
          fc.pre(a !== 0n || exponent >= 0)
          let expected = rational(1n)
          for (let count = 0; count < Math.abs(exponent); count += 1) expected = multiply(expected, rational(a, b))
          if (exponent < 0) expected = divide(rational(1n), expected)
          assert.ok(same(power(rational(a, b), BigInt(exponent)), expected))
        },
      ),
    )
    assert.equal(show(power(rational(-1n), 10n ** 30n + 1n)), '-1')
  })

  it('gives up towers at once', () => {
    assert.throws(() => power(rational(2n), 10n ** 30n), ExactLimit)
    assert.throws(() => rational(1n, 0n), ExactLimit)
  })

  it('reads decimals and periods', () => {
    assert.equal(show(fromDecimal('3.25')), '13/4')
    assert.equal(show(fromDecimal('.5')), '1/2')
    assert.equal(show(fromDecimal('0.1(6)')), '1/6')
    fc.assert(
      fc.property(fc.nat(), fc.stringMatching(/^\d{1,9}$/), (units, places) => {
        assert.ok(
          same(fromDecimal(`${units}.${places}`), rational(BigInt(`${units}${places}`), 10n ** BigInt(places.length))),
        )
      }),
    )
  })

  it('floor and doubles agree with the fraction', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1 }), (a, b) => {
        const value = rational(BigInt(a), BigInt(b))
        assert.equal(floor(value), BigInt(Math.floor(a / b)))
        assert.equal(toNumber(value), a / b)
      }),
    )
    assert.equal(toNumber(rational(3n * 10n ** 400n, 10n ** 400n)), 3)
  })
})
