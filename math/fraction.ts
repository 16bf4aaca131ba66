// Quotients of two polynomials: the shape that normal-form.ts gives every expression.

import {
  addPolynomials,
  atomsOf,
  constant,
  monomial,
  multiplyPolynomials,
  onlyTerm,
  scale,
  sortedTerms,
  spell,
  subtract,
  type Polynomial,
} from './polynomial.ts'
import { divide, ExactLimit, negate, one, same, type Rational } from './rational.ts'

export interface Fraction {
  readonly above: Polynomial
  readonly below: Polynomial
}

/** The polynomial 1. */
export const unit = constant(one)

/** The quotient in its reduced shape. Throws ExactLimit for a zero below. */
export function fraction(above: Polynomial, below: Polynomial = unit): Fraction {
  if (below.size === 0) throw new ExactLimit('division by zero')
  const divisor = onlyTerm(below)
  if (divisor === null) return { above, below }
  // A single term below moves up with negative exponents: what is left is a polynomial.
  const inverted = monomial(
    divide(one, divisor.coefficient),
    divisor.powers.map(([name, exponent]) => [name, negate(exponent)] as const),
  )
  return { above: multiplyPolynomials(above, inverted), below: unit }
}

export function multiplyFractions(left: Fraction, right: Fraction): Fraction {
  return fraction(multiplyPolynomials(left.above, right.above), multiplyPolynomials(left.below, right.below))
}

export function addFractions(left: Fraction, right: Fraction): Fraction {
  if (spell(left.below) === spell(right.below)) return fraction(addPolynomials(left.above, right.above), left.below)
  return fraction(
    addPolynomials(multiplyPolynomials(left.above, right.below), multiplyPolynomials(right.above, left.below)),
    multiplyPolynomials(left.below, right.below),
  )
}

/** The same text for the same form; unequal forms of one value may have unequal texts. */
export function spellFraction({ above, below }: Fraction): string {
  const leading = sortedTerms(below)[0]
  if (leading === undefined) return spell(above)
  const factor = divide(one, leading.coefficient)
  return `(${spell(scale(above, factor))})/(${spell(scale(below, factor))})`
}

/** The numerator of left - right: without terms exactly when both are equal. */
export function difference(left: Fraction, right: Fraction): Polynomial {
  return subtract(multiplyPolynomials(left.above, right.below), multiplyPolynomials(right.above, left.below))
}

/** True when "not zero" can be told from the terms alone: no opaque atom, and e nowhere beside π or roots of itself. */
export function isDecisive(polynomial: Polynomial): boolean {
  return [...atomsOf(polynomial)].every((name) => !name.startsWith('?'))
}

/** left and right up to a rational factor: c with left = c * right, or null. */
export function rationalRatio(left: Polynomial, right: Polynomial): Rational | null {
  if (left.size === 0 || left.size !== right.size) return null
  let ratio: Rational | null = null
  for (const [key, term] of left) {
    const other = right.get(key)
    if (other === undefined) return null
    const here = divide(term.coefficient, other.coefficient)
    if (ratio !== null && !same(ratio, here)) return null
    ratio = here
  }
  return ratio
}
