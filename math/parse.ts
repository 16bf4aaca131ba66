// Reads a final answer, LaTeX or plain, into a tree. This file holds the upper levels of the grammar: lists of items,
// relations, set operations and ratios. Linear in the tokens; everything it cannot read is a ParseFault.

import type { Node, Relator } from './node.ts'
import { ParseFault } from './parse-fault.ts'
import { parseSum } from './parse-sum.ts'
import { expectMark, isMark, peek, type Reader } from './reader.ts'
import { tokenise, type CommaReading, type Token } from './tokens.ts'
import { functionNames, relators } from './vocabulary.ts'

const separators = new Set([',', ';', 'gap', '\\\\', 'and', 'or'])
const conjunctions = new Set(['and', 'or', 'also', 'both', 'either'])

function isSeparator(token: Token | undefined): boolean {
  if (token?.kind === 'mark') return separators.has(token.text)
  return token?.kind === 'word' && conjunctions.has(token.text.toLowerCase())
}

function isUnion(token: Token | undefined, left: Node): boolean {
  if (isMark(token, 'union')) return true
  const set = left.kind === 'tuple' || left.kind === 'set' || left.kind === 'set-operation'
  return set && token !== undefined && (token.text === 'U' || token.text.toLowerCase() === 'union')
}

/** a:b:c, or what stands below it. Inside set braces the colon belongs to the set. */
function parseRatio(reader: Reader): Node {
  const first = parseSum(reader)
  if (reader.builders > 0 || !isMark(peek(reader), ':')) return first
  const parts = [first]
  while (isMark(peek(reader), ':')) {
    reader.at += 1
    parts.push(parseSum(reader))
  }
  return { kind: 'ratio', parts }
}

function parseSetOperation(reader: Reader): Node {
  let left = parseRatio(reader)
  for (;;) {
    const token = peek(reader)
    const operator = isUnion(token, left)
      ? 'union'
      : isMark(token, 'intersection')
        ? 'intersection'
        : isMark(token, 'difference')
          ? 'difference'
          : null
    if (operator === null) return left
    reader.at += 1
    left = { kind: 'set-operation', operator, left, right: parseRatio(reader) }
  }
}

/** The relator that stands here, taken; null where there is none. */
function takeRelator(reader: Reader): Relator | null {
  const token = peek(reader)
  if (token?.kind === 'command' && token.text === 'not' && isMark(peek(reader, 1), '=')) {
    reader.at += 2
    return '!='
  }
  if (token?.kind !== 'mark') return null
  const relator = relators.get(token.text)
  if (relator === undefined) return null
  reader.at += 1
  return relator
}

/** The modulus that stands here, taken: (mod 7), \pmod 7, or as an operation \bmod 7; null where there is none. */
function takeModulus(reader: Reader): { readonly modulus: Node; readonly remainder: boolean } | null {
  const token = peek(reader)
  if (token?.kind === 'command' && ['pmod', 'bmod', 'mod'].includes(token.text)) {
    reader.at += 1
    return { modulus: parseSum(reader), remainder: token.text !== 'pmod' }
  }
  if (isMark(token, '(') && ['mod', 'modulo'].includes(peek(reader, 1)?.text ?? '')) {
    reader.at += 2
    const modulus = parseSum(reader)
    expectMark(reader, ')')
    return { modulus, remainder: false }
  }
  if (token?.kind === 'word' && ['mod', 'modulo'].includes(token.text)) {
    reader.at += 1
    return { modulus: parseSum(reader), remainder: true }
  }
  return null
}

function parseRelation(reader: Reader): Node {
  const operands: Node[] = []
  const operators: Relator[] = []
  let counted: ReturnType<typeof takeModulus> = null
  for (;;) {
    const operand = parseSetOperation(reader)
    const modulus = takeModulus(reader)
    const relator = takeRelator(reader)
    // 17 mod 5 = 2: the remainder is a side; elsewhere a modulus is that of the whole chain.
    const isSide = modulus?.remainder === true && relator !== null
    operands.push(isSide ? { kind: 'congruence', operand, ...modulus } : operand)
    if (!isSide) counted = modulus ?? counted
    if (relator === null) break
    operators.push(relator)
  }
  const [only, ...others] = operands as [Node, ...Node[]]
  const node: Node = others.length === 0 ? only : { kind: 'relation', operands, operators }
  return counted === null ? node : { kind: 'congruence', operand: node, ...counted }
}

/** Items up to a closing bracket or the end; one item stands for itself. */
function parseList(reader: Reader): Node {
  const items: Node[] = []
  let all = true
  while (isSeparator(peek(reader))) reader.at += 1
  for (;;) {
    const item = parseRelation(reader)
    items.push(item)
    const separator = peek(reader)
    if (!isSeparator(separator)) break
    // Of statements \land and \lor make one statement, not a list: p \land q.
    if (isMark(separator, 'and', 'or') && item.kind === 'symbol') throw new ParseFault('statements')
    while (isSeparator(peek(reader))) {
      all &&= peek(reader)?.text === 'and'
      reader.at += 1
    }
    const next = peek(reader)
    if (next === undefined || isMark(next, ')', ']', '}', 'set)') || (next.kind === 'command' && next.text === 'end'))
      break
  }
  const [only, ...others] = items
  if (only !== undefined && others.length === 0) return only
  // n = 1, 5 (mod 6): the modulus behind the last is that of all.
  const last = items.at(-1)
  if (last?.kind === 'congruence' && items.filter(({ kind }) => kind === 'congruence').length === 1) {
    return { ...last, operand: { kind: 'list', items: [...items.slice(0, -1), last.operand], all } }
  }
  return { kind: 'list', items, all }
}

/** A word that can only be the name of a quantity: "Area = 5", "Total cost: 45". */
function isLabel(token: Token): boolean {
  return (
    token.kind === 'word' &&
    !functionNames.has(token.text) &&
    (token.prose || token.text.length > 4 || /^[A-Z][a-z]{2,}/.test(token.text))
  )
}

/** Where the first "=" or ":" behind nothing but words ends; 0 where the answer has no such label. */
function lengthOfLabel(tokens: readonly Token[]): number {
  const sign = tokens.findIndex((token) => isMark(token, '=', ':'))
  if (sign < 1 || sign > 8) return 0
  const label = tokens.slice(0, sign)
  return label.some(isLabel) && label.every((token) => token.kind === 'word' || token.kind === 'letter') ? sign + 1 : 0
}

/** What follows a label and the last implication arrow outside brackets, without a leading "=" or "about". */
function conclusion(tokens: Token[]): Token[] {
  let from = lengthOfLabel(tokens)
  let depth = 0
  tokens.forEach((token, index) => {
    if (isMark(token, '(', '[', '{', 'set(')) depth += 1
    else if (isMark(token, ')', ']', '}', 'set)')) depth -= 1
    else if (depth === 0 && isMark(token, '=>') && index + 1 < tokens.length) from = index + 1
  })
  while (isMark(tokens[from], '=', '~', ':', '*')) from += 1
  return from === 0 ? tokens : tokens.slice(from)
}

/** The tree of an answer. Throws ParseFault where the text is not mathematics that this grammar knows. */
export function parseAnswer(text: string, commas: CommaReading): Node {
  const tokens = conclusion(tokenise(text, commas))
  if (tokens.length === 0) throw new ParseFault('nothing to read')
  const reader: Reader = {
    tokens,
    at: 0,
    depth: 0,
    bars: 0,
    builders: 0,
    grammar: { list: parseList, sum: parseSum },
  }
  const node = parseList(reader)
  const rest = peek(reader)
  if (rest !== undefined) throw new ParseFault(`unexpected ${rest.text}`)
  return node
}
