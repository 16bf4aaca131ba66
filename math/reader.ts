// The parser's hand on the tokens: where it is, what is open around it, and how to take the next one.

import type { Node } from './node.ts'
import { NestingFault, ParseFault } from './parse-fault.ts'
import type { Token } from './tokens.ts'

export interface Reader {
  readonly tokens: Token[]
  at: number
  /** How deep the brackets nest. */
  depth: number
  /** Bars |…| that are open here. */
  bars: number
  /** Set braces that are open here, in which | and : introduce a condition. */
  builders: number
  /** The upper levels of the grammar, for what stands in brackets. */
  readonly grammar: { list(reader: Reader): Node; sum(reader: Reader): Node }
}

const maximumDepth = 80

export function peek(reader: Reader, ahead = 0): Token | undefined {
  return reader.tokens[reader.at + ahead]
}

export function isMark(token: Token | undefined, ...marks: string[]): boolean {
  return token?.kind === 'mark' && marks.includes(token.text)
}

/** True and one step on when the next token is this mark. */
export function takeMark(reader: Reader, mark: string): boolean {
  if (!isMark(peek(reader), mark)) return false
  reader.at += 1
  return true
}

export function expectMark(reader: Reader, ...marks: string[]): string {
  const token = peek(reader)
  if (token?.kind !== 'mark' || !marks.includes(token.text)) {
    throw new ParseFault(`expected ${marks.join(' or ')}, found ${token?.text ?? 'the end'}`)
  }
  reader.at += 1
  return token.text
}

/** Runs a rule one level deeper; bars and set braces that are open outside do not count inside. */
export function nested<T>(reader: Reader, rule: () => T, inside: { bars?: number; builders?: number } = {}): T {
  const { bars, builders } = reader
  reader.depth += 1
  if (reader.depth > maximumDepth) throw new NestingFault('nested too deep')
  reader.bars = inside.bars ?? 0
  reader.builders = inside.builders ?? 0
  const result = rule()
  reader.depth -= 1
  reader.bars = bars
  reader.builders = builders
  return result
}
