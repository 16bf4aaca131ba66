// What can be told of two answers from their characters alone, in constant time: the calling thread uses it to spare a worker.

import type { Comparison } from './contract.ts'
import { fromDecimal, rational, same, type Rational } from './rational.ts'
import { different, equal } from './verdicts.ts'

const maximumLength = 48
const wholeOrDecimal = /^([+-]?)(\d{1,15}(?:\.\d{1,12})?|\.\d{1,12})$/
const grouped = /^([+-]?)(\d{1,3}(?:(?:,|\{,\})\d{3})+(?:\.\d{1,12})?)$/
const fraction = /^([+-]?)(?:\\[dt]?frac\{(\d{1,15})\}\{(\d{1,15})\}|(\d{1,15})\/(\d{1,15}))$/

/** A plain numeral, read exactly; grouped: written with commas that may mean something else. */
export interface PlainNumber {
  readonly value: Rational
  readonly decimal: boolean
  readonly grouped: boolean
}

/** The number that a short plain numeral is; null for everything else. */
export function plainNumber(answer: string): PlainNumber | null {
  if (answer.length > maximumLength) return null
  const bare = answer.startsWith('$') && answer.endsWith('$') && answer.length > 2 ? answer.slice(1, -1) : answer
  const text = bare.trim()
  const number = wholeOrDecimal.exec(text) ?? grouped.exec(text)
  if (number?.[2] !== undefined) {
    const digits = number[2].replace(/[,{}]/g, '')
    const value = fromDecimal(digits)
    return {
      value: number[1] === '-' ? rational(-value.numerator, value.denominator) : value,
      decimal: digits.includes('.'),
      grouped: digits !== number[2],
    }
  }
  const parts = fraction.exec(text)
  const above = parts?.[2] ?? parts?.[4]
  const below = parts?.[3] ?? parts?.[5]
  if (above === undefined || below === undefined || /^0+$/.test(below)) return null
  return {
    value: rational(BigInt(above) * (parts?.[1] === '-' ? -1n : 1n), BigInt(below)),
    decimal: false,
    grouped: false,
  }
}

/** The verdict on identical texts and on two plain numerals; null for everything that needs reading. */
export function compareCheaply(gold: string, pred: string): Comparison | null {
  if (gold === pred && gold.trim() !== '') return equal('identical')
  const left = plainNumber(gold)
  const right = left === null ? null : plainNumber(pred)
  if (left === null || right === null) return null
  if (same(left.value, right.value)) return equal('exact')
  // A rounded value or a list written like a grouped number may still be equal.
  return left.decimal || right.decimal || left.grouped || right.grouped ? null : different('exact')
}

/** The same text for answers that are certain to be equal: what a vote counts before anything is compared. */
export function cheapKey(answer: string): string {
  const number = plainNumber(answer)
  if (number === null) return `text ${answer.trim()}`
  return `number ${number.value.numerator.toString()}/${number.value.denominator.toString()}`
}
