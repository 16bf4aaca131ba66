// Polynomials over the rationals in any number of atoms, with rational exponents. An atom is a variable, π, e, i, a prime
// under a root ("#2"), or anything opaque that is known only by its spelling. i² = -1 and whole powers of primes are
// folded into the coefficient, so two polynomials in independent atoms are equal exactly when their terms are.

import {
  add,
  ExactLimit,
  floor,
  isInteger,
  minusOne,
  multiply,
  negate,
  one,
  power,
  rational,
  same,
  show,
  zero,
  type Rational,
} from './rational.ts'

export interface Term {
  readonly coefficient: Rational
  /** Sorted by atom, no exponent zero. */
  readonly powers: readonly (readonly [atom: string, exponent: Rational])[]
}
/** Terms by the spelling of their powers; no coefficient is zero. */
export type Polynomial = ReadonlyMap<string, Term>

const maximumTerms = 300

export const imaginary = 'i'
/** The atom of a prime under a root. */
export function primeAtom(prime: bigint): string {
  return `#${prime.toString()}`
}

function spelling(powers: Term['powers']): string {
  return powers.map(([atom, exponent]) => (same(exponent, one) ? atom : `${atom}^${show(exponent)}`)).join('*')
}

/** One term, with i and primes under roots reduced. */
export function monomial(coefficient: Rational, powers: Iterable<readonly [string, Rational]>): Polynomial {
  const exponents = new Map<string, Rational>()
  for (const [atom, exponent] of powers) exponents.set(atom, add(exponents.get(atom) ?? zero, exponent))
  let factor = coefficient
  const reduced: [string, Rational][] = []
  for (const [atom, exponent] of exponents) {
    let rest = exponent
    if (atom === imaginary && isInteger(exponent)) {
      const quarter = ((exponent.numerator % 4n) + 4n) % 4n
      if (quarter >= 2n) factor = negate(factor)
      rest = rational(quarter % 2n)
    } else if (atom.startsWith('#')) {
      const whole = floor(exponent)
      factor = multiply(factor, power(rational(BigInt(atom.slice(1))), whole))
      rest = add(exponent, rational(-whole))
    }
    if (rest.numerator !== 0n) reduced.push([atom, rest])
  }
  if (factor.numerator === 0n) return new Map()
  reduced.sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
  return new Map([[spelling(reduced), { coefficient: factor, powers: reduced }]])
}

export function constant(value: Rational): Polynomial {
  return monomial(value, [])
}

export function atom(name: string, exponent: Rational = one): Polynomial {
  return monomial(one, [[name, exponent]])
}

function put(terms: Map<string, Term>, key: string, term: Term): void {
  const present = terms.get(key)
  if (present === undefined) {
    if (terms.size >= maximumTerms) throw new ExactLimit('too many terms')
    terms.set(key, term)
    return
  }
  const coefficient = add(present.coefficient, term.coefficient)
  if (coefficient.numerator === 0n) terms.delete(key)
  else terms.set(key, { ...present, coefficient })
}

export function addPolynomials(left: Polynomial, right: Polynomial): Polynomial {
  const terms = new Map(left)
  for (const [key, term] of right) put(terms, key, term)
  return terms
}

export function scale(polynomial: Polynomial, factor: Rational): Polynomial {
  if (factor.numerator === 0n) return new Map()
  return new Map(
    [...polynomial].map(([key, term]) => [key, { ...term, coefficient: multiply(term.coefficient, factor) }] as const),
  )
}

export function subtract(left: Polynomial, right: Polynomial): Polynomial {
  return addPolynomials(left, scale(right, minusOne))
}

/** Throws ExactLimit when the product would have too many terms. */
export function multiplyPolynomials(left: Polynomial, right: Polynomial): Polynomial {
  if (left.size * right.size > maximumTerms * 20) throw new ExactLimit('too many terms')
  const terms = new Map<string, Term>()
  for (const first of left.values()) {
    for (const second of right.values()) {
      const product = monomial(multiply(first.coefficient, second.coefficient), [...first.powers, ...second.powers])
      for (const [key, term] of product) put(terms, key, term)
    }
  }
  return terms
}

/** The only value of a polynomial without atoms; null where there are atoms. */
export function constantOf(polynomial: Polynomial): Rational | null {
  if (polynomial.size === 0) return zero
  const [only] = polynomial.values()
  return polynomial.size === 1 && only?.powers.length === 0 ? only.coefficient : null
}

/** The only term, or null where there are several or none. */
export function onlyTerm(polynomial: Polynomial): Term | null {
  const [only] = polynomial.values()
  return polynomial.size === 1 && only !== undefined ? only : null
}

/** Terms in the order of their spelling. */
export function sortedTerms(polynomial: Polynomial): readonly Term[] {
  return [...polynomial].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, term]) => term)
}

/** The same text for the same polynomial. */
export function spell(polynomial: Polynomial): string {
  return sortedTerms(polynomial)
    .map((term) => `${show(term.coefficient)}*${spelling(term.powers)}`)
    .join('+')
}

/** All atoms that occur. */
export function atomsOf(polynomial: Polynomial): Set<string> {
  const atoms = new Set<string>()
  for (const term of polynomial.values()) for (const [name] of term.powers) atoms.add(name)
  return atoms
}
