// The final answer of a solution: what is boxed, what follows "final answer", "####", "the answer is", the last formula, the
// last number. Linear in the text, never throws. The answer comes back as written (LaTeX or plain), without delimiters;
// several answers are joined by commas.

import { findBoxes, findFormulas, maximumAnswer, type Span } from './scan-text.ts'

/** Where an answer was found, from the surest to the weakest. */
export type AnswerSource = 'boxed' | 'phrase' | 'formula' | 'number'

export interface FoundAnswer {
  readonly answer: string
  readonly source: AnswerSource
}

export interface ExtractionOptions {
  /** The weakest source that still counts. Default: number. */
  readonly weakest?: AnswerSource
}

const strength: readonly AnswerSource[] = ['boxed', 'phrase', 'formula', 'number']

/** Between two parts of one answer: "and", "or", a comma, up to three words, no end of a sentence. */
const connector = /^(?:[\s,;.&+~]|\\[,;:! ]|\\q?quad|\\text\s*\{[^{}]*\}|and|or)*$/
const looseConnector = /^[\s,;&+]*(?:[A-Za-z]+[\s,;]+){0,3}(?:and|or)[\s,;]*(?:[A-Za-z]+[\s,;=]*){0,3}$/

const percentBehind = /^\s*(?:\\\)|\\\]|\$|\})*\s*(?:\\?%|percent\b|pct\b|per cent\b)/

/** What a formula may begin or end with that is no part of the answer. */
function tidy(answer: string): string {
  return answer
    .replace(/^(?:\s|\\[,;:! ]|\\"|["“”*`]|\$)+/, '')
    .replace(/(?:\s|\\[,;:!](?!\w)|\\"|["“”*`]|\$|[.,;:](?=\s*$))+$/, '')
}

/** Text between two answers without the marks that open and close formulas. */
function gapBetween(text: string, left: Span, right: Span): string {
  if (right.start - left.end > 120) return '.'
  return text.slice(left.end, right.start).replace(/\$|\\\(|\\\)|\\\[|\\\]/g, ' ')
}

function joins(gap: string): boolean {
  if (/\.\s+[A-Z]|\n\s*\n/.test(gap)) return false
  const letters = gap.replace(/\\[A-Za-z]+/g, ' ')
  return connector.test(gap) || looseConnector.test(letters)
}

/** The last spans that belong together, as one answer. */
function lastGroup(
  text: string,
  spans: readonly Span[],
  stretch: (gap: string) => boolean,
): { answer: string; start: number; end: number } | null {
  const last = spans.at(-1)
  if (last === undefined) return null
  const group = [last]
  for (let index = spans.length - 2; index >= 0; index -= 1) {
    const before = spans[index]
    const first = group[0]
    if (before === undefined || first === undefined || !stretch(gapBetween(text, before, first))) break
    group.unshift(before)
    if (group.length >= 40) break
  }
  return { answer: joined(text, group), start: group[0]?.start ?? 0, end: last.end }
}

function joined(text: string, group: readonly Span[]): string {
  const parts = group.map((span) => {
    const answer = tidy(span.inner)
    const percent = percentBehind.test(text.slice(span.end, span.end + 40)) && !/%|percent|pct/.test(answer)
    return percent ? `${answer}\\%` : answer
  })
  return [...new Set(parts.filter((part) => part !== ''))].join(', ')
}

const numberPattern =
  /(?<![\w.^_\\]|[\^_]\{)(?:(?<![\w)\]}.,]|\d\s)[-−+])?(?:[$€£¥]\s?)?(?:\d{1,3}(?:,\d{3})+(?![\d,]*\d)(?:\.\d+)?|\d+(?:[.,]\d+)?(?:e[+-]?\d+)?|\.\d+)(?:\s?\/\s?\d+(?!\.\d))?(?:\s?(?:%|percent\b|pct\b))?/gi

/** The last numeral of a text that is not part of a word, with its percent sign. */
function lastNumber(text: string): { answer: string; end: number } | null {
  let found: { answer: string; end: number } | null = null
  for (const match of text.matchAll(numberPattern)) {
    found = { answer: match[0].replace(/[$€£¥]\s?/, '').trim(), end: match.index + match[0].length }
  }
  return found
}

const finalPhrase = /final\s+answers?(?:\s+(?:is|are|to\s+(?:the|this)\s+(?:problem|question)\s+is))?/gi
const answerPhrase =
  /(?:answers?\s+(?:is|are|would\s+be|must\s+be|should\s+be)|answers?\s*\**\s*:|correct\s+(?:option|choice)\s+is)/gi
const hashes = /####\s*([^\n]{1,200})/g

function lastMatch(pattern: RegExp, text: string): RegExpExecArray | null {
  let last: RegExpExecArray | null = null
  for (const match of text.matchAll(pattern)) last = match
  return last
}

const choice = /^(?:(?:option|choice)\s*)?\(?([A-J])\)?(?=[\s.,:;)]|$)/

/** What follows a phrase: formulas that begin there, else a letter, a formula, a number or a few words of its sentence. */
function answerAfter(text: string, at: number): string | null {
  const window = text.slice(at, at + maximumAnswer)
  const lead = /^(?:\s|[:*"“”_`>]|\\"|is\b|simply\b|therefore\b|thus\b|that\b)*/.exec(window)?.[0].length ?? 0
  const tail = window.slice(lead)
  const formulas = findFormulas(tail)
  const [first] = formulas
  if (first !== undefined && first.start === 0) {
    const group = [first]
    for (const span of formulas.slice(1)) {
      const last = group.at(-1)
      if (last === undefined || !joins(gapBetween(tail, last, span)) || /\n/.test(tail.slice(last.end, span.start)))
        break
      group.push(span)
    }
    return joined(tail, group)
  }
  const boxes = findBoxes(tail.slice(0, 600))
  if (boxes[0]?.start === 0) return joined(tail, [boxes[0]])
  const sentence = /^(?:[^\n.<]|\.(?!\s|$)|<(?!\|))*/.exec(tail)?.[0] ?? ''
  const inside = formulas.filter((span) => span.end <= sentence.length)
  const letter = choice.exec(sentence)?.[1]
  if (letter !== undefined && inside.length === 0) return letter
  if (inside.length > 0) return lastGroup(sentence, inside, joins)?.answer ?? null
  const words = tidy(sentence)
  if (words === '') return null
  if (!/[a-z]{3,}/i.test(words.replace(/\\[A-Za-z]+/g, ''))) return words
  const leading = [...words.slice(0, 80).matchAll(numberPattern)].find((match) => match.index === 0)?.[0]
  const number = leading ?? lastNumber(sentence)?.answer
  if (number !== undefined) return number.replace(/[$€£¥]\s?/, '').trim()
  return words.split(/\s+/).length <= 4 ? words : null
}

function searchAnswer(text: string): FoundAnswer | null {
  const box = lastGroup(text, findBoxes(text), joins)
  const final = lastMatch(finalPhrase, text)
  if (box !== null && box.answer !== '') {
    // "Final answer" behind the last box corrects it, if an answer follows.
    if (final === null || final.index < box.end) return { answer: box.answer, source: 'boxed' }
    const corrected = answerAfter(text, final.index + final[0].length)
    return corrected === null || corrected === ''
      ? { answer: box.answer, source: 'boxed' }
      : { answer: corrected, source: 'phrase' }
  }
  if (final !== null) {
    const answer = answerAfter(text, final.index + final[0].length)
    if (answer !== null && answer !== '') return { answer, source: 'phrase' }
  }
  const hash = lastMatch(hashes, text)?.[1]
  if (hash !== undefined && tidy(hash) !== '') return { answer: tidy(hash), source: 'phrase' }
  const phrase = lastMatch(answerPhrase, text)
  if (phrase !== null) {
    const answer = answerAfter(text, phrase.index + phrase[0].length)
    if (answer !== null && answer !== '') return { answer, source: 'phrase' }
  }
  const formulas = findFormulas(text)
  const formula = lastGroup(
    text,
    formulas,
    (gap) => connector.test(gap) && /,|;|\band\b|\bor\b/.test(gap) && !/\n/.test(gap),
  )
  const behind = formula === null ? 0 : formula.end
  const number = lastNumber(text.slice(behind))
  const percentSign = formula !== null && percentBehind.test(text.slice(formula.end, formula.end + 40))
  if (number !== null && !percentSign) return { answer: number.answer, source: formula === null ? 'number' : 'formula' }
  return formula === null || formula.answer === '' ? null : { answer: formula.answer, source: 'formula' }
}

/** The final answer and where it was found; null where there is none of the strength asked for. */
export function findFinalAnswer(text: string, { weakest = 'number' }: ExtractionOptions = {}): FoundAnswer | null {
  // What a model thought aloud counts only when it says nothing afterwards.
  const thought = text.lastIndexOf('</think>')
  const spoken = thought < 0 ? null : searchAnswer(text.slice(thought + '</think>'.length))
  const found = spoken !== null && spoken.source !== 'number' ? spoken : searchAnswer(text)
  if (found === null || strength.indexOf(found.source) > strength.indexOf(weakest)) return null
  return found.answer.length > maximumAnswer || placeholder.test(found.answer) ? null : found
}

/** What stands where an answer should: small models copy the dots of the prompt. */
const placeholder = /^(?:[.…_$\s]|\\(?:[lc]?dots|text\{[.…\s]*\}|[,;:! ]))*$/

/** The final answer of a solution as it was written there, several joined by ", "; null where none was found. */
export function extractFinalAnswer(text: string, options: ExtractionOptions = {}): string | null {
  return findFinalAnswer(text, options)?.answer ?? null
}
