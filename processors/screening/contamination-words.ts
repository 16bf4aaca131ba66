// The normal form that fingerprints are made of: the words, numbers and signs of a text as hashes, in one pass and
// without strings. Letter case, spacing, LaTeX style ($ or \(, \dfrac12 or \frac{1}{2}, \theta or θ), number words,
// thousands separators and drawings ([asy]) make no difference. It is part of the file format: it changes only
// together with NORMAL_FORM, and is therefore not that of the duplicates (tokens.ts), which may change any day.

import { EMPTY_HASH, extendHash, FRACTIONS, hashOf, NUMBERS, SPELLED, STYLES, TENS } from './contamination-spellings.ts'

/** Name of this normal form, written into every fingerprint. */
export const NORMAL_FORM = 'words@1'

export const WORD = 0
export const NUMBER = 1
/** One of + - ^ = < > !, also where LaTeX or Unicode spell it. Products, fractions and brackets are left out. */
export const SIGN = 2

/** The tokens of one text. The arrays are longer than count: what follows is empty. */
export interface Words {
  /** The text that start and end count in: compatible characters (Unicode NFKC), no drawings. */
  readonly text: string
  readonly count: number
  /** Unsigned 32 bits of the word in lower case, of the number in plain digits, or of the sign. */
  readonly hashes: Uint32Array
  /** WORD, NUMBER or SIGN. */
  readonly kinds: Uint8Array
  /** 1 where a sentence may begin: the first token, those after . ? ! : ; or a line's end, a capital after a formula. */
  readonly openings: Uint8Array
  /** Where the token stands in the text. */
  readonly starts: Uint32Array
  readonly ends: Uint32Array
}

const DRAWING = /\[asy\][^]*?(?:\[\/asy\]|$)|\\begin\{tikzpicture\}[^]*?(?:\\end\{tikzpicture\}|$)/gi
const MAY_DRAW = /\[asy\]|tikzpicture/i
const BEYOND_ASCII = /[^\0-\x7f]/

/** The tokens of a text, in order. */
export function wordsOf(raw: string): Words {
  let text = BEYOND_ASCII.test(raw) ? raw.normalize('NFKC') : raw
  if (MAY_DRAW.test(text)) text = text.replace(DRAWING, ' ')
  const hashes = new Uint32Array(text.length)
  const kinds = new Uint8Array(text.length)
  const openings = new Uint8Array(text.length)
  const starts = new Uint32Array(text.length)
  const ends = new Uint32Array(text.length)
  let count = 0
  let opening = 1
  let at = 0

  const put = (hash: number, kind: number, start: number, end: number): void => {
    hashes[count] = hash
    kinds[count] = kind
    openings[count] = opening
    starts[count] = start
    ends[count] = end
    count += 1
    opening = 0
  }

  /** A word as what it stands for: a number, a sign, another spelling, or itself. */
  const putWord = (hash: number, start: number, end: number): void => {
    const value = NUMBERS.get(hash)
    if (value !== undefined) {
      // twenty-five is one number
      const before = count > 0 && opening === 0 && end - start <= 5 ? TENS.get(hashes[count - 1]!) : undefined
      if (before !== undefined && value < 10 && kinds[count - 1] === NUMBER && starts[count - 1]! + 9 > start) {
        hashes[count - 1] = hashOf(String(before + value))
        ends[count - 1] = end
      } else {
        put(hashOf(String(value)), NUMBER, start, end)
      }
      return
    }
    if (hash === DEGREES && count > 0 && kinds[count - 1] === SIGN && hashes[count - 1] === POWER) count -= 1
    put(hash, WORD, start, end)
  }

  const command = (): void => {
    const start = at
    let hash = EMPTY_HASH
    for (at += 1; isLetter(text.charCodeAt(at)); at += 1) hash = extendHash(hash, text.charCodeAt(at) | 0x20)
    hash >>>= 0
    if (at === start + 1) {
      at += 1 // a single character: \\ \, \{ \$
    } else if (hash === BEGIN || hash === END) {
      at += /^\s*\{[^{}]{0,32}\}/.exec(text.slice(at, at + 40))?.[0].length ?? 0
    } else if (FRACTIONS.has(hash)) {
      bareDigits()
    } else if (!STYLES.has(hash)) {
      const spelling = SPELLED.get(hash)
      if (spelling === undefined) putWord(hash, start, at)
      else if (spelling.length === 1) put(hashOf(spelling), SIGN, start, at)
      else putWord(hashOf(spelling), start, at)
    }
  }

  /** \frac12 is one half: up to two single digits without braces. */
  const bareDigits = (): void => {
    for (let digits = 0; digits < 2; digits += 1) {
      let next = at
      while (text.charCodeAt(next) <= SPACE) next += 1
      if (!isDigit(text.charCodeAt(next))) return
      put(hashOf(text.charAt(next)), NUMBER, next, next + 1)
      at = next + 1
    }
  }

  const number = (): void => {
    const start = at
    let digits = ''
    let from = at
    for (;;) {
      while (isDigit(text.charCodeAt(at))) at += 1
      const separator = thousandsAt(text, at)
      if (separator === 0) break
      digits += text.slice(from, at)
      at += separator
      from = at
    }
    digits += text.slice(from, at)
    if (text.charCodeAt(at) === DOT && isDigit(text.charCodeAt(at + 1))) {
      const point = at
      for (at += 1; isDigit(text.charCodeAt(at));) at += 1
      digits += text.slice(point, at).replace(/\.?0+$/, '')
    }
    put(hashOf(digits.replace(/^0+(?=\d)/, '')), NUMBER, start, at)
  }

  const word = (): void => {
    const start = at
    if (beginsSentence(text, start)) opening = 1
    let hash = EMPTY_HASH
    for (;;) {
      const code = text.charCodeAt(at)
      if (code < 0x80 ? isLetter(code) : isWordCharacter(code)) {
        const small = code < 0x80 ? code | 0x20 : text.charAt(at).toLowerCase().charCodeAt(0)
        hash = extendHash(hash, small)
        at += 1
      } else if ((code === QUOTE || code === CURLY) && isLetter(text.charCodeAt(at + 1))) at += 1
      else if (lettersAlone(start)) at = afterBlanks(at)
      else break
    }
    putWord(hash >>> 0, start, at)
  }

  /** In mathematics A B C is ABC: only letters that stand alone since start, and another one after blanks. */
  const lettersAlone = (start: number): boolean => {
    const next = afterBlanks(at)
    return (
      next > at &&
      isLetter(text.charCodeAt(next)) &&
      !isLetter(text.charCodeAt(next + 1)) &&
      isLetter(text.charCodeAt(at - 1)) &&
      (at - 1 === start || text.charCodeAt(at - 2) <= SPACE)
    )
  }

  const afterBlanks = (from: number): number => {
    let next = from
    while (text.charCodeAt(next) <= SPACE) next += 1
    return next
  }

  const beyond = (code: number): void => {
    const spelling = SPELLED.get(hashOf(text.charAt(at).toLowerCase()))
    if (spelling !== undefined) {
      if (spelling.length > 1) putWord(hashOf(spelling), at, at + 1)
      else put(hashOf(spelling), SIGN, at, at + 1)
      at += 1
    } else if (code >= IDEOGRAPHS && /\p{L}/u.test(text.charAt(at))) {
      put(hashOf(text.charAt(at)), WORD, at, at + 1) // no blanks between such words: each character is one
      at += 1
    } else if (isWordCharacter(code)) word()
    else at += 1
  }

  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (isLetter(code)) word()
    else if (isDigit(code)) number()
    else if (code === BACKSLASH) command()
    else if (code >= 0x80) beyond(code)
    else {
      if (ENDS_SENTENCE[code] === 1 && !(code === BANG && isFactorial(text, at))) opening = 1
      else if (IS_SIGN[code] === 1 && !isPartOfOther(text, at)) put(hashOf(text.charAt(at)), SIGN, at, at + 1)
      at += 1
    }
  }
  return { text, count, hashes, kinds, openings, starts, ends }
}

const SPACE = 0x20
const BANG = 0x21
const QUOTE = 0x27
const CURLY = 0x2019
const MINUS = 0x2d
const DOT = 0x2e
const LESS = 0x3c
const EQUALS = 0x3d
const GREATER = 0x3e
const BACKSLASH = 0x5c
const IDEOGRAPHS = 0x2e80

const BEGIN = hashOf('begin')
const END = hashOf('end')
const DEGREES = hashOf('degrees')
const POWER = hashOf('^')
const FORMULA_ENDS = new Set(Array.from('$)]}', (character) => character.charCodeAt(0)))
const ENDS_SENTENCE = asciiTable('.?!:;\n')
const IS_SIGN = asciiTable('+-^=<>!')

function asciiTable(characters: string): Uint8Array {
  const table = new Uint8Array(128)
  for (const character of characters) table[character.charCodeAt(0)] = 1
  return table
}

function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a)
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function isWordCharacter(code: number): boolean {
  return code >= 0x80 && code < IDEOGRAPHS && /\p{L}/u.test(String.fromCharCode(code))
}

/** Length of a thousands separator (, or {,} or \,) between digits; 0 where there is none. */
function thousandsAt(text: string, at: number): number {
  const code = text.charCodeAt(at)
  const length = code === 0x2c ? 1 : text.startsWith('{,}', at) ? 3 : text.startsWith('\\,', at) ? 2 : 0
  if (length === 0 || !isDigit(text.charCodeAt(at - 1))) return 0
  const group = at + length
  const three = [0, 1, 2].every((each) => isDigit(text.charCodeAt(group + each)))
  return three && !isDigit(text.charCodeAt(group + 3)) ? length : 0
}

/** 5! and (n)! are factorials, hurry! is none. */
function isFactorial(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1)
  return isDigit(before) || before === 0x29 || (isLetter(before) && !isLetter(text.charCodeAt(at - 2)))
}

/** A word with a capital after a formula: … = 5$ Explain */
function beginsSentence(text: string, start: number): boolean {
  const [first, second] = [text.charCodeAt(start), text.charCodeAt(start + 1)]
  if (first < 0x41 || first > 0x5a || second < 0x61 || second > 0x7a) return false
  let before = start - 1
  while (text.charCodeAt(before) <= SPACE) before -= 1
  return before < start - 1 && FORMULA_ENDS.has(text.charCodeAt(before))
}

/** The = of <= is no sign of its own. three-digit and 5-kilometre have hyphens, x-y and 5-x minus signs. */
function isPartOfOther(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1)
  if (text.charCodeAt(at) === EQUALS) return before === LESS || before === GREATER || before === BANG
  if (text.charCodeAt(at) !== MINUS) return false
  const long = isLetter(text.charCodeAt(at + 1)) && isLetter(text.charCodeAt(at + 2))
  return (isLetter(before) || isDigit(before)) && (long || (isLetter(before) && isLetter(text.charCodeAt(at - 2))))
}
