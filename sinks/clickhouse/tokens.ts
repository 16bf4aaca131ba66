// Cuts SQL text into tokens, so that what a stranger's query does can be seen before ClickHouse sees it.
// Promise: where this reader and ClickHouse's own might disagree about where a string or a comment ends
// (heredocs, # and // comments, nested comments, typographic quotes, escapes in names), it refuses the text.

import { permanent } from '../../schemas/failure.ts'

export interface Token {
  /** word: bare name or keyword; name: in double quotes or back-ticks; text: in single quotes. */
  readonly kind: 'word' | 'name' | 'text' | 'number' | 'symbol'
  /** Without its quotes. */
  readonly value: string
  /** Place in the SQL: first character, and one past the last. */
  readonly start: number
  readonly end: number
}

const WORD = /[A-Za-z_][A-Za-z0-9_]*/y
const NUMBER = /[0-9][A-Za-z0-9_]*/y
const SPACE = /[ \t\r\n\f\v]+/y
const LINE_COMMENT = /--[^\n]*/y
const BLOCK_COMMENT = /\/\*[^]*?\*\//y

/** Tokens of a SQL text without comments. Throws Failure permanent `sql-refused` on text that could be read in two ways. */
export function tokenise(sql: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at
    return pattern.exec(sql)?.[0] ?? null
  }
  while (at < sql.length) {
    const skipped = take(SPACE) ?? take(LINE_COMMENT) ?? take(BLOCK_COMMENT)
    if (skipped !== null) {
      if (skipped.startsWith('/*') && skipped.indexOf('/*', 2) !== -1) throw refused('a comment inside a comment')
      at += skipped.length
      continue
    }
    const token = next(sql, at, take, tokens.at(-1))
    tokens.push(token)
    at = token.end
  }
  return tokens
}

function next(sql: string, at: number, take: (pattern: RegExp) => string | null, before: Token | undefined): Token {
  const word = take(WORD)
  if (word !== null) return { kind: 'word', value: word, start: at, end: at + word.length }
  const number = take(NUMBER)
  if (number !== null) return { kind: 'number', value: number, start: at, end: at + number.length }
  const character = sql[at] ?? ''
  if (character === "'" || character === '"' || character === '`') return quoted(sql, at, character, before)
  if (character === '#' || sql.startsWith('//', at)) throw refused('# and // comments; write -- instead')
  if (sql.startsWith('/*', at)) throw refused('a comment that is not closed')
  if (character === '$') throw refused('$ outside of quotes')
  if (!/[!-~]/.test(character)) {
    throw refused(`the character U+${(sql.codePointAt(at) ?? 0).toString(16).padStart(4, '0')} outside of quotes`)
  }
  return { kind: 'symbol', value: character, start: at, end: at + 1 }
}

function quoted(sql: string, start: number, quote: string, before: Token | undefined): Token {
  let value = ''
  for (let at = start + 1; at < sql.length; at += 1) {
    const character = sql[at] ?? ''
    if (character === '\\') {
      if (quote !== "'") throw refused('a backslash in a quoted name')
      if (before?.end === start && before.kind === 'word') throw refused('a backslash in a hexadecimal string')
      value += sql.slice(at, at + 2)
      at += 1
    } else if (character !== quote) {
      value += character
    } else if (sql[at + 1] === quote) {
      value += quote
      at += 1
    } else {
      return { kind: quote === "'" ? 'text' : 'name', value, start, end: at + 1 }
    }
  }
  throw refused(`a ${quote} that is not closed`)
}

/** The statements of a file of SQL, in order, without the semicolons between them. */
export function statementsOf(sql: string): string[] {
  const statements: string[] = []
  let start = 0
  for (const token of tokenise(sql)) {
    if (token.kind !== 'symbol' || token.value !== ';') continue
    statements.push(sql.slice(start, token.start).trim())
    start = token.end
  }
  const rest = sql.slice(start)
  if (tokenise(rest).length > 0) statements.push(rest.trim())
  return statements
}

function refused(what: string): Error {
  return permanent('sql-refused', `this SQL is not read here: ${what}`)
}
