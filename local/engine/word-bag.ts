// The vectors of the stand-in's embedding model: a bag of hashed words. Texts of the same words in any order are near,
// texts of other words far; numbers and small words weigh little, as they do with real models. What the same thing in
// other words is, it does not know.

import { hashNumbers, hashText } from './random.ts'

/** Numbers of a vector. */
export const EMBEDDING_DIMENSIONS = 256

const SMALL = new Set(
  (
    'a an and are as at be by did do does each for from has have he her his how if in is it its of on or she that the ' +
    'their then there they this to was what when where which who will with'
  ).split(' '),
)
const SMALL_WEIGHT = 0.15
const NUMBER_WEIGHT = 0.3

/** The text's vector, of unit length; a text without a word has the vector of an empty word. */
export function embedWords(text: string): number[] {
  const words = text.toLowerCase().match(/\p{L}+|\d+/gu) ?? ['']
  const sums = new Float64Array(EMBEDDING_DIMENSIONS)
  for (const word of words) {
    const weight = SMALL.has(word) ? SMALL_WEIGHT : /^\d/.test(word) ? NUMBER_WEIGHT : 1
    // A plural is its singular.
    const hash = hashText(word.length > 3 ? word.replace(/s$/, '') : word)
    for (let at = 0; at < EMBEDDING_DIMENSIONS; at += 32) {
      const bits = hashNumbers(hash, at)
      for (let bit = 0; bit < 32; bit += 1) sums[at + bit]! += ((bits >>> bit) & 1) === 1 ? weight : -weight
    }
  }
  const length = Math.hypot(...sums)
  return Array.from(sums, (sum) => Math.fround(sum / length))
}
