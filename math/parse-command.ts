// LaTeX structures: fractions, roots, binomials, sums, matrices, blackboard letters. Long because one rule stands
// for each structure; a new one is a new case and its function.

import { callOf, negated, numberNode, quotient, root } from './build.ts'
import { rewrite, type Node } from './node.ts'
import { arrow } from './lettered-names.ts'
import { ParseFault } from './parse-fault.ts'
import { fromDecimal } from './rational.ts'
import { expectMark, isMark, nested, peek, takeMark, type Reader } from './reader.ts'
import type { Token } from './tokens.ts'
import { functionNames } from './vocabulary.ts'

const matrixEnvironments = new Set([
  'pmatrix',
  'bmatrix',
  'Bmatrix',
  'matrix',
  'smallmatrix',
  'array',
  'vmatrix',
  'Vmatrix',
])
const listEnvironments = new Set(
  'cases aligned align gathered gather split equation eqnarray multline alignedat rcases dcases'.split(' '),
)

/** The argument of a command: a group in braces, or a single token (of a numeral: a single digit). */
export function readArgument(reader: Reader): Node {
  const token = peek(reader)
  if (token === undefined) throw new ParseFault('argument is missing')
  if (isMark(token, '{')) {
    reader.at += 1
    const inside = nested(reader, () => reader.grammar.list(reader))
    expectMark(reader, '}')
    return inside
  }
  if (token.kind === 'number') {
    reader.at += 1
    return numberNode(fromDecimal(token.text), token.text.includes('.'))
  }
  if (token.kind === 'letter') {
    reader.at += 1
    if (token.text === '\\pi') return { kind: 'constant', name: 'pi' }
    if (token.text === 'e' || token.text === 'i') return { kind: 'constant', name: token.text }
    return { kind: 'symbol', name: token.text }
  }
  if (isMark(token, '-')) {
    reader.at += 1
    return { kind: 'product', factors: [numberNode(-1n), readArgument(reader)] }
  }
  if (token.kind === 'command') return nested(reader, () => parseCommand(reader, token.text))
  if (isMark(token, '(', '∞')) {
    reader.at += 1
    if (token.text === '∞') return { kind: 'constant', name: 'infinity' }
    const inside = nested(reader, () => reader.grammar.list(reader))
    expectMark(reader, ')')
    return inside
  }
  throw new ParseFault(`argument is missing before ${token.text}`)
}

/** Of a numeral without braces \frac takes only the first digit, of a word its first letter: \frac12 is 1/2. */
function readSingle(reader: Reader): Node {
  const token = peek(reader)
  if (token?.kind === 'number' && token.text.length > 1 && token.text[0] !== '.') splitToken(reader, token, 'number')
  else splitWord(reader)
  return readArgument(reader)
}

/** e^xe^y: of a word that is a product of letters a script takes only the first. */
export function splitWord(reader: Reader): void {
  const token = peek(reader)
  if (token?.kind === 'word' && !token.prose && !functionNames.has(token.text) && !wholeWords.has(token.text))
    splitToken(reader, token, 'letter')
}

const wholeWords = new Set(['pi', 'inf', 'infinity', 'oo', 'th', 'st', 'nd', 'rd'])

function splitToken(reader: Reader, token: Token, kind: 'number' | 'letter'): void {
  const rest = token.text.slice(1)
  const restKind = kind === 'number' ? 'number' : rest.length === 1 ? 'letter' : 'word'
  reader.tokens.splice(
    reader.at,
    1,
    { ...token, kind, text: token.text.slice(0, 1) },
    { ...token, kind: restKind, text: rest, spaced: false },
  )
}

/** A structure command at the reader. Throws ParseFault for those that this grammar does not read. */
export function parseCommand(reader: Reader, name: string): Node {
  reader.at += 1
  switch (name) {
    case 'frac': {
      const above = readSingle(reader)
      const below = readSingle(reader)
      const derivative = above.kind === 'symbol' && /^(?:d|\\partial)$/.test(above.name) && isDifferential(below)
      // The engine differentiates.
      if (derivative) throw new ParseFault('derivative')
      return quotient(above, below)
    }
    case 'binom': {
      const above = readSingle(reader)
      return callOf('binomial', above, readSingle(reader))
    }
    case 'sqrt': {
      if (!takeMark(reader, '[')) return root(readArgument(reader), numberNode(2n))
      const degree = nested(reader, () => reader.grammar.list(reader))
      expectMark(reader, ']')
      return root(readArgument(reader), degree)
    }
    case 'sum':
    case 'prod':
      return parseSeries(reader, name)
    case 'begin':
      return parseEnvironment(reader)
    case 'mathbb':
    case 'mathds': {
      const letter = readSetName(reader)
      let suffix = ''
      while (isMark(peek(reader), '^', '_')) {
        const sign = peek(reader)?.text ?? ''
        reader.at += 1
        suffix += sign + readSuffix(reader)
      }
      return { kind: 'named-set', name: letter + suffix }
    }
    case 'overline':
    case 'bar': {
      const inside = readArgument(reader)
      const segment = inside.kind === 'product' && inside.factors.every((factor) => factor.kind === 'symbol')
      return segment ? inside : callOf('overline', inside)
    }
    case 'overrightarrow':
    case 'vec':
      return directed(readArgument(reader))
    default:
      throw new ParseFault(`unsupported command \\${name}`)
  }
}

/** \vec{BA} is the opposite of \vec{AB}; an arrow over anything else is dropped. */
function directed(inside: Node): Node {
  if (inside.kind !== 'product' || inside.factors.length !== 2) return inside
  const [from, to] = inside.factors.map((factor) => (factor.kind === 'symbol' ? factor.name : ''))
  if (from === undefined || to === undefined || from === '' || to === '') return inside
  return from <= to ? { kind: 'symbol', name: arrow + from + to } : negated({ kind: 'symbol', name: arrow + to + from })
}

function isDifferential(node: Node): boolean {
  const [first] = node.kind === 'product' ? node.factors : []
  return first?.kind === 'symbol' && /^(?:d|\\partial)$/.test(first.name)
}

function readSetName(reader: Reader): string {
  const braces = takeMark(reader, '{')
  const token = peek(reader)
  if (token === undefined || (token.kind !== 'letter' && token.kind !== 'word'))
    throw new ParseFault('set without a name')
  reader.at += 1
  if (braces) expectMark(reader, '}')
  return token.text
}

function readSuffix(reader: Reader): string {
  const braces = takeMark(reader, '{')
  let text = ''
  for (let token = peek(reader); token !== undefined; token = peek(reader)) {
    if (braces && isMark(token, '}')) break
    text += token.text
    reader.at += 1
    if (!braces) break
  }
  if (braces) expectMark(reader, '}')
  return text
}

/** \sum_{k=1}^{n} body: the body is the product that follows. */
function parseSeries(reader: Reader, name: 'sum' | 'prod'): Node {
  let range: Node | null = null
  let to: Node | null = null
  while (isMark(peek(reader), '_', '^')) {
    if (takeMark(reader, '_')) range = readArgument(reader)
    else if (takeMark(reader, '^')) to = readArgument(reader)
  }
  if (range?.kind !== 'relation' || range.operands.length !== 2 || to === null)
    throw new ParseFault(`\\${name} without a range`)
  const [variable, from] = range.operands
  const bound = variable?.kind === 'symbol' ? variable.name : variable?.kind === 'constant' ? variable.name : null
  if (bound === null || from === undefined) throw new ParseFault(`\\${name} without a variable`)
  // The body reaches to the next plus or minus; grammar.sum would take those too.
  const start = reader.at
  const end = endOfTerm(reader)
  const rest = reader.tokens.splice(end)
  const body = nested(reader, () => reader.grammar.sum(reader))
  // Reading may have split tokens: the term ends where all that was left of the tokens ends.
  if (reader.at !== reader.tokens.length || end === start) throw new ParseFault(`\\${name} without a body`)
  reader.tokens.push(...rest)
  // In a sum over i the letter is no imaginary unit.
  const counted = rewrite(body, (part) =>
    part.kind === 'constant' && part.name === bound ? { kind: 'symbol', name: bound } : part,
  )
  return { kind: 'series', name, variable: bound, from, to, body: counted }
}

/** Index of the first token behind the term that begins here. */
function endOfTerm(reader: Reader): number {
  let open = 0
  for (let index = reader.at; index < reader.tokens.length; index += 1) {
    const token = reader.tokens[index]
    if (isMark(token, '(', '[', '{', 'set(')) open += 1
    else if (isMark(token, ')', ']', '}', 'set)')) {
      if (open === 0) return index
      open -= 1
    } else if (
      open === 0 &&
      index > reader.at &&
      isMark(token, '+', '-', '=', '<', '>', '<=', '>=', ',', ';', '&', '\\\\', '|')
    ) {
      return index
    }
  }
  return reader.tokens.length
}

function readEnvironmentName(reader: Reader): string {
  expectMark(reader, '{')
  const token = peek(reader)
  if (token?.kind !== 'word') throw new ParseFault('environment without a name')
  reader.at += 1
  takeMark(reader, '*')
  expectMark(reader, '}')
  return token.text
}

function parseEnvironment(reader: Reader): Node {
  const name = readEnvironmentName(reader)
  if (!matrixEnvironments.has(name) && !listEnvironments.has(name))
    throw new ParseFault(`unsupported environment ${name}`)
  if (name === 'array' || name === 'alignedat') {
    expectMark(reader, '{')
    while (peek(reader) !== undefined && !isMark(peek(reader), '}')) reader.at += 1
    expectMark(reader, '}')
  }
  const asList = listEnvironments.has(name) || hasRelation(reader)
  const rows: Node[][] = [[]]
  for (;;) {
    const token = peek(reader)
    if (token === undefined) throw new ParseFault(`environment ${name} is never closed`)
    if (token.kind === 'command' && token.text === 'end') break
    if (isMark(token, '\\\\')) {
      reader.at += 1
      rows.push([])
    } else if (isMark(token, '&', ',', 'gap')) reader.at += 1
    else rows.at(-1)?.push(nested(reader, () => (asList ? readItem(reader) : reader.grammar.sum(reader))))
  }
  reader.at += 1
  if (readEnvironmentName(reader) !== name) throw new ParseFault(`environment ${name} is never closed`)
  const filled = rows.filter((row) => row.length > 0)
  if (asList) {
    const items = filled.flat()
    const [only, ...others] = items
    return only !== undefined && others.length === 0 ? only : { kind: 'list', items }
  }
  const [entry] = filled[0] ?? []
  if (entry !== undefined && filled.length === 1 && filled[0]?.length === 1) return entry
  const matrix: Node = { kind: 'matrix', rows: filled }
  return name === 'vmatrix' ? callOf('det', matrix) : matrix
}

/** An array of equations is a system, not a matrix. */
function hasRelation(reader: Reader): boolean {
  for (let index = reader.at; index < reader.tokens.length; index += 1) {
    const token = reader.tokens[index]
    if (token?.kind === 'command' && token.text === 'end') return false
    if (isMark(token, '=', '<', '>', '<=', '>=')) return true
  }
  return false
}

/** One cell of cases or aligned equations: may be a relation, so the list rule reads it up to the next & or row. */
function readItem(reader: Reader): Node {
  let open = 0
  let end = reader.at
  for (; end < reader.tokens.length; end += 1) {
    const token = reader.tokens[end]
    if (isMark(token, '(', '[', '{', 'set(')) open += 1
    else if (isMark(token, ')', ']', '}', 'set)')) open -= 1
    else if (token?.kind === 'command' && token.text === 'end') break
    else if (open === 0 && isMark(token, '\\\\')) break
  }
  // Alignment marks inside the row only place its parts.
  const rest = reader.tokens.splice(end)
  const row = reader.tokens.splice(reader.at).filter((token) => !isMark(token, '&'))
  reader.tokens.push(...row)
  const item = reader.grammar.list(reader)
  if (reader.at !== reader.tokens.length) throw new ParseFault('row that cannot be read')
  reader.tokens.push(...rest)
  return item
}
