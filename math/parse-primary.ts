// The smallest parts of an answer: numbers, names, functions, brackets and bars. Long because these rules are one level of the
// grammar and call each other.

import { callOf, negated, negativeOne, numberNode, powerOf, productOf, root, sumOf } from './build.ts'
import type { Node } from './node.ts'
import { ParseFault } from './parse-fault.ts'
import { parseCommand, readArgument } from './parse-command.ts'
import { parseNumber } from './parse-number.ts'
import { isInteger } from './rational.ts'
import { expectMark, isMark, nested, peek, takeMark, type Reader } from './reader.ts'
import type { Token } from './tokens.ts'
import { functionAliases, functionNames, numberWords } from './vocabulary.ts'

const opening = new Set(['$', '(', '[', '{', 'set(', '⌊', '⌈', '∞', '∅', '…'])
const factorCommands = new Set(
  'frac binom sqrt sum prod begin mathbb mathds overline bar overrightarrow vec'.split(' '),
)
const applied = new Set(['f', 'g', 'h', 'F', 'G', 'H'])
const inverses = new Map([
  ['sin', 'asin'],
  ['cos', 'acos'],
  ['tan', 'atan'],
  ['cot', 'acot'],
  ['sec', 'asec'],
  ['csc', 'acsc'],
])

/** May a factor that is only implied begin with this token? */
export function startsPrimary(reader: Reader, token: Token): boolean {
  if (token.kind === 'number' || token.kind === 'letter' || token.kind === 'word' || token.kind === 'function')
    return true
  if (token.kind === 'command') return factorCommands.has(token.text)
  if (token.text === '|' || token.text === '‖') return reader.bars === 0 && reader.builders === 0
  if (token.text === '(' && ['mod', 'modulo'].includes(peek(reader, 1)?.text ?? '')) return false
  return opening.has(token.text)
}

/** One primary. Throws ParseFault where none begins here. */
export function parsePrimary(reader: Reader): Node {
  const token = peek(reader)
  if (token === undefined) throw new ParseFault('unexpected end')
  switch (token.kind) {
    case 'number':
      return parseNumber(reader, token)
    case 'letter':
      reader.at += 1
      return parseName(reader, token.text)
    case 'word':
      return parseWord(reader, token)
    case 'function':
      return nested(reader, () => parseFunction(reader, token.text), { bars: reader.bars, builders: reader.builders })
    case 'command':
      return parseCommand(reader, token.text)
    case 'mark':
      return parseBracket(reader, token.text)
  }
}

/** The spelling of a subscript, as part of the name. */
function readSubscript(reader: Reader): string {
  if (!takeMark(reader, '_')) return ''
  const first = peek(reader)
  if (first === undefined) throw new ParseFault('subscript without content')
  reader.at += 1
  if (!isMark(first, '{')) return `_${first.text}`
  let open = 1
  let name = ''
  for (;;) {
    const token = peek(reader)
    if (token === undefined) throw new ParseFault('subscript that is never closed')
    reader.at += 1
    if (isMark(token, '{')) open += 1
    if (isMark(token, '}') && (open -= 1) === 0) return `_${name}`
    name += token.text
  }
}

/** P(2) = 10: any letter with a numeral in brackets is a function where the equation begins with it. */
function isAppliedHere(reader: Reader, letter: string): boolean {
  const before = peek(reader, -2)
  if (!/^[A-Za-z]$/.test(letter) || (before !== undefined && !isMark(before, ',', ';', 'and', 'or', 'gap')))
    return false
  const minus = isMark(peek(reader, 1), '-') ? 1 : 0
  return (
    isMark(peek(reader), '(') &&
    peek(reader, 1 + minus)?.kind === 'number' &&
    isMark(peek(reader, 2 + minus), ')') &&
    isMark(peek(reader, 3 + minus), '=')
  )
}

function parseName(reader: Reader, letter: string): Node {
  let name = letter + readSubscript(reader)
  while (takeMark(reader, "'")) name += "'"
  name += readSubscript(reader)
  if (name === '\\pi') return { kind: 'constant', name: 'pi' }
  if (name === 'e') return { kind: 'constant', name: 'e' }
  if (name === 'i' || name === '\\imath') return { kind: 'constant', name: 'i' }
  if (name === '\\Gamma' && isMark(peek(reader), '(')) {
    const [argument] = readArguments(reader)
    return callOf('factorial', sumOf([argument ?? numberNode(1n), negativeOne]))
  }
  if ((applied.has(letter) || isAppliedHere(reader, letter)) && isMark(peek(reader), '('))
    return callOf(name, ...readArguments(reader))
  return { kind: 'symbol', name }
}

/** ( … , … ) as the arguments of a function. */
function readArguments(reader: Reader): readonly Node[] {
  expectMark(reader, '(', '[')
  const inside = nested(reader, () => reader.grammar.list(reader))
  expectMark(reader, ')', ']')
  return inside.kind === 'list' ? inside.items : [inside]
}

function parseWord(reader: Reader, token: Token): Node {
  const word = token.text.toLowerCase()
  const next = peek(reader, 1)
  const applicable =
    !shortNames.has(token.text) || isMark(next, '(') || next?.kind === 'letter' || next?.kind === 'number'
  if (functionNames.has(token.text) && applicable) {
    return nested(reader, () => parseFunction(reader, token.text), { bars: reader.bars, builders: reader.builders })
  }
  reader.at += 1
  if (word === 'pi') return { kind: 'constant', name: 'pi' }
  if (word === 'infinity' || word === 'inf' || token.text === 'oo') return { kind: 'constant', name: 'infinity' }
  const count = numberWords.get(word)
  if (count !== undefined) return numberNode(count)
  // HTH, ABCD: a name before it is a product.
  if (/^[A-Z]{3,}$/.test(token.text)) {
    return { kind: 'symbol', name: token.text + readSubscript(reader) }
  }
  if (token.prose || (token.text.length > 4 && token.text !== token.text.toUpperCase()) || token.text.length > 8) {
    throw new ParseFault(`prose: ${token.text}`)
  }
  if (isEnglish(token, peek(reader))) throw new ParseFault(`prose: ${token.text}`)
  // A product of single letters, each with what is written behind it: in xy^2 only y is squared.
  const [first = '', ...rest] = token.text
  const after = rest.map((text): Token => ({ ...token, kind: 'letter', text, spaced: false }))
  reader.tokens.splice(reader.at, 0, ...after)
  return parseName(reader, first)
}

/** Names of functions that are as often two letters side by side. */
const shortNames = new Set(['tr', 'sh', 'ch', 'th', 'tg'])

const smallWords = new Set('is it of in to at be by on no so we he as an am do go us my me up'.split(' '))

/** A word of a sentence rather than a product of letters: a small word, or one with a vowel, among spaces. */
function isEnglish(token: Token, next: Token | undefined): boolean {
  const apart = token.spaced || (next?.spaced === true && (next.kind === 'word' || next.kind === 'letter'))
  if (!apart || token.text !== token.text.toLowerCase()) return false
  return smallWords.has(token.text) || (token.text.length >= 3 && /[aeiou]/.test(token.text))
}

/** A function's name with its power, base and argument: \sin^2 x, \log_2 8, \arctan(1). */
function parseFunction(reader: Reader, spelled: string): Node {
  reader.at += 1
  let name = functionAliases.get(spelled) ?? spelled
  let base: Node | null = null
  let power: Node | null = null
  for (;;) {
    if (takeMark(reader, '_')) base = readArgument(reader)
    else if (takeMark(reader, '^')) power = readArgument(reader)
    else break
  }
  if (power?.kind === 'number' && power.value.numerator === -1n && isInteger(power.value)) {
    name = inverses.get(name) ?? name
    if (inverses.has(functionAliases.get(spelled) ?? spelled)) power = null
  }
  const values = isMark(peek(reader), '(') ? readArguments(reader) : [readBareArgument(reader)]
  const value = values[0] ?? numberNode(0n)
  const called = applyFunction(name, values, value, base)
  return power === null ? called : powerOf(called, power)
}

function applyFunction(name: string, values: readonly Node[], value: Node, base: Node | null): Node {
  if (name === 'sqrt') return root(value, numberNode(2n))
  if (name === 'cbrt') return root(value, numberNode(3n))
  if (name === 'exp') return powerOf({ kind: 'constant', name: 'e' }, value)
  if (name === 'cis')
    return sumOf([callOf('cos', value), productOf([{ kind: 'constant', name: 'i' }, callOf('sin', value)])])
  if (name === 'lg') return callOf('log', value, numberNode(10n))
  if (name === 'log') return base === null ? callOf('log', value) : callOf('log', value, base)
  if (base !== null) throw new ParseFault(`subscript of ${name}`)
  // max{1, 2}: the items of the set.
  return value.kind === 'set' ? callOf(name, ...value.items) : callOf(name, ...values)
}

/** The argument of a function without brackets: a product of simple factors, up to the next function. */
function readBareArgument(reader: Reader): Node {
  const minus = takeMark(reader, '-')
  const factors: Node[] = []
  for (;;) {
    const token = peek(reader)
    if (token === undefined) break
    const simple =
      token.kind === 'number' ||
      (token.kind === 'letter' && !token.prose) ||
      (token.kind === 'command' && factorCommands.has(token.text)) ||
      (factors.length === 0 && (token.kind === 'mark' || token.kind === 'function' || token.kind === 'word'))
    if (!simple) break
    let factor = nested(reader, () => parsePrimary(reader), { bars: reader.bars, builders: reader.builders })
    for (;;) {
      if (isMark(peek(reader), '^') && isMark(peek(reader, 1), 'circ', '°')) {
        reader.at += 2
        factor = { kind: 'degree', operand: factor }
      } else if (
        isMark(peek(reader), '^') &&
        isMark(peek(reader, 1), '{') &&
        isMark(peek(reader, 2), 'circ') &&
        isMark(peek(reader, 3), '}')
      ) {
        reader.at += 4
        factor = { kind: 'degree', operand: factor }
      } else if (takeMark(reader, '^')) factor = powerOf(factor, readArgument(reader))
      else if (takeMark(reader, '!')) factor = callOf('factorial', factor)
      else break
    }
    factors.push(factor)
  }
  if (factors.length === 0) throw new ParseFault('function without argument')
  const value = productOf(factors)
  return minus ? negated(value) : value
}

/** Brackets, braces, bars, and the signs that stand for themselves. */
function parseBracket(reader: Reader, mark: string): Node {
  reader.at += 1
  switch (mark) {
    case '∞':
      return { kind: 'constant', name: 'infinity' }
    case '∅':
      return { kind: 'set', items: [] }
    case '…':
      return { kind: 'symbol', name: '…' }
    case '$': {
      const amount = nested(reader, () => parsePrimary(reader))
      return { kind: 'quantity', value: amount, unit: 'dollar' }
    }
    case '-':
      return productOf([negativeOne, nested(reader, () => parsePrimary(reader))])
    case '(':
    case '[': {
      const inside = nested(reader, () => reader.grammar.list(reader))
      const close = expectMark(reader, ')', ']')
      if (inside.kind === 'list')
        return { kind: 'tuple', open: mark, close: close === ')' ? ')' : ']', items: inside.items }
      return inside
    }
    case '{': {
      if (takeMark(reader, '}')) return parsePrimary(reader)
      const inside = nested(reader, () => reader.grammar.list(reader))
      expectMark(reader, '}')
      return inside
    }
    case 'set(':
      return parseSet(reader)
    case '|':
    case '‖': {
      const inside = nested(reader, () => reader.grammar.sum(reader), { bars: 1 })
      expectMark(reader, mark)
      return callOf(mark === '|' ? 'abs' : 'norm', inside)
    }
    case '⌊': {
      const inside = nested(reader, () => reader.grammar.sum(reader))
      expectMark(reader, '⌋')
      return callOf('floor', inside)
    }
    case '⌈': {
      const inside = nested(reader, () => reader.grammar.sum(reader))
      expectMark(reader, '⌉')
      return callOf('ceil', inside)
    }
    default:
      throw new ParseFault(`unexpected ${mark}`)
  }
}

function parseSet(reader: Reader): Node {
  if (takeMark(reader, 'set)')) return { kind: 'set', items: [] }
  const inside = nested(reader, () => reader.grammar.list(reader), { builders: 1 })
  if (takeMark(reader, '|') || takeMark(reader, ':')) {
    const condition = nested(reader, () => reader.grammar.list(reader))
    expectMark(reader, 'set)')
    return { kind: 'builder', element: inside, condition }
  }
  expectMark(reader, 'set)')
  return { kind: 'set', items: inside.kind === 'list' ? inside.items : [inside] }
}
