// What stands behind words that announce an answer: formulas that begin there, else the letter of a choice, a formula of
// the sentence, a formula in plain text, a number, a few words. Linear: it looks at most 4,000 characters ahead.

import { endingOf } from './ending-words.ts'
import { joined, joins, lastGroup, tidy } from './joined-answers.ts'
import { lastNumeral, leadingNumeral } from './numerals.ts'
import { findBoxes, findFormulas, maximumAnswer } from './scan-text.ts'
import { functionNames, greekLetters } from './vocabulary.ts'

/** Marks and words between the announcement and the answer: colons, stars, the mark of a list, "that". */
const lead =
  /^(?:\n\s{0,9}[-*•]\s|\s|[:：*"“”_`>]|\\"|(?:is|are|simply|therefore|thus|that)\b|option\b(?=\s*\(?[A-J]))*/
/** Up to the end of the sentence, of the line, or to a tag. */
const firstSentence = /^(?:[^\n.<。]|\.(?!\s|$)|<(?![|/]))*/
const currencyBefore = /^[$€£¥₹]\s?/
const copula = /(?:です|である|となる|になる|だ)$/

/** What says nothing of the answer. */
const filler =
  /^(?:in)?(?:correct|right|wrong|valid|verified|consistent|reasonable|confirmed|as follows|below|above|given|found|clear|obvious|unique|the same|simple|known|therefore|within|in the form)\b/i

/** Words that are part of a formula in plain text. */
const formulaWords = new Set([...functionNames, ...greekLetters, 'and', 'or'])
const shortWords = new Set('of in is at to by as if we it he so an be no do on my us am pm'.split(' '))
const asian = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u
const word =
  /\\[A-Za-z]+(?:\{[A-Za-z .]{0,40}\})?|[A-Za-z]{2,}|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu
const twoQuantities = /^\d+ [a-z]+(?:,| and) \d+ [a-z]+$/i

/** Where the first word stands that is no part of a formula in plain text; the length of the text where none does. */
function firstWord(text: string): number {
  for (const { 0: each, index } of text.matchAll(word)) {
    if (each.startsWith('\\') || formulaWords.has(each.toLowerCase())) continue
    if (each.length === 2 && !asian.test(each) && !shortWords.has(each)) continue
    return index
  }
  return text.length
}

/** True for what holds words of prose. */
export function isWordy(text: string): boolean {
  return firstWord(text) < text.length
}

/** The formula in plain text that stands before the first word of prose. */
function formulaBefore(words: string, end: number): string | null {
  const prefix = words.slice(0, Math.min(end, 200))
  const formula = tidy(prefix.replace(/(?:\s|[([{<>=+*/,;:-]|\band\b|\bor\b){1,20}$/, ''))
  if (!/\d|=/.test(formula)) return null
  const number = leadingNumeral(words)
  return number !== null && number.length >= formula.length ? number : formula.replace(currencyBefore, '')
}

/** "B) 12": the letter and the value that stands behind it; null where the letter is a word or a name. */
function choiceIn(sentence: string): string | null {
  const found = /^(?:(?:option|choice|letter)\s*)?\**(?:[(（]([A-J])[)）]|([A-J])(?=[\s.,:;)*。]|$))/.exec(sentence)
  const letter = found?.[1] ?? found?.[2]
  if (found === null || letter === undefined) return null
  const behind = sentence.slice(found[0].length)
  if (/^\s*[=<>+^≤≥]/.test(behind)) return null
  if (/^\s*(?:,|and|or|&)\s*\(?[A-J]\b(?!')/.test(behind)) return tidy(sentence.slice(0, 60))
  // "A" and "I" are words too.
  if (found[2] !== undefined && /[AI]/.test(letter) && /^\s+[a-z]/.test(behind)) return null
  const rest = behind.replace(/^[).:,\s*]{1,20}/, '')
  const [formula] = findFormulas(rest)
  const value = formula?.start === 0 ? joined(rest, [formula]) : tidy(rest)
  const isValue = value !== '' && value.length <= 60 && (formula?.start === 0 || !isWordy(value))
  return isValue ? `(${letter}) ${value}` : letter
}

function fewWords(words: string): string | null {
  if (words.includes('\\box')) return null
  const few = asian.test(words) ? words.length <= 12 : words.split(/\s+/).length <= 4
  return few ? words : null
}

/** The answer in a sentence without formulas. */
function answerOfWords(sentence: string): string | null {
  const words = tidy(tidy(sentence).replace(copula, ''))
  if (words === '' || filler.test(words)) return null
  const ending = endingOf(words)
  if (ending !== null) return ending
  const end = firstWord(words)
  if (end === words.length) return words.replace(currencyBefore, '')
  if (twoQuantities.test(words)) return words
  return formulaBefore(words, end) ?? lastNumeral(words)?.answer ?? fewWords(words)
}

/** The answer that the text announces at the place; null where nothing there is one. */
export function answerBehind(text: string, at: number): string | null {
  const window = text.slice(at, at + maximumAnswer)
  const tail = window.slice(lead.exec(window)?.[0].length ?? 0)
  const formulas = findFormulas(tail)
  const [first] = formulas
  if (first?.start === 0) {
    const group = [first]
    for (const span of formulas.slice(1)) {
      const last = group.at(-1)
      if (last === undefined || !joins(tail, last, span) || tail.slice(last.end, span.start).includes('\n')) break
      group.push(span)
    }
    return joined(tail, group)
  }
  const [box] = findBoxes(tail.slice(0, 600))
  if (box?.start === 0) return joined(tail, [box])
  const sentence = firstSentence.exec(tail)?.[0] ?? ''
  const letter = choiceIn(sentence)
  if (letter !== null) return letter
  const inside = formulas.filter((span) => span.end <= sentence.length)
  return inside.length > 0 ? (lastGroup(sentence, inside, joins)?.answer ?? null) : answerOfWords(sentence)
}
