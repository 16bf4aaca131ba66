// Numerals and what belongs to them: mixed numbers (3\frac12, 3 1/2), other bases (101_2), powers of ten (1.5e3).

import { inverse, numberNode, powerOf, productOf, sumOf } from './build.ts'
import type { Node } from './node.ts'
import { parseCommand, readArgument } from './parse-command.ts'
import { ParseFault } from './parse-fault.ts'
import { fromDecimal, isInteger } from './rational.ts'
import { isMark, peek, type Reader } from './reader.ts'
import type { Token } from './tokens.ts'

/** A numeral; with a fraction behind it a mixed number; with a subscript a numeral of another base. */
export function parseNumber(reader: Reader, token: Token): Node {
  reader.at += 1
  const decimal = token.text.includes('.') && !token.text.includes('(')
  const value = fromDecimal(token.text)
  const next = peek(reader)
  if (isMark(next, '_')) {
    reader.at += 1
    const base = readArgument(reader)
    if (decimal || base.kind !== 'number' || !isInteger(base.value)) throw new ParseFault('subscript of a number')
    return { kind: 'based', digits: token.text, base: Number(base.value.numerator) }
  }
  if (!decimal && next?.kind === 'command' && next.text === 'frac' && numeralsFollow(reader)) {
    const before = reader.at
    const part = parseCommand(reader, 'frac')
    if (properFraction(part)) return sumOf([numberNode(value), part])
    reader.at = before
  }
  // 3 1/2: number, space, number, slash, number.
  if (
    !decimal &&
    next?.kind === 'number' &&
    next.spaced &&
    isMark(peek(reader, 1), '/') &&
    peek(reader, 2)?.kind === 'number'
  ) {
    const part = productOf([
      numberNode(fromDecimal(next.text)),
      inverse(numberNode(fromDecimal(peek(reader, 2)?.text ?? '1'))),
    ])
    if (properFraction(part)) {
      reader.at += 3
      return sumOf([numberNode(value), part])
    }
  }
  // 1.5e3, 2E-4.
  if ((next?.text === 'e' || next?.text === 'E') && next.kind === 'letter' && !next.spaced) {
    const sign = isMark(peek(reader, 1), '-', '+') ? 1 : 0
    const exponent = peek(reader, 1 + sign)
    if (exponent?.kind === 'number' && !exponent.spaced && !exponent.text.includes('.') && exponent.text.length < 5) {
      const power = numberNode((peek(reader, 1)?.text === '-' ? -1n : 1n) * BigInt(exponent.text))
      reader.at += 2 + sign
      return productOf([numberNode(value, decimal), powerOf(numberNode(10n), power)])
    }
  }
  return numberNode(value, decimal)
}

/** After \frac: two numerals, each with or without braces. What is read twice is this small, so reading stays linear. */
function numeralsFollow(reader: Reader): boolean {
  let ahead = 1
  for (let part = 0; part < 2; part += 1) {
    const token = peek(reader, ahead)
    if (token?.kind === 'number') {
      // \frac12: both digits are in one numeral.
      if (part === 0 && token.text.length > 1) return true
      ahead += 1
    } else if (
      isMark(token, '{') &&
      peek(reader, ahead + 1)?.kind === 'number' &&
      isMark(peek(reader, ahead + 2), '}')
    ) {
      ahead += 3
    } else return false
  }
  return true
}

/** Whole numbers above and below, the upper one smaller. */
function properFraction(node: Node): boolean {
  if (node.kind !== 'product' || node.factors.length !== 2) return false
  const [above, below] = node.factors
  if (above?.kind !== 'number' || below?.kind !== 'power' || below.base.kind !== 'number') return false
  return (
    !above.decimal &&
    !below.base.decimal &&
    above.value.numerator >= 0n &&
    above.value.numerator < below.base.value.numerator
  )
}
