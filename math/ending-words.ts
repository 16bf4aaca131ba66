// Answers that are no value: "there are no real solutions", "infinitely many", "does not exist", 解なし, 无解.

import { lastMatches } from './text-matches.ts'

const nothing =
  /\b(?:no|infinitely many)(?:\s+(?:real|integer|positive|negative|valid|possible|complex|rational|natural|integral)){0,3}\s+(?:solutions?|roots?)\b|(?<=\bthere (?:is|are|exists?) )(?:no|infinitely many)(?:\s+[a-z]{1,12}){0,3}\s+(?:values?|numbers?|integers?|pairs?|triples?|functions?|polynomials?)\b|(?:does|do) not exist\b|infinitely many\b|(?:is|are) undefined\b|无解|無解|解なし|解は?存在しない/gi

/** Words before it that make it a reason or a condition, and not the answer. */
const reservation = /\b(?:since|as|because|otherwise|if|when|while|but|which|whose|other|unless|suppose|assume)\b/i

/** The words of the sentence that say so, where nothing behind them may be the answer. */
export function endingOf(sentence: string): string | null {
  const [last] = lastMatches(nothing, sentence)
  if (last === undefined || reservation.test(sentence.slice(0, last.index))) return null
  const behind = sentence.slice(last.index + last[0].length).replace(/\bfor\b[^,;]*/, '')
  return /\d|=|\\|\$/.test(behind) ? null : last[0].replace(/^(?:is|are)\s+/, '')
}

/** The same of the last sentence of a text. */
export function closingWords(text: string): string | null {
  const tail = text
    .slice(-300)
    .trimEnd()
    .replace(/[.!。*\s]{1,20}$/, '')
  return endingOf(tail.slice(Math.max(0, tail.search(/[.!?。\n](?=[^.!?。\n]*$)/))))
}
