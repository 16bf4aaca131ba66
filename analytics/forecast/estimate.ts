// From a few problems to many: estimates with 95 % intervals.

import type { Estimate } from './contract.ts'

/** Two-sided 95 % point of Student's t. */
export function student(degrees: number): number {
  const [z, v] = [1.959964, degrees]
  // Cornish-Fisher (Abramowitz and Stegun 26.7.5): within 1 % from three degrees on.
  const terms = [
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92_160,
  ]
  return terms.reduce((sum, term, index) => sum + term / v ** (index + 1), z)
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

/** Spread of what is left of the values when their ratio to the sizes is taken off. */
function spread(values: readonly number[], sizes: readonly number[], ratio: number): number {
  const squares = values.map((value, index) => (value - ratio * sizes[index]!) ** 2)
  return Math.sqrt(sumOf(squares) / (values.length - 1))
}

function around(value: number, error: number, count: number): Estimate {
  const reach = student(count - 1) * error
  return { value, low: Math.max(0, value - reach), high: value + reach }
}

/**
 * The sum of the values over a run that goes on until the sizes sum to `amount` (sizes all 1: so many problems; 1 for
 * each accepted row: so many rows). Ratio estimate by the delta method; the interval is one for the run's own sum, so
 * the chance in the run's problems is in it beside that in the probe's. At least two values; sizes must not sum to 0.
 */
export function estimateTotal(values: readonly number[], sizes: readonly number[], amount: number): Estimate {
  const count = values.length
  const ratio = sumOf(values) / sumOf(sizes)
  const problems = (amount * count) / sumOf(sizes)
  const error = spread(values, sizes, ratio) * Math.sqrt(problems ** 2 / count + problems)
  return around(ratio * amount, error, count)
}

/** The values' sum for each of the sizes' sum, as cost for a row; the interval is one for the ratio. */
export function estimateRatio(values: readonly number[], sizes: readonly number[]): Estimate {
  const count = values.length
  const ratio = sumOf(values) / sumOf(sizes)
  return around(ratio, (spread(values, sizes, ratio) * Math.sqrt(count)) / sumOf(sizes), count)
}
