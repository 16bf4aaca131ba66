// Finds loops: a text in which a model says the same again and again.

import { proseOf, wordsOf } from './prose.ts'

const LONGEST_PERIOD = 60
const TIMES = 8
/** Blanks, digits and rules may go on for so many characters. */
const LONGEST_LAYOUT = 240
/** Words of a run. */
const GRAM = 4

/** What is repeated and how, or null. Time is linear in the text's length. */
export function repetitionIn(text: string): string | null {
  const loop = loopIn(text)
  if (loop !== null) return loop
  const prose = proseOf(text)
  return repeatedLineIn(prose) ?? repeatedWordsIn(prose)
}

/** The same piece of at least two different letters, 8 times and more without a break; or one letter, 33 times. */
export function loopIn(text: string): string | null {
  const { length } = text
  for (let period = 1; period <= Math.min(LONGEST_PERIOD, length / TIMES); period += 1) {
    // A single letter must go on for long: Zzz, 0000 and -- are met in honest text.
    const needed = Math.max(period * (TIMES - 1), 32)
    const repeats = (at: number): boolean => text.charCodeAt(at) === text.charCodeAt(at - period)
    // A run that is long enough covers one of the places that lie `needed` apart.
    for (let at = period + needed - 1; at < length; at += needed) {
      if (!repeats(at)) continue
      let begin = at
      while (begin > period && at - begin < needed && repeats(begin - 1)) begin -= 1
      let end = at + 1
      while (end < length && end - begin < needed && repeats(end)) end += 1
      if (end - begin < needed) continue
      while (end < length && end - begin < LONGEST_LAYOUT && repeats(end)) end += 1
      const piece = text.slice(end - period, end)
      // \\quad\\quad, & & & and the like are layout; a sum of equal terms is a sum.
      const layout = end - begin < LONGEST_LAYOUT && (!/\p{L}/u.test(piece) || (piece.includes('\\') && period <= 12))
      const word = period === 1 || new Set(piece.match(/\p{L}/gu)).size >= 2
      if (!layout && (word || end - begin >= LONGEST_LAYOUT)) return `loop of ${JSON.stringify(piece)}`
    }
  }
  return null
}

/** A line of 20 characters and more that stands there four times and more. */
function repeatedLineIn(prose: string): string | null {
  const seen = new Map<string, number>()
  for (const line of prose.split('\n')) {
    const trimmed = line.trim()
    if (trimmed.length < 20) continue
    const times = (seen.get(trimmed) ?? 0) + 1
    if (times >= 4) return `line ${JSON.stringify(trimmed.slice(0, 60))} stands there ${times} times and more`
    seen.set(trimmed, times)
  }
  return null
}

/**
 * More than half of the runs of four words were there before, in a text of 40 words and more; 65 % of them in one of 20
 * and more, as three like sentences with other numbers are no loop.
 */
function repeatedWordsIn(prose: string): string | null {
  const words = wordsOf(prose)
  if (words.length < 20) return null
  const seen = new Set<string>()
  const grams = words.length - GRAM + 1
  for (let at = 0; at < grams; at += 1) seen.add(`${words[at]!} ${words[at + 1]!} ${words[at + 2]!} ${words[at + 3]!}`)
  const share = 1 - seen.size / grams
  return share > (words.length < 40 ? 0.65 : 0.5) ? `${(share * 100).toFixed(0)} % of its word runs are repeats` : null
}
