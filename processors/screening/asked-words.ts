// What a problem asks for, among the things that it tells of: "How old is Sam?" and "How old is Kim?" behind the same
// story are two problems. Words that the question alone says (soon, in all) may differ between near copies.

import { asksSomething } from './asks.ts'
import { hash, mixed } from './hashes.ts'
import { CANONICAL, NUMBER_WORDS } from './words.ts'

/** Asked words that are kept: those of the smallest hashes. */
export const ASKED_LENGTH = 8
/** 32-bit words of the filter of all words: 256 bits, two of them a word. */
export const SAID_LENGTH = 8

export interface AskedWords {
  /** 16 bits of each word of the asking sentences that stands in the text twice and more, ascending; 0 where there are fewer. */
  readonly asked: Uint16Array
  /** For each of them, bits of the numbers before it (3 red), and of its side of a rate (miles per gallon). */
  readonly counted: Uint16Array
  /** Bloom filter of all words. */
  readonly said: Uint32Array
}

/** Words that say nothing of their own. */
const FUNCTION_WORDS = new Set(
  (
    'a an the of in on at to for from by with into onto as is are was were be been being am do does did done has have ' +
    'had will would can could shall should may might must and or but if when while then than that this these those ' +
    'there here it its he she him her his hers they them their we us our you your who whom whose which what where why ' +
    'how many much more less max min find determine solve give express answer value number each all any both some ' +
    'other another one not so such only also too after before during until now still left total be let per up out ' +
    'over under about between among through exactly possible same different get got make made take took go come ' +
    'please show write state simplify'
  ).split(' '),
)
const LEXEME = /\\?[a-z]+|\d+(?:[.,]\d+)*/g
const LEXEME_BEYOND_ASCII = /\\?\p{L}+|\d+(?:[.,]\d+)*/gu
/** Bits of `counted`: below these, numbers. */
const NUMERATOR = 14
const DENOMINATOR = 15
const SENTENCE_END = /(?<=[.?!])\s+|\n\s*\n/

/** The asked words of a text, for isAskedElse. numbersMatter: false leaves the numbers out of `counted`. */
export function askedWordsOf(text: string, { numbersMatter }: { numbersMatter: boolean }): AskedWords {
  const asks = text.includes('?') ? (sentence: string): boolean => sentence.includes('?') : asksSomething
  const pattern = /^[\x00-\x7f]*$/.test(text) ? LEXEME : LEXEME_BEYOND_ASCII
  const words = new Map<string, { times: number; asked: boolean; counted: number }>()
  for (const sentence of text.split(SENTENCE_END)) {
    const asked = asks(sentence)
    let [number, distance, before, isRate] = ['', 0, '', false]
    for (const lexeme of sentence.toLowerCase().match(pattern) ?? []) {
      distance += 1
      const amount = isDigit(lexeme) ? lexeme : NUMBER_WORDS.get(lexeme)
      if (amount !== undefined) {
        number = amount
        distance = 0
      }
      const last = words.get(before)
      before = stemOf(lexeme)
      if (asked && lexeme === 'per' && last !== undefined) {
        last.counted |= 1 << NUMERATOR
        isRate = true
      }
      if (before === '') continue
      const word = words.get(before) ?? { times: 0, asked: false, counted: 0 }
      words.set(before, word)
      word.times += 1
      if (asked) word.asked = true
      if (numbersMatter && number !== '' && distance <= 2) word.counted |= 1 << (hash(number) % NUMERATOR)
      if (isRate) word.counted |= 1 << DENOMINATOR
      isRate = false
    }
  }
  const said = new Uint32Array(SAID_LENGTH)
  const recurring: [short: number, counted: number][] = []
  for (const [word, { times, asked, counted }] of words) {
    const short = shortHash(word)
    for (const place of placesOf(short)) said[place >>> 5]! |= 1 << (place & 31)
    if (asked && times > 1) recurring.push([short, counted])
  }
  recurring.sort(([left], [right]) => left - right)
  const [asked, counted] = [new Uint16Array(ASKED_LENGTH), new Uint16Array(ASKED_LENGTH)]
  for (const [at, [short, bits]] of recurring.slice(0, ASKED_LENGTH).entries()) [asked[at], counted[at]] = [short, bits]
  return { asked, counted, said }
}

/**
 * True where each of two texts asks for something that the other only tells of, or where a thing that both ask for has
 * another number in each. A word left out, or exchanged for one that the other text does not have, is no such
 * difference.
 */
export function isAskedElse(left: AskedWords, right: AskedWords): boolean {
  return isCountedElse(left, right) || (asksWhatIsSaid(left, right) && asksWhatIsSaid(right, left))
}

function isCountedElse(left: AskedWords, right: AskedWords): boolean {
  return left.asked.some((word, at) => {
    const other = word === 0 ? -1 : right.asked.indexOf(word)
    if (other === -1) return false
    const [one, two] = [left.counted[at]!, right.counted[other]!]
    return (one & ~two) !== 0 && (two & ~one) !== 0
  })
}

/** True where the left asks for a word that the right has, and does not ask for. */
function asksWhatIsSaid({ asked }: AskedWords, right: AskedWords): boolean {
  const last = right.asked.at(-1)!
  return asked.some(
    (word) =>
      word !== 0 &&
      !right.asked.includes(word) &&
      // A full list may have left out larger hashes.
      (last === 0 || word < last) &&
      placesOf(word).every((place) => (right.said[place >>> 5]! & (1 << (place & 31))) !== 0),
  )
}

/** One word for its forms; an empty string for words without meaning, single letters and LaTeX commands. */
function stemOf(lexeme: string): string {
  if (lexeme.length < 2 || lexeme.charCodeAt(0) === 0x5c || FUNCTION_WORDS.has(lexeme)) return ''
  const word = CANONICAL.get(lexeme) ?? lexeme
  if (FUNCTION_WORDS.has(word) || isDigit(word)) return ''
  if (word.length < 4 || !word.endsWith('s') || word.endsWith('ss')) return word
  return /(?:x|ch|sh|ss)es$/.test(word) ? word.slice(0, -2) : word.slice(0, -1)
}

const isDigit = (text: string): boolean => text.charCodeAt(0) >= 0x30 && text.charCodeAt(0) <= 0x39

/** 16 bits, never 0. */
const shortHash = (word: string): number => hash(word) & 0xffff || 1
const placesOf = (short: number): [number, number] => {
  const spread = mixed(short)
  return [spread & 255, (spread >>> 8) & 255]
}
