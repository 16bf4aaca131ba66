// Exact answers of invented problems: a rational number, plain or times pi or a square root, with the ways people
// write it and the slips they make.

export interface Value {
  readonly numerator: bigint
  readonly denominator: bigint
  /** LaTeX that follows the number: `\pi`, `\sqrt{3}`, or nothing. */
  readonly unit: string
}

/** numerator / denominator in lowest terms, times the unit. Throws on a zero denominator. */
export function rational(numerator: bigint | number, denominator: bigint | number = 1, unit = ''): Value {
  let [top, bottom] = [BigInt(numerator), BigInt(denominator)]
  if (bottom === 0n) throw new RangeError('zero denominator')
  if (bottom < 0n) [top, bottom] = [-top, -bottom]
  const common = greatestDivisor(top, bottom)
  return { numerator: top / common, denominator: bottom / common, unit: top === 0n ? '' : unit }
}

/** The square root of a positive whole number, simplified: 12 becomes 2\sqrt{3}. */
export function squareRoot(radicand: number): Value {
  let [outside, inside] = [1, radicand]
  for (let factor = 2; factor * factor <= inside; factor += 1) {
    while (inside % (factor * factor) === 0) {
      inside /= factor * factor
      outside *= factor
    }
  }
  return rational(outside, 1, inside === 1 ? '' : `\\sqrt{${inside}}`)
}

/** Greatest common divisor, at least 1. */
export function greatestDivisor(left: bigint, right: bigint): bigint {
  let [first, second] = [left < 0n ? -left : left, right < 0n ? -right : right]
  while (second !== 0n) [first, second] = [second, first % second]
  return first === 0n ? 1n : first
}

/** The plainest LaTeX of a value. */
export function latex(value: Value): string {
  return forms(value)[0]!
}

/** LaTeX ways to write a value, the plainest first. All of them are equal. */
export function forms(value: Value): string[] {
  const { numerator, denominator, unit } = value
  const sign = numerator < 0n ? '-' : ''
  const top = numerator < 0n ? -numerator : numerator
  if (denominator === 1n) {
    if (unit !== '') return [top === 1n ? `${sign}${unit}` : `${sign}${top}${unit}`]
    return top < 10_000n
      ? [`${sign}${top}`]
      : [`${sign}${top}`, `${sign}${grouped(top, '{,}')}`, `${sign}${grouped(top, ',')}`]
  }
  const over = unit === '' ? String(top) : top === 1n ? unit : `${top}${unit}`
  const list = [`${sign}\\frac{${over}}{${denominator}}`, `${sign}\\dfrac{${over}}{${denominator}}`]
  if (unit !== '') return list
  list.push(`${sign}${top}/${denominator}`)
  const exact = decimal(top, denominator)
  if (exact !== null) list.push(sign + exact)
  return list
}

/** Decimal digits where they end within four places. */
function decimal(top: bigint, bottom: bigint): string | null {
  for (let places = 1; places <= 4; places += 1) {
    const scale = 10n ** BigInt(places)
    if ((top * scale) % bottom !== 0n) continue
    const digits = String((top * scale) / bottom).padStart(places + 1, '0')
    return `${digits.slice(0, -places)}.${digits.slice(-places)}`
  }
  return null
}

function grouped(number: bigint, separator: string): string {
  return String(number).replaceAll(/\B(?=(?:\d{3})+$)/g, separator)
}

/** Four wrong values near the right one, all different, the likeliest slip first. */
export function slips(value: Value): Value[] {
  const { numerator, denominator, unit } = value
  const candidates = [
    [numerator + denominator, denominator],
    [numerator * 2n, denominator],
    [numerator - denominator, denominator],
    [-numerator, denominator],
    [numerator + 2n * denominator, denominator],
    [numerator + 10n * denominator, denominator],
    [numerator - 3n * denominator, denominator],
  ] as const
  const seen = new Set([latex(value)])
  const wrong: Value[] = []
  for (const [top, bottom] of candidates) {
    const candidate = rational(top, bottom, unit)
    const text = latex(candidate)
    if (seen.has(text)) continue
    seen.add(text)
    wrong.push(candidate)
  }
  return wrong.slice(0, 4)
}
