// The final answer of a solution: what is boxed, what follows "final answer", "####", "the answer is", the last formula, the
// last number. Linear in the text, never throws. The answer comes back as written (LaTeX or plain), without delimiters;
// several answers are joined by commas.

import { announcedAnswer, finalAnswer, hashedAnswer, taggedAnswer } from './announced-answer.ts'
import { isWordy } from './answer-behind.ts'
import { closingWords } from './ending-words.ts'
import { joins, lastGroup } from './joined-answers.ts'
import { boxCommand, findBoxes, maximumAnswer } from './scan-text.ts'
import { beforeCheck, lastFormulaOrNumber } from './weak-answer.ts'

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

/** What stands where an answer should: small models copy the dots of the prompt. */
const placeholder = /^(?:[.…_$\s]|\\(?:[lc]?dots|text\{[.…\s]*\}|[,;:! ]))*$/

/** A box inside a box is its inside. */
function unboxed(answer: string): string {
  const boxes = findBoxes(answer)
  if (boxes.length === 0) return answer
  const [only] = boxes
  if (only?.start === 0 && only.end === answer.length) return only.inner.includes('box') ? bare(only.inner) : only.inner
  return bare(answer)
}

function bare(answer: string): string {
  return answer.replaceAll(boxCommand, '')
}

function searchAnswer(text: string): FoundAnswer | null {
  const boxes = findBoxes(text).filter(({ inner }) => !placeholder.test(inner))
  const box = lastGroup(text, boxes, joins)
  const final = finalAnswer(text)
  if (box !== null && box.answer !== '') {
    // "The final answer is" behind the last box corrects it.
    const corrects = final !== null && final.at >= box.end && !isWordy(final.answer)
    return corrects ? { answer: final.answer, source: 'phrase' } : { answer: unboxed(box.answer), source: 'boxed' }
  }
  const spoken =
    final?.answer ?? taggedAnswer(text) ?? hashedAnswer(text) ?? announcedAnswer(text) ?? closingWords(text)
  if (spoken !== null) return { answer: spoken, source: 'phrase' }
  const weak = lastFormulaOrNumber(beforeCheck(text)) ?? lastFormulaOrNumber(text)
  return weak === null ? null : { answer: weak.answer, source: weak.isFormula ? 'formula' : 'number' }
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

/** The final answer of a solution as it was written there, several joined by ", "; null where none was found. */
export function extractFinalAnswer(text: string, options: ExtractionOptions = {}): string | null {
  return findFinalAnswer(text, options)?.answer ?? null
}
