// One side of a comparison, read: whole solutions give their final answer, short ones are taken as they are. The readings
// are the trees that the text may stand for (1,234 is a number or two); words stay words.

import { numberNode } from './build.ts'
import { findFinalAnswer } from './extract.ts'
import type { Node } from './node.ts'
import { normaliseText } from './normalise-text.ts'
import { NestingFault, ParseFault } from './parse-fault.ts'
import { numberInWords } from './number-words.ts'
import { isMoney, normaliseNotation, otherReadings, plainQuantity } from './normalise-notation.ts'
import { parseAnswer } from './parse.ts'
import { findBoxes, findFormulas } from './scan-text.ts'
import type { CommaReading } from './tokens.ts'

export interface Choice {
  readonly letter: string
  /** Written as a choice, (C) or C., not as a bare letter. */
  readonly explicit: boolean
  /** What stands behind the letter: "(C) 42". */
  readonly rest: string | null
}

export interface ReadAnswer {
  /** The answer as it stands in the text. */
  readonly answer: string
  /** The answer as text: two answers with one spelling are one answer. */
  readonly spelling: string
  /** Its words in lower case; for answers that are words. */
  readonly words: string
  /** What it may stand for, the likeliest first; empty where it is not mathematics. */
  readonly readings: readonly Node[]
  /** It nests deeper than is read, so that any reading is of something else. */
  readonly tooDeep: boolean
  readonly choice: Choice | null
}

const maximumReadable = 20_000

/** Texts that mean a set or the absence of one. */
const phrases: readonly (readonly [pattern: RegExp, node: Node])[] = [
  [
    /^(?:(?:therefore|thus|hence|so) )?(?:there (?:is|are) |(?:the |this )?(?:equation|system|inequality|problem)(?: of equations)? has )?no (?:real |integer |such )?(?:solutions?|values?|roots?|numbers?|x)(?: exists?)?$/,
    { kind: 'set', items: [] },
  ],
  [/^(?:the )?empty set$|^none$/, { kind: 'set', items: [] }],
  [/^(?:x is )?(?:the set of )?all (?:the )?reals?(?: numbers?)?(?: x)?$/, { kind: 'named-set', name: 'R' }],
]

/** Styles and spaces that never change a meaning are gone; what separates two numerals stays. */
function spellingOf(text: string): string {
  return text
    .replace(/\\(?:left|right|displaystyle|textstyle|bigl?|bigr?|Bigl?|Bigr?|limits)(?![A-Za-z])\.?/g, '')
    .replace(/\\[dtc]frac(?![A-Za-z])/g, '\\frac')
    .replace(/\\(?:text|textbf|textit|textrm|mathrm|mbox|mathbf|operatorname)\s*\{([^{}]*)\}/g, '$1')
    .replace(/\\[,;:! ]|~|\\q?quad(?![A-Za-z])/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/(?<![\w.]) | (?![\w.\\])/g, '')
    .replace(/^[\s$]+|[\s$.]+$/g, '')
}

function wordsOf(text: string): string {
  return spellingOf(text)
    .replace(/\\[A-Za-z]+/g, ' ')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .replace(/^dne$|^d n e$/, 'does not exist')
    .replace(/^(?:the|a|an) (?=\p{L}{3})/u, '')
    .trim()
}

const wrapped = /^\\(?:text|textbf|textit|textrm|mathrm|mathbf|mbox)\s*\{\s*(.*?)\s*\}$/s

function choiceOf(text: string): Choice | null {
  let bare = text.replace(/\\(?:display|text)style(?![A-Za-z])/g, '').trim()
  let explicit = false
  for (
    let inside = wrapped.exec(bare)?.[1];
    inside !== undefined && !/[{}]/.test(inside);
    inside = wrapped.exec(bare)?.[1]
  ) {
    bare = inside
    explicit = true
  }
  const opened = /^\\(?:text|textbf|mathrm|mathbf)\s*\{\s*(\(?[A-J]\)?)[.:]?\s*\}\s*(.*)$/s.exec(bare)
  if (opened?.[1] !== undefined)
    bare = `${opened[1].includes('(') ? opened[1] : `(${opened[1]})`} ${opened[2] ?? ''}`.trim()
  bare = bare.replace(/^(?:option|choice|answer)\s+(?=\(?[A-J]\)?\.?$)/i, '')
  const bracketed = /^\(([A-Ja-j])\)(?:[\s~.:,]|\\ )*(.*)$/s.exec(bare)
  if (bracketed?.[1] !== undefined) {
    return {
      letter: bracketed[1].toUpperCase(),
      explicit: true,
      rest: bracketed[2] === '' ? null : (bracketed[2] ?? null),
    }
  }
  const dotted = /^([A-J])(?:[.:)])(?:\s+(.+))?$/s.exec(bare)
  if (dotted?.[1] !== undefined) return { letter: dotted[1], explicit: true, rest: dotted[2] ?? null }
  return /^[A-J]$/.test(bare) ? { letter: bare, explicit, rest: null } : null
}

/** What commas between digits may mean here. */
function commaReadings(text: string): CommaReading[] {
  if (!/\d,\s?\d/.test(text)) return ['grouping']
  // No list has an item that begins with a zero: 1,000 is one number wherever it stands.
  if (/\d,0\d\d/.test(text)) return ['everywhere']
  const readings: CommaReading[] = ['grouping']
  if (/(?<![\d,])(?=(\d{1,3}(?:,\d{3})+))\1(?![\d,]*\d)/.test(text)) {
    readings.push('separator')
    if (/[([{]/.test(text)) readings.push('everywhere')
  }
  if (/(?<![\d,.])\d+,\d+(?![\d,.])/.test(text) && !/\d,\d{3}(?!\d)/.test(text)) readings.push('decimal')
  return readings
}

/** The trees that an answer may stand for; none where it cannot be read as mathematics. */
function readingsOf(text: string, nested: { tooDeep: boolean }): Node[] {
  const readings: Node[] = []
  for (const commas of commaReadings(text)) {
    try {
      readings.push(parseAnswer(text, commas))
    } catch (error) {
      if (!(error instanceof ParseFault)) throw error
      if (error instanceof NestingFault) nested.tooDeep = true
    }
  }
  return readings
}

/** True for a text that shows its answer: a box, a formula, a phrase. */
function showsAnswer(text: string): boolean {
  return /\\f?(?:rame)?box|(?<!\\)\$|\\\(|\\\[|answer|####|<\/think>/i.test(text)
}

/** The answer inside the text of one side. */
function answerIn(text: string): string {
  const trimmed = text.trim()
  // A dollar sign that opens no formula is money.
  if (isMoney(trimmed)) return trimmed
  const formulas = trimmed.length <= maximumReadable ? findFormulas(trimmed) : []
  const [only] = formulas
  if (only !== undefined && only.start === 0 && only.end === trimmed.length && findBoxes(only.inner).length === 0)
    return only.inner.trim()
  // "$5$ cm": the unit stands behind the formula.
  if (only?.start === 0 && formulas.length === 1) {
    const unit = /^\s*([A-Za-z]{1,12}(?:[\s/][A-Za-z]{1,12}){0,2}\.?)$/.exec(trimmed.slice(only.end))?.[1]
    if (unit !== undefined && findBoxes(only.inner).length === 0) return `${only.inner.trim()} \\text{ ${unit}}`
  }
  if (showsAnswer(trimmed)) return findFinalAnswer(trimmed)?.answer ?? trimmed
  return trimmed
}

/** A day's name: the number beside it is no answer by itself. */
const dated =
  /\b(?:january|february|march|april|may|june|july|august|september|october|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b/

/** A sentence without the equals signs of sums that it does: "She has 5 + 6 = 11 apples left." */
function withoutSums(sentence: string): string {
  return /[A-Za-z]{2,}\s+[a-z]{2,}/.test(sentence) ? sentence.replace(/(?<=[\d)])\s*=\s*(?=[-$]?\d)/g, ' ') : sentence
}

/** Reads one side of a comparison. Never throws. */
export function readAnswer(text: string): ReadAnswer {
  const normal = normaliseText(text)
  const found = answerIn(normal)
  const answer = normaliseNotation(/[\\{}]|\$.*\$/.test(normal) ? found : plainQuantity(found))
  if (answer.length > maximumReadable)
    return { answer, spelling: answer, words: '', readings: [], choice: null, tooDeep: false }
  const nested = { tooDeep: false }
  const words = wordsOf(answer)
  const phrase = phrases.find(([pattern]) => pattern.test(words))
  const choice = choiceOf(answer)
  const counted = numberInWords(words)
  let readings =
    phrase !== undefined
      ? [phrase[1]]
      : counted !== null
        ? [numberNode(counted)]
        : [answer, ...otherReadings(answer)].flatMap((each) => readingsOf(each, nested))
  const spelling = spellingOf(answer)
  if (
    readings.length === 0 &&
    choice === null &&
    !dated.test(words) &&
    !/[\\^_={}<>|]/.test(withoutSums(spelling.replace(/[\^_]\{[\d-]+\}$/, '')))
  ) {
    // Prose without any sign of where its answer is: what its phrases say, or its last number.
    const weak = findFinalAnswer(/\\/.test(answer) ? spelling : answer)
    if (weak !== null && weak.answer !== spelling) readings = readingsOf(weak.answer, nested)
  }
  return { answer, spelling, words, readings, choice, tooDeep: nested.tooDeep }
}
