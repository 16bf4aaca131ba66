// Exact fractions of big integers, and decimal numerals read into them. Always reduced, the sign in the numerator.

export interface Rational {
  readonly numerator: bigint
  /** Above zero, without a common factor with the numerator. */
  readonly denominator: bigint
}

/** Above this many bits exact arithmetic is given up (ExactLimit): towers of powers stay cheap. */
export const maximumBits = 12_000

/** Exact arithmetic grew past its limits; the numeric way may still decide. */
export class ExactLimit extends Error {
  override readonly name = 'ExactLimit'
}

export const zero: Rational = { numerator: 0n, denominator: 1n }
export const one: Rational = { numerator: 1n, denominator: 1n }
export const minusOne: Rational = { numerator: -1n, denominator: 1n }

const maximumSize = 1n << BigInt(maximumBits)

function greatestCommonDivisor(left: bigint, right: bigint): bigint {
  let a = left < 0n ? -left : left
  let b = right < 0n ? -right : right
  while (b !== 0n) [a, b] = [b, a % b]
  return a
}

/** The reduced fraction. Throws ExactLimit for a zero denominator or numbers too large. */
export function rational(numerator: bigint, denominator = 1n): Rational {
  if (denominator === 0n) throw new ExactLimit('division by zero')
  if (numerator > maximumSize || numerator < -maximumSize || denominator > maximumSize) {
    throw new ExactLimit('number too large')
  }
  if (denominator === 1n) return { numerator, denominator }
  const divisor = greatestCommonDivisor(numerator, denominator) * (denominator < 0n ? -1n : 1n)
  return { numerator: numerator / divisor, denominator: denominator / divisor }
}

export function add(left: Rational, right: Rational): Rational {
  if (left.denominator === right.denominator) return rational(left.numerator + right.numerator, left.denominator)
  return rational(
    left.numerator * right.denominator + right.numerator * left.denominator,
    left.denominator * right.denominator,
  )
}

export function multiply(left: Rational, right: Rational): Rational {
  return rational(left.numerator * right.numerator, left.denominator * right.denominator)
}

export function divide(left: Rational, right: Rational): Rational {
  const sign = right.numerator < 0n ? -1n : 1n
  return rational(left.numerator * right.denominator * sign, left.denominator * right.numerator * sign)
}

export function negate(value: Rational): Rational {
  return { numerator: -value.numerator, denominator: value.denominator }
}

export function isInteger(value: Rational): boolean {
  return value.denominator === 1n
}

export function same(left: Rational, right: Rational): boolean {
  return left.numerator === right.numerator && left.denominator === right.denominator
}

/** The largest integer not above the value. */
export function floor(value: Rational): bigint {
  const quotient = value.numerator / value.denominator
  return value.numerator < 0n && quotient * value.denominator !== value.numerator ? quotient - 1n : quotient
}

/** value to an integer power. Throws ExactLimit when the result would be too large. */
export function power(value: Rational, exponent: bigint): Rational {
  if (exponent === 0n) return one
  const positive = exponent < 0n ? -exponent : exponent
  const bits = Math.max(bitLength(value.numerator), bitLength(value.denominator))
  if (bits > 1 && positive * BigInt(bits - 1) > BigInt(maximumBits)) throw new ExactLimit('power too large')
  // Only 0, 1 and -1 come here with a large exponent: its parity is all that counts.
  const reduced = bits <= 1 ? 2n - (positive % 2n) : positive
  const raised = rational(value.numerator ** reduced, value.denominator ** reduced)
  return exponent < 0n ? divide(one, raised) : raised
}

function bitLength(value: bigint): number {
  const hexadecimal = (value < 0n ? -value : value).toString(16)
  return (hexadecimal.length - 1) * 4 + Number.parseInt(hexadecimal.slice(0, 1), 16).toString(2).length
}

/** As a double; infinite where the fraction is beyond doubles. */
export function toNumber(value: Rational): number {
  const numerator = Number(value.numerator)
  const denominator = Number(value.denominator)
  if (Number.isFinite(numerator) && Number.isFinite(denominator)) return numerator / denominator
  const scaled = (value.numerator << 80n) / value.denominator
  return Number(scaled) / 2 ** 80
}

/** `12`, `.5`, `3.25`, and with a period in brackets `0.1(6)`, as an exact fraction. */
export function fromDecimal(text: string): Rational {
  const bracket = text.indexOf('(')
  if (bracket >= 0) {
    const head = text.slice(0, bracket)
    const period = text.slice(bracket + 1, -1)
    const places = head.length - head.indexOf('.') - 1
    const tail = rational(BigInt(period), (10n ** BigInt(period.length) - 1n) * 10n ** BigInt(places))
    return add(fromDecimal(head), tail)
  }
  const point = text.indexOf('.')
  if (point < 0) return rational(BigInt(text))
  const places = text.length - point - 1
  return rational(BigInt(text.slice(0, point) + text.slice(point + 1) || '0'), 10n ** BigInt(places))
}

/** `numerator/denominator`, or the integer alone. */
export function show(value: Rational): string {
  return isInteger(value) ? value.numerator.toString() : `${value.numerator.toString()}/${value.denominator.toString()}`
}
