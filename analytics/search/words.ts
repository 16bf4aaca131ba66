// What is looked for in texts: words and phrases, as patterns that ClickHouse and JavaScript read alike.

import { UsageFault } from '../../schemas/failure.ts'

export interface Term {
  /** As it was written, without the quotes of a phrase. */
  readonly text: string
  /** Regular expression of RE2 and JavaScript, to be used without regard to case; whole words where a term is one. */
  readonly pattern: string
}

const MOST_TERMS = 16
const WORD_LETTER = /[A-Za-z0-9_]/

/**
 * The terms of a search: words, and phrases in double quotes. A word of Latin letters or digits is found as a whole
 * ("sum" is not in "summit"); others, as Japanese or \frac, wherever they stand. Throws UsageFault where there are none.
 */
export function termsOf(words: string): Term[] {
  const texts = [...words.matchAll(/"([^"]+)"|([^\s"]+)/g)].map((match) => (match[1] ?? match[2]!).trim())
  const terms = [...new Set(texts.filter((text) => text !== ''))]
  if (terms.length === 0) throw new UsageFault('there is no word to look for')
  if (terms.length > MOST_TERMS) throw new UsageFault(`${terms.length} words are too many: ${MOST_TERMS} at most`)
  return terms.map((text) => ({ text, pattern: patternOf(text) }))
}

function patternOf(text: string): string {
  const escaped = text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&').replaceAll(/\s+/g, '\\s+')
  const border = (letter: string): string => (WORD_LETTER.test(letter) ? '\\b' : '')
  return `${border(text[0]!)}${escaped}${border(text.at(-1)!)}`
}

const AROUND = 70

/** A piece of a text: what matches is apart, so that it can be marked. */
export interface Piece {
  readonly text: string
  readonly isMatch: boolean
}

/** The part of a text round the first place where a term stands, cut into what matches and what is between. */
export function snippetOf(text: string, terms: readonly Term[]): Piece[] {
  const line = text.replaceAll(/\s+/g, ' ')
  const any = new RegExp(terms.map(({ pattern }) => `(?:${pattern})`).join('|'), 'gi')
  const first = Math.max(0, line.search(any))
  const begin = Math.max(0, first - AROUND)
  const end = Math.min(line.length, first + 2 * AROUND)
  const part = line.slice(begin, end)
  const pieces: Piece[] = []
  let at = 0
  for (const match of part.matchAll(any)) {
    pieces.push({ text: part.slice(at, match.index), isMatch: false }, { text: match[0], isMatch: true })
    at = match.index + match[0].length
  }
  pieces.push({ text: part.slice(at), isMatch: false })
  const dots = (isCut: boolean): Piece[] => (isCut ? [{ text: '…', isMatch: false }] : [])
  return [...dots(begin > 0), ...pieces.filter((piece) => piece.text !== ''), ...dots(end < line.length)]
}
