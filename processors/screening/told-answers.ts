// Finds where a text answers itself: a filled box, the solved unknown, or the thing asked for and what it is. What
// follows a question may also be its data (`The width is 3.`): only what was asked for counts.

import { asksSomething } from './asks.ts'

/**
 * A box with something in it after `=`, `is` or `:`, or with a number in it anywhere, is an answer; an empty one is a
 * place to fill in.
 */
const BOXED_ANSWER =
  /(?:=|\bis|:)\s{0,8}\$?\s{0,8}\\boxed\s{0,8}\{(?!\s{0,8}\}|[?_\s]{0,20}\}|\\(?:phantom|hphantom|quad|text\{\s{0,8}\}))|\\boxed\s{0,8}\{(?!\s{0,8}\\[hv]?phantom)[^}\n?_]{0,60}\d/i

/** `The next number is 32.` in a paragraph of its own. */
const TELLING = /\n\n[ \t]{0,4}(?:so|therefore|thus|hence)?,?\s{0,2}the\s+([a-z]+(?:\s[a-z]+){0,3}?)\s+(?:is|are|=)\s/i
/** `x = 6` as the last line of a problem that asks to solve for x. */
const SOLVED =
  /\b(?:solve\s+for|find(?:\s+the\s+value\s+of)?)\s+\$?([a-z])\$?(?=\s?(?:[:.,\n]|\b(?:if|in|when|such|given|where)\b))[^]*\n[ \t]{0,4}(?:(?:so|therefore|thus|hence),?\s)?\$?\1\s?=\s?-?[\d./]+\$?\.?$/i

/** A statement behind the question: what, and its value with a unit of up to two words. */
const STATEMENT =
  /^(?:(?:so|therefore|thus|hence|then|i\s+think|we\s+know|we\s+get|that)\b[\s,]{0,3}){0,3}(?:the\s+|\$)?(.{1,160}?)\$?\s{0,2}(?:\s(?:is|are|was|equals|will\s+be)\s|=)\s{0,2}((?:\\\$)?\$?[-−±√π(]?(?:\\pm\s?|\\frac|\\sqrt|\\pi|-)?[\d{(a-z][^\s]{0,40}(?:\s?[-+*/]\s?[^\s]{1,20}){0,4})((?:\s[a-z]+){0,2})[.!]?$/i
/** Numbers that are still to be computed are data: `n = 3^4 - 1`. */
const COMPUTATION = /^[$({]?\d[^a-z]*[-+*^×·]\s?[^a-z]*$/i
const PRONOUN = /^(?:it|this|that|there)$/i
/** Where a question names what it asks for. */
const ASKING_HEAD =
  /\b(?:what(?:'s|’s|\s+is|\s+are|\s+was|\s+will\s+be)|find|compute|calculate|determine|evaluate|give|solve\s+for)\s+(?:the\s+)?(?:(?:exact\s+|numerical\s+)?value\s+of\s+(?:the\s+)?)?/gi
const AFTER_THE_ASKED = /^\$?\s{0,4}(?:$|[?.,;:!]|(?:of|in|for|if|when|such|that|where|given|to|with|between)\b)/i
/** What stands before a conclusion in one sentence: `We know that y = mx + b, so` */
const REASON = /^[^?]{0,200},\s(?:so|thus|therefore|hence)\s/i
/** A formula without words behind the question mark. */
const FORMULA = /^\$?(?=[^=]*[\d^])[-+*/^(){}.\d\s]{0,20}(?:[a-z]\b[-+*/^(){}.\d\s]{0,20}){0,6}\$?\.?$/i

/** Where a text begins to answer itself, or null. */
export function answerIn(text: string): number | null {
  const boxed = BOXED_ANSWER.exec(text)
  if (boxed !== null) return boxed.index
  if (SOLVED.test(text)) return text.lastIndexOf('\n') + 1
  const telling = TELLING.exec(text)
  if (telling !== null && !text.slice(telling.index).includes('?')) {
    const question = text.slice(0, telling.index).toLowerCase()
    if (asksSomething(question) && question.includes(`the ${telling[1]!.toLowerCase()}`)) return telling.index
  }
  return statedIn(text)
}

/** Where a sentence behind the last question states what was asked for. */
function statedIn(text: string): number | null {
  const sentences = sentencesOf(text)
  const last = sentences.findLastIndex(({ sentence }) => asksSomething(sentence))
  const question = sentences[last]?.sentence
  if (question === undefined) return null
  for (const [at, { sentence, from }] of sentences.slice(last + 1, last + 5).entries()) {
    if (at === 0 && isWhole(question) && isFormula(sentence)) return from
    const found = STATEMENT.exec(sentence.slice(0, 400).replace(REASON, ''))
    if (found === null) continue
    const [, subject = '', value = '', unit = ''] = found
    if (COMPUTATION.test(value)) continue
    const plain = subject.trim().toLowerCase()
    if (!/[\d\\π√]/.test(value)) continue
    if (isAskedFor(plain, unit.trim().toLowerCase(), question.toLowerCase(), at === 0)) return from
  }
  return null
}

function isAskedFor(subject: string, unit: string, question: string, isFirst: boolean): boolean {
  if (/^(?:final |correct )?answer\b/.test(subject)) return true
  if (subject === 'there') return unit !== '' && question.includes(`how many ${unit}`)
  if (PRONOUN.test(subject)) return isFirst && unit === ''
  if (/^[a-z]$/.test(subject) && /^solve\b/.test(question) && question.includes(subject)) return true
  for (const head of question.matchAll(ASKING_HEAD)) {
    const rest = question.slice(head.index + head[0].length).replace(/^\$/, '')
    if (rest.startsWith(subject) && AFTER_THE_ASKED.test(rest.slice(subject.length))) return true
  }
  return false
}

/** A question with its own numbers, which hands out nothing behind it. */
const isWhole = (question: string): boolean =>
  question.endsWith('?') &&
  /[\d$]/.test(question) &&
  !/\b(?:this|these|following|given|below|expressions?|functions?|equations?)\b/i.test(question)

/** Options to choose from look like one: `(A) 10 (B) 25`. */
const isFormula = (text: string): boolean => text.length <= 60 && FORMULA.test(text) && !/\([A-H]\)/.test(text)

/** Sentences and lines, with where they begin. */
function sentencesOf(text: string): { sentence: string; from: number }[] {
  const found: { sentence: string; from: number }[] = []
  let from = 0
  for (const piece of text.split(/((?<=[.?!])\s+|\n+)/)) {
    if (piece.trim() !== '') found.push({ sentence: piece.trim(), from })
    from += piece.length
  }
  return found
}
