// Sums, products (written or implied), units, powers and what follows a value: the middle levels of the grammar.

import { callOf, inverse, negated, numberNode, powerOf, productOf, sumOf } from './build.ts'
import type { Node, QuantityNode } from './node.ts'
import { ParseFault } from './parse-fault.ts'
import { splitWord } from './parse-command.ts'
import { parsePrimary, startsPrimary } from './parse-primary.ts'
import { fromDecimal } from './rational.ts'
import { isMark, nested, peek, takeMark, type Reader } from './reader.ts'
import type { Token } from './tokens.ts'
import { conversion, isUnitWord, rationalOf } from './units.ts'
import { functionNames, magnitudeWords } from './vocabulary.ts'

const percentWords = new Set(['percent', 'pct', 'percentage'])
/** What may stand behind "degrees". */
const scales = new Map([
  ['celsius', 'celsius'],
  ['c', 'celsius'],
  ['fahrenheit', 'fahrenheit'],
  ['f', 'fahrenheit'],
])
const proseStops = new Set(['and', 'or', 'union', 'if', 'for', 'where', 'when', 'mod', 'modulo', 'also'])

/** Terms with their signs. */
export function parseSum(reader: Reader): Node {
  const terms: Node[] = []
  for (let first = true; ; first = false) {
    const token = peek(reader)
    const signed = isMark(token, '+', '-', '±', '∓')
    if (!first && !signed) break
    if (signed) reader.at += 1
    // Further signs after the first: 3 + -2.
    let minus = signed && token?.text === '-'
    while (isMark(peek(reader), '-', '+')) {
      if (takeMark(reader, '-')) minus = !minus
      else reader.at += 1
    }
    const term = parseProduct(reader)
    if (token?.text === '±' && signed)
      terms.push({ kind: 'plus-minus', upper: 1, operand: minus ? negated(term) : term })
    else if (token?.text === '∓' && signed)
      terms.push({ kind: 'plus-minus', upper: -1, operand: minus ? negated(term) : term })
    else terms.push(minus ? negated(term) : term)
  }
  return sumOf(terms)
}

/** What a word or an upright letter after a value is. */
function roleOfWord(token: Token, next: Token | undefined): 'stop' | 'percent' | 'magnitude' | 'unit' | 'factor' {
  const word = token.text.toLowerCase()
  if (proseStops.has(word)) return 'stop'
  if (percentWords.has(word)) return 'percent'
  if (magnitudeWords.has(word)) return 'magnitude'
  if (token.kind === 'letter') return token.prose && token.spaced ? 'unit' : 'factor'
  // min and deg are units unless they are applied to something.
  if (isUnitWord(word) && functionNames.has(word) && !isMark(next, '(', '{', '_', '[')) return 'unit'
  if (functionNames.has(token.text) || word === 'pi') return 'factor'
  if (token.prose || isUnitWord(word)) return 'unit'
  // A noun of plain prose ("12 apples") or a product of letters ("2xyz").
  return word === token.text && word.length >= 4 && token.spaced ? 'unit' : 'factor'
}

/** Takes a run of unit words with their powers ("cm^2", "miles per hour"); the unit as units.ts spells it, null for other words. */
function takeUnits(reader: Reader): string | null {
  const names: string[] = []
  for (;;) {
    const token = peek(reader)
    if (token === undefined) break
    const isWord = token.kind === 'word' || (token.kind === 'letter' && token.prose)
    const behindSign = names.at(-1) === '/' || names.at(-1) === '*'
    if (isWord && (['unit', 'percent'].includes(roleOfWord(token, peek(reader, 1))) || (behindSign && token.prose))) {
      names.push(token.text.toLowerCase())
      reader.at += 1
    } else if (isMark(token, '/', '*') && (peek(reader, 1)?.kind === 'word' || peek(reader, 1)?.prose === true)) {
      names.push(token.text)
      reader.at += 1
    } else if (names.length > 0 && isMark(token, '^')) {
      reader.at += 1
      const exponent = parseScript(reader)
      if (exponent.kind === 'number') names.push(`^${exponent.value.numerator.toString()}`)
    } else break
  }
  return spelledUnit(names)
}

/** A value with its unit; $45 per hour: the sign of money belongs to the unit. */
function quantityOf(value: Node, unit: string): QuantityNode {
  if (value.kind === 'quantity' && unit.startsWith('/')) return { ...value, unit: value.unit + unit }
  return { kind: 'quantity', value, unit }
}

/** "square feet" as ft^2, "miles per hour" as miles/hour. */
function spelledUnit(names: readonly string[]): string | null {
  let spelled = ''
  let power = ''
  for (const name of names) {
    if (name === 'square' || name === 'sq') power = '^2'
    else if (name === 'cubic' || name === 'cu') power = '^3'
    else if (name === 'squared' || name === 'cubed') spelled += name === 'squared' ? '^2' : '^3'
    else if (name === 'per') spelled += '/'
    else if (/^[/*^]/.test(name)) spelled += name
    else {
      const scale = /^degrees?$/.test(spelled) ? scales.get(name) : undefined
      if (scale !== undefined) {
        spelled = scale
        continue
      }
      // Two names side by side are a description, not a unit.
      if (spelled !== '' && !/[/*]$/.test(spelled)) return null
      spelled += name + power
      power = ''
    }
  }
  return spelled === '' || power !== '' ? null : spelled
}

/** 6 ft 2 in, 1 hour 30 minutes: a smaller quantity of the same thing is added. */
function addSmaller(reader: Reader, larger: QuantityNode): Node {
  const smaller = parseProduct(reader)
  const factor = smaller.kind === 'quantity' ? conversion(smaller.unit, larger.unit) : null
  if (smaller.kind !== 'quantity' || factor === null || factor >= 1) throw new ParseFault('two values side by side')
  return { ...larger, value: sumOf([larger.value, productOf([smaller.value, numberNode(rationalOf(factor))])]) }
}

function parseProduct(reader: Reader): Node {
  const factors: Node[] = [parsePower(reader)]
  for (;;) {
    const token = peek(reader)
    if (token === undefined) break
    if (isMark(token, '*', '/')) {
      const before = reader.at
      reader.at += 1
      if (isMark(peek(reader), '*')) reader.at += 1
      if (peek(reader)?.kind === 'word' && peek(reader)?.prose === true) {
        // "5 m/s": the slash belongs to the unit.
        reader.at = before
        takeUnits(reader)
        continue
      }
      const minus = takeMark(reader, '-')
      if (!minus) takeMark(reader, '+')
      const factor = minus ? negated(parsePower(reader)) : parsePower(reader)
      if (token.text === '*') factors.push(factor)
      else factors.push(inverse(factor))
      continue
    }
    if (token.kind === 'word' || (token.kind === 'letter' && token.prose)) {
      const role = roleOfWord(token, peek(reader, 1))
      if (role === 'stop') break
      if (role === 'percent') {
        reader.at += 1
        factors.splice(0, factors.length, { kind: 'percent', operand: productOf(factors) })
        continue
      }
      if (role === 'magnitude') {
        reader.at += 1
        factors.push(numberNode(magnitudeWords.get(token.text.toLowerCase()) ?? 1n))
        continue
      }
      if (role === 'unit') {
        const unit = takeUnits(reader)
        if (unit !== null) factors.splice(0, factors.length, quantityOf(productOf(factors), unit))
        continue
      }
    }
    const last = factors.at(-1)
    if (token.kind === 'number' && last?.kind === 'quantity' && factors.length === 1) return addSmaller(reader, last)
    if (token.text === 'U' && last !== undefined && (last.kind === 'tuple' || last.kind === 'set')) break
    if (!startsPrimary(reader, token)) break
    // Two bare numerals side by side are not a product.
    if (token.kind === 'number' && reader.tokens[reader.at - 1]?.kind === 'number') {
      throw new ParseFault('two numbers side by side')
    }
    factors.push(parsePower(reader))
  }
  return productOf(factors)
}

/** What stands raised or lowered: a group in braces, or one token with its sign. */
function parseScript(reader: Reader): Node {
  if (isMark(peek(reader), '{')) {
    reader.at += 1
    const inside = nested(reader, () => reader.grammar.list(reader))
    if (!takeMark(reader, '}')) throw new ParseFault('brace that is never closed')
    return inside
  }
  const minus = takeMark(reader, '-')
  splitWord(reader)
  const node = nested(reader, () => parsePrimary(reader))
  return minus ? negated(node) : node
}

/** ^\circ, ^{\circ}: true and taken. */
function takeDegreeSign(reader: Reader): boolean {
  if (isMark(peek(reader), 'circ', '°')) {
    reader.at += 1
    return true
  }
  if (!isMark(peek(reader), '^')) return false
  if (isMark(peek(reader, 1), 'circ', '°')) {
    reader.at += 2
    return true
  }
  if (isMark(peek(reader, 1), '{') && isMark(peek(reader, 2), 'circ', '°') && isMark(peek(reader, 3), '}')) {
    reader.at += 4
    return true
  }
  return false
}

/** 30' 15'' behind degrees, in degrees. */
function takeArcMinutes(reader: Reader): Node[] {
  const parts: Node[] = []
  for (const marks of [1, 2]) {
    const token = peek(reader)
    const primes = [1, 2].map((ahead) => isMark(peek(reader, ahead), "'"))
    if (token?.kind !== 'number' || primes[0] !== true || primes[1] !== (marks === 2)) continue
    reader.at += 1 + marks
    parts.push(productOf([numberNode(fromDecimal(token.text)), inverse(numberNode(60n ** BigInt(marks)))]))
  }
  return parts
}

/** ^{th}, ^{\text{st}}: true and taken. */
function takeOrdinal(reader: Reader): boolean {
  if (!isMark(peek(reader), '^')) return false
  const braces = isMark(peek(reader, 1), '{')
  const token = peek(reader, braces ? 2 : 1)
  if (token?.kind !== 'word' || !['st', 'nd', 'rd', 'th'].includes(token.text)) return false
  reader.at += braces ? 4 : 2
  return true
}

/** A primary with everything that is written behind it: powers, factorials, %, degrees. */
function parsePower(reader: Reader): Node {
  let node = parsePrimary(reader)
  for (;;) {
    const token = peek(reader)
    if (takeDegreeSign(reader)) {
      node = { kind: 'degree', operand: sumOf([node, ...takeArcMinutes(reader)]) }
      // 25 °C: the letter of the scale.
      const scale = peek(reader)
      if (scale?.kind === 'letter' && (scale.text === 'C' || scale.text === 'F')) {
        reader.at += 1
        node = { kind: 'quantity', value: node.operand, unit: scale.text === 'C' ? 'celsius' : 'fahrenheit' }
      }
    } else if (takeOrdinal(reader)) continue
    else if (isMark(token, '^')) {
      reader.at += 1
      node = powerOf(node, parseScript(reader))
    } else if (takeMark(reader, '!')) node = callOf('factorial', node)
    else if (takeMark(reader, '%')) node = { kind: 'percent', operand: node }
    else if (isMark(token, "'") && node.kind === 'number') {
      reader.at += 1
      node = { kind: 'quantity', value: node, unit: 'prime' }
    } else return node
  }
}
