// What two problems are compared by: an exact hash, a MinHash signature of their words, and a fingerprint of
// everything that decides the answer (numbers, operators, words such as least or odd). Two problems with other
// numbers are two problems, however alike their words are.

import { askedWordsOf, isAskedElse, type AskedWords } from './asked-words.ts'
import { hash, mixed } from './hashes.ts'
import { capitalsIn, namesIn, tokensOf } from './tokens.ts'
import { DECISIVE, EXCHANGED } from './words.ts'

/** 25 bands of 4 rows: texts of likeness 0.6 meet in a band with 97 %, of 0.7 with 99.9 %, of 0.3 with 18 %. */
export const BANDS = 25
export const ROWS = 4
export const SIGNATURE_LENGTH = BANDS * ROWS

export interface Features extends AskedWords {
  /** 64 bits of the tokens in their order, as two unsigned halves. */
  readonly exact: readonly [number, number]
  /** 32 bits of the decisive words and, where they matter, of the signs: numbers, operators, variables. Order is free. */
  readonly fingerprint: number
  /**
   * 32 bits of the signs and the words with a capital in their order, and of the places in which they stand; 0 where
   * they do not matter. Words with a capital are told apart by which came first: renamed people make no difference.
   */
  readonly sequence: number
  readonly places: number
  /** Bits of the words that may not be exchanged for one another: words of EXCHANGED by their numbers. */
  readonly exchanged: readonly [number, number]
  /** The low 16 bits of each minimum. */
  readonly signature: Uint16Array
}

/** Left out of the comparison: articles and brackets. */
const STYLE = new Set('a an the ( ) |'.split(' '))

/**
 * numbersMatter: problems that differ in signs alone are different problems, and people's names are all the same to the
 * signature. Else the numbers are all the same to it, and names, which are then needed, differ.
 */
export function featuresOf(text: string, { numbersMatter }: { numbersMatter: boolean }): Features {
  const names = namesIn(text)
  const capitals = capitalsIn(text)
  const words: number[] = []
  const decisive = new Set<number>()
  const firsts = new Map<string, number>()
  let [high, low] = [0x9747b28c, 0x3c6ef372]
  let [fingerprint, sequence, places] = [0, 0, 0]
  const exchanged: [number, number] = [0, 0]
  const stand = (value: number): void => {
    sequence = mixed(Math.imul(sequence, 0x2c1b3c6d) ^ value)
    places = mixed(Math.imul(places, 0x2c1b3c6d) ^ words.length)
  }
  for (const token of tokensOf(text)) {
    const value = hash(token)
    high = mixed(Math.imul(high, 0x2c1b3c6d) ^ value)
    low = mixed(Math.imul(low, 0x297a2d39) + value)
    if (STYLE.has(token)) continue
    if (isSign(token)) {
      if (numbersMatter) {
        // A sum of hashes: how often each is there counts, their order does not.
        fingerprint = (fingerprint + mixed(value ^ 0x51ed270b)) | 0
        stand(value)
      }
    } else if (DECISIVE.has(token)) decisive.add(value)
    else {
      const bit = EXCHANGED.get(token)
      if (bit !== undefined) exchanged[bit >>> 5]! |= 1 << (bit & 31)
      if (numbersMatter && capitals.has(token)) {
        if (!firsts.has(token)) firsts.set(token, firsts.size)
        stand(firsts.get(token)!)
      }
    }
    words.push((numbersMatter ? names.has(token) : isNumber(token)) ? 0 : value)
  }
  for (const value of decisive) fingerprint = (fingerprint + mixed(value ^ 0x1b873593)) | 0
  return {
    exact: [high, low],
    fingerprint: fingerprint >>> 0,
    sequence,
    places,
    exchanged: [exchanged[0] >>> 0, exchanged[1] >>> 0],
    signature: signatureOf(shinglesOf(words)),
    ...askedWordsOf(text, { numbersMatter }),
  }
}

/**
 * True where two near copies with the same fingerprint are two problems: one has first where the other has last, or
 * the same numbers or names stand in the same places in another order (5 - 3 and 3 - 5), or the question is about another
 * of the things that both tell of. Sentences in another order move places.
 */
export function areApart(left: Contrast, right: Contrast): boolean {
  if (hasMore(left.exchanged, right.exchanged) && hasMore(right.exchanged, left.exchanged)) return true
  if (left.places === right.places && left.sequence !== right.sequence) return true
  return isAskedElse(left, right)
}
export type Contrast = Pick<Features, 'sequence' | 'places' | 'exchanged'> & AskedWords

const hasMore = (left: Features['exchanged'], right: Features['exchanged']): boolean =>
  (left[0] & ~right[0]) !== 0 || (left[1] & ~right[1]) !== 0

const isNumber = (token: string): boolean => token.charCodeAt(0) >= 0x30 && token.charCodeAt(0) <= 0x39

/** A number, an operator, or a variable: one letter, but not the words a and I. */
function isSign(token: string): boolean {
  const code = token.charCodeAt(0)
  if (code < 0x61) return code !== 0x2e // an ellipsis
  return token.length === 1 && token !== 'i'
}

/** Single words and pairs of neighbours: one changed word in ten leaves a likeness of about 0.75. */
export function shinglesOf(words: readonly number[]): Set<number> {
  const shingles = new Set(words)
  for (let at = 1; at < words.length; at += 1) shingles.add(mixed(Math.imul(words[at - 1]!, 0x2c1b3c6d) ^ words[at]!))
  return shingles
}

/**
 * MinHash: the minimum of each of SIGNATURE_LENGTH hash functions over the set. Two signatures agree in a place with
 * the chance of the sets' Jaccard likeness (Broder 1997). The functions are a x + b modulo 2^32 over spread values; of
 * each minimum 16 bits are kept (b-bit MinHash, Li and König 2010).
 */
export function signatureOf(shingles: ReadonlySet<number>): Uint16Array {
  const spread = Int32Array.from(shingles, mixed)
  const signature = new Uint16Array(SIGNATURE_LENGTH)
  for (let at = 0; at < SIGNATURE_LENGTH; at += 1) {
    const factor = FACTORS[at]!
    const addend = ADDENDS[at]!
    let minimum = 0x7fffffff
    for (let place = 0; place < spread.length; place += 1) {
      const value = (Math.imul(spread[place]!, factor) + addend) | 0
      if (value < minimum) minimum = value
    }
    signature[at] = mixed(minimum) & 0xffff
  }
  return signature
}

/** Share of places in which two signatures agree: estimates the Jaccard likeness, standard error about 0.043 at 0.75. */
export function likeness(left: ArrayLike<number>, right: ArrayLike<number>, leftAt = 0, rightAt = 0): number {
  let same = 0
  for (let at = 0; at < SIGNATURE_LENGTH; at += 1) if (left[leftAt + at] === right[rightAt + at]) same += 1
  return same / SIGNATURE_LENGTH
}

/** Bucket key of one band of a signature that stands at `from` in a larger array. */
export function bandKey(signatures: ArrayLike<number>, from: number, band: number, fingerprint: number): number {
  let key = mixed(fingerprint + band)
  for (let row = band * ROWS; row < (band + 1) * ROWS; row += 1)
    key = mixed(key ^ Math.imul(signatures[from + row]! + 1, 0x9e3779b1))
  return key
}

const FACTORS = Int32Array.from({ length: SIGNATURE_LENGTH }, (_, at) => mixed(Math.imul(at + 1, 0x9e3779b1)) | 1)
const ADDENDS = Int32Array.from({ length: SIGNATURE_LENGTH }, (_, at) => mixed(Math.imul(at + 1, 0x7feb352d)))
