// The exact way: an expression as a quotient of two polynomials (polynomial.ts). Zero is found for certain; "not zero"
// is certain too as long as no atom is opaque. Throws ExactLimit where exact arithmetic would grow too large or the
// expression has parts that have no exact form here. Long because powers need it: each kind of base and exponent has its rule.

import { addFractions, fraction, multiplyFractions, spellFraction, unit, type Fraction } from './fraction.ts'
import type { Node } from './node.ts'
import {
  atom,
  constant,
  constantOf,
  imaginary,
  monomial,
  multiplyPolynomials,
  onlyTerm,
  primeAtom,
  spell,
  type Polynomial,
} from './polynomial.ts'
import {
  divide,
  ExactLimit,
  isInteger,
  minusOne,
  multiply,
  negate,
  one,
  power,
  rational,
  same,
  zero,
  type Rational,
} from './rational.ts'

const maximumExponent = 40n
const trialLimit = 20_000n

/** The prime factors of a positive integer as far as trial division gets; what is left over counts as one factor. */
function factorise(value: bigint): Map<bigint, bigint> {
  const factors = new Map<bigint, bigint>()
  let rest = value
  for (let divisor = 2n; divisor * divisor <= rest && divisor <= trialLimit; divisor += divisor === 2n ? 1n : 2n) {
    while (rest % divisor === 0n) {
      rest /= divisor
      factors.set(divisor, (factors.get(divisor) ?? 0n) + 1n)
    }
  }
  // A leftover past the limit may be composite: then roots of it are not known to be independent.
  if (rest > trialLimit * trialLimit) throw new ExactLimit('factor too large')
  if (rest > 1n) factors.set(rest, (factors.get(rest) ?? 0n) + 1n)
  return factors
}

/** A rational to a rational power, real where there is a real one (odd roots of negative numbers included). */
function rootOfRational(value: Rational, exponent: Rational): Polynomial {
  if (value.numerator === 0n) {
    if (exponent.numerator <= 0n) throw new ExactLimit('division by zero')
    return constant(zero)
  }
  const powers: [string, Rational][] = []
  let coefficient = one
  if (value.numerator < 0n) {
    if (exponent.denominator === 2n) powers.push([imaginary, rational(exponent.numerator)])
    else if (exponent.denominator % 2n === 1n) coefficient = exponent.numerator % 2n === 0n ? one : minusOne
    else throw new ExactLimit('even root of a negative number')
  }
  const above = value.numerator < 0n ? -value.numerator : value.numerator
  for (const [prime, count] of factorise(above)) powers.push([primeAtom(prime), multiply(exponent, rational(count))])
  for (const [prime, count] of factorise(value.denominator)) {
    powers.push([primeAtom(prime), multiply(exponent, rational(-count))])
  }
  return monomial(coefficient, powers)
}

function integerPower(base: Fraction, exponent: bigint): Fraction {
  const single = onlyTerm(base.above)
  if (single !== null && base.below.size === 1) {
    const times = rational(exponent)
    return fraction(
      monomial(
        power(single.coefficient, exponent),
        single.powers.map(([name, count]) => [name, multiply(count, times)] as const),
      ),
    )
  }
  const positive = exponent < 0n ? -exponent : exponent
  if (positive > maximumExponent) throw new ExactLimit('exponent too large')
  let result: Fraction = fraction(unit)
  for (let count = 0n; count < positive; count += 1n) result = multiplyFractions(result, base)
  return exponent < 0n ? fraction(result.below, result.above) : result
}

/** base^exponent for a rational exponent that is not whole. */
function fractionalPower(base: Fraction, exponent: Rational): Fraction {
  const single = base.below.size === 1 && constantOf(base.below) !== null ? onlyTerm(base.above) : null
  if (base.above.size === 0) return fraction(rootOfRational(zero, exponent))
  if (single !== null) {
    const coefficient = rootOfRational(single.coefficient, exponent)
    // The root of an even power is an absolute value, and i has two roots: both stay opaque.
    const splits = single.powers.every(
      ([name, count]) => name !== imaginary && (count.numerator % 2n !== 0n || name.startsWith('#')),
    )
    if (splits && (single.coefficient.numerator > 0n || single.powers.length === 0)) {
      const powers = single.powers.map(([name, count]) => [name, multiply(count, exponent)] as const)
      return fraction(multiplyPolynomials(coefficient, monomial(one, powers)))
    }
  }
  return fraction(atom(`?root(${spellFraction(base)})`, exponent))
}

/** base^exponent where the exponent has atoms: split into a rational part and one factor a term. */
function symbolicPower(base: Fraction, exponent: Fraction): Fraction {
  const divisor = constantOf(exponent.below)
  if (divisor === null) return fraction(atom(`?power(${spellFraction(base)};${spellFraction(exponent)})`))
  const value = constantOf(base.above)
  const whole = constantOf(base.below)
  const plain = value !== null && whole !== null ? divide(value, whole) : null
  const bases: (readonly [string, Rational])[] =
    plain !== null && plain.numerator > 0n
      ? [
          ...[...factorise(plain.numerator)].map(
            ([prime, count]) => [`#${prime.toString()}`, rational(count)] as const,
          ),
          ...[...factorise(plain.denominator)].map(
            ([prime, count]) => [`#${prime.toString()}`, rational(-count)] as const,
          ),
        ]
      : [[spellFraction(base), one]]
  let result = fraction(unit)
  for (const term of exponent.above.values()) {
    if (term.powers.length === 0) {
      result = multiplyFractions(result, powerOfFraction(base, fraction(constant(divide(term.coefficient, divisor)))))
      continue
    }
    const spelled = spell(new Map([['', { coefficient: one, powers: term.powers }]]))
    const powers = bases.map(
      ([name, count]) => [`?power(${name};${spelled})`, multiply(count, divide(term.coefficient, divisor))] as const,
    )
    result = multiplyFractions(result, fraction(monomial(one, powers)))
  }
  return result
}

function powerOfFraction(base: Fraction, exponent: Fraction): Fraction {
  const above = constantOf(exponent.above)
  const below = constantOf(exponent.below)
  if (above === null || below === null) return symbolicPower(base, exponent)
  const value = divide(above, below)
  if (isInteger(value)) {
    if (value.numerator < 0n && base.above.size === 0) throw new ExactLimit('division by zero')
    return integerPower(base, value.numerator)
  }
  return fractionalPower(base, value)
}

/** Functions with an exact value or an exact reduction; null where the call stays opaque. */
function exactCall(name: string, values: readonly Fraction[]): Fraction | null {
  const numbers = values.map((value) => {
    const above = constantOf(value.above)
    const below = constantOf(value.below)
    return above !== null && below !== null ? divide(above, below) : null
  })
  const [first, second] = numbers
  if (first === undefined || first === null) return null
  if (name === 'abs') return fraction(constant(first.numerator < 0n ? negate(first) : first))
  if (name === 'floor' || name === 'ceil') {
    const below = first.numerator / first.denominator - (first.numerator % first.denominator < 0n ? 1n : 0n)
    return fraction(constant(rational(name === 'floor' || isInteger(first) ? below : below + 1n)))
  }
  if (name === 'factorial' && isInteger(first) && first.numerator >= 0n && first.numerator <= 500n) {
    let product = 1n
    for (let factor = 2n; factor <= first.numerator; factor += 1n) product *= factor
    return fraction(constant(rational(product)))
  }
  if (name === 'binomial' && second !== undefined && second !== null && isInteger(first) && isInteger(second)) {
    const count = second.numerator
    if (count < 0n || count > 400n || first.numerator < 0n || first.numerator > 10_000n) return null
    let result = one
    for (let index = 0n; index < count; index += 1n) {
      result = multiply(result, rational(first.numerator - index, index + 1n))
    }
    return fraction(constant(result))
  }
  if (name === 'ln' && same(first, one)) return fraction(constant(zero))
  return null
}

/** The exact form of an expression. Throws ExactLimit, see the head of this file. */
export function normalForm(node: Node): Fraction {
  switch (node.kind) {
    case 'number':
      return fraction(constant(node.value))
    case 'symbol':
      return fraction(atom(node.name))
    case 'constant':
      if (node.name === 'infinity') throw new ExactLimit('infinity')
      return fraction(atom(node.name === 'i' ? imaginary : node.name === 'e' ? '@e' : '@pi'))
    case 'sum':
      return node.terms.reduce((total, term) => addFractions(total, normalForm(term)), fraction(constant(zero)))
    case 'product':
      return node.factors.reduce((total, factor) => multiplyFractions(total, normalForm(factor)), fraction(unit))
    case 'power':
      return powerOfFraction(normalForm(node.base), normalForm(node.exponent))
    case 'call': {
      const values = node.arguments.map(normalForm)
      return exactCall(node.name, values) ?? fraction(atom(`?${node.name}(${values.map(spellFraction).join(';')})`))
    }
    case 'quantity':
      return normalForm(node.value)
    case 'percent':
      return multiplyFractions(normalForm(node.operand), fraction(constant(rational(1n, 100n))))
    case 'based':
    case 'builder':
    case 'congruence':
    case 'degree':
    case 'list':
    case 'matrix':
    case 'named-set':
    case 'plus-minus':
    case 'ratio':
    case 'relation':
    case 'series':
    case 'set-operation':
    case 'set':
    case 'tuple':
      throw new ExactLimit(`no exact form of a ${node.kind}`)
  }
}

/** The rational value of an expression; null where it has none or none that is found. */
export function rationalValue(node: Node): Rational | null {
  try {
    const { above, below } = normalForm(node)
    const value = constantOf(above)
    const divisor = constantOf(below)
    return value !== null && divisor !== null ? divide(value, divisor) : null
  } catch (error) {
    if (error instanceof ExactLimit) return null
    throw error
  }
}
