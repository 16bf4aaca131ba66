// What a text and a benchmark problem are compared by: triples of neighbouring words (every number stands for any
// other, signs are left out), exact pairs and triples (numbers and signs as they are, and where a sentence begins and
// ends), and the numbers alone. Each is GRAM_BITS of a hash. Part of the file format: see NORMAL_FORM.

import { hashOf } from './contamination-spellings.ts'
import { NUMBER, SIGN, WORD, type Words } from './contamination-words.ts'

/** Two grams that are alike by chance (1 in 16 million) bring a share of one triple, never a verdict. */
export const GRAM_BITS = 24

const ANY_NUMBER = hashOf('#')
const EDGE = hashOf('|')

/**
 * Triples of words, with one word at least; repeats are repeated. `people`: 1 for each token that
 * stands for a person (contamination-names.ts); what holds one is left out.
 */
export function triplesOf({ count, hashes, kinds }: Words, people: Uint8Array | null = null): number[] {
  const triples: number[] = []
  let [before, last, length, sinceWord] = [0, 0, 0, 3]
  for (let at = 0; at < count; at += 1) {
    const kind = kinds[at]!
    if (kind === SIGN) continue
    if (people?.[at] === 1) {
      length = 0
      sinceWord = 3
      continue
    }
    const shown = kind === NUMBER ? ANY_NUMBER : hashes[at]!
    length += 1
    sinceWord = kind === WORD ? 0 : sinceWord + 1
    if (length >= 3 && sinceWord < 3) triples.push(gram(before, last, shown, 1))
    before = last
    last = shown
  }
  return triples
}

/**
 * Exact pairs and triples. `edges`: where the text itself begins and ends (`text`: a benchmark problem), or every
 * sentence of it (`sentences`: a text in which one may be hidden).
 */
export function exactGramsOf(
  { count, hashes, openings }: Words,
  edges: 'text' | 'sentences',
  people: Uint8Array | null = null,
): number[] {
  const grams: number[] = []
  const isEdge = (at: number): boolean => at === 0 || at === count || (edges === 'sentences' && openings[at] === 1)
  // The two tokens before; 0: an end of the text or a person.
  let [first, second] = [0, 0]
  for (let at = 0; at <= count; at += 1) {
    if (second !== 0 && isEdge(at)) {
      grams.push(gram(second, EDGE, 0, 2))
      if (first !== 0) grams.push(gram(first, second, EDGE, 2))
    }
    if (at === count) break
    const third = people?.[at] === 1 ? 0 : hashes[at]!
    if (third !== 0) {
      if (isEdge(at)) grams.push(gram(EDGE, third, 0, 2))
      if (second !== 0) grams.push(gram(second, third, 0, 2))
      if (second !== 0 && first !== 0) grams.push(gram(first, second, third, 2))
      if (second !== 0 && isEdge(at - 1)) grams.push(gram(EDGE, second, third, 2))
    }
    first = second
    second = third
  }
  return grams
}

/** The numbers, each as often as it stands there; sorted. */
export function numbersOf({ count, hashes, kinds }: Words, people: Uint8Array | null = null): number[] {
  const numbers: number[] = []
  for (let at = 0; at < count; at += 1)
    if (kinds[at] === NUMBER && people?.[at] !== 1) numbers.push(gram(hashes[at]!, 0, 0, 3))
  return numbers.sort((left, right) => left - right)
}

/** kind keeps equal tokens of different lists apart. */
function gram(first: number, second: number, third: number, kind: number): number {
  const pair = scramble(Math.imul(first, 0x2c1b3c6d) ^ second ^ kind)
  return scramble(Math.imul(pair, 0x297a2d39) ^ third) >>> (32 - GRAM_BITS)
}

/** Spreads 32 bits over 32 bits without loss (finaliser of MurmurHash3, Appleby). */
function scramble(value: number): number {
  let bits = value
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return bits ^ (bits >>> 16)
}
