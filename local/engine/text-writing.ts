// What an author's text is for a prompt: a problem where a user's turn is open (after an answer, a question about that
// answer), else an answer to the last question,
// in the form in which the model that is played writes answers (bare, with a thought, or in harmony's channels).
// Promise: a prompt that ends within a text that would have been written is followed by the rest of that very text,
// so what max_tokens has cut can be continued.

import type { Author } from './author.ts'
import type { EngineMessage, EnginePrompt, EngineSampling } from './contract.ts'
import { afterFirstToken, drawFirstToken, openerOf } from './first-tokens.ts'
import { answerFollowUp, writeFollowUp } from './follow-up.ts'
import { readTurns } from './turns.ts'

/** How the played model writes. */
export interface WritingStyle {
  /** bare: the answer alone; think: a thought and `</think>` first; harmony: gpt-oss' channels. */
  readonly answers: 'bare' | 'think' | 'harmony'
  /** Problems from a bare prefix begin with one of the first tokens, drawn at the request's temperature. */
  readonly firstTokens: boolean
}

/** The text that follows this prompt. */
export function writeText(author: Author, prompt: EnginePrompt, sampling: EngineSampling, style: WritingStyle): string {
  const { messages, open } = readTurns(prompt.text)
  const last = messages.at(-1)
  const begun = open ? (last?.content ?? '') : ''
  if (open && last?.role !== 'assistant') {
    const followUp = begun === '' ? writeFollowUp(messages, sampling.seed) : null
    return followUp ?? problem(author, begun, sampling, style)
  }
  const asked = prompt.messages ?? messages
  const answer = answerFollowUp(asked, sampling.seed) ?? author.answer(question(asked), sampling.seed)
  return style.answers === 'harmony' ? harmonyRest(answer, begun) : rest(answer, begun, style.answers === 'think')
}

function problem(author: Author, begun: string, sampling: EngineSampling, style: WritingStyle): string {
  const { seed } = sampling
  if (!style.firstTokens) return author.problem(seed, begun)
  const after = (opener: string): string => afterFirstToken(opener, seed, (...given) => author.problem(...given))
  if (begun === '') {
    const opener = drawFirstToken(seed, sampling)
    return opener + after(opener)
  }
  const opener = openerOf(begun)
  const whole = opener === undefined ? '' : opener + after(opener)
  return whole.startsWith(begun) ? whole.slice(begun.length) : author.problem(seed, begun)
}

/** The rest of an answer of which `begun` stands in the prompt. */
function rest(answer: string, begun: string, thinks: boolean): string {
  if (begun === '' && !thinks) return answer
  const thinking = `<think>\n${thoughtOf(answer)}\n</think>\n\n${answer}`
  if (thinking.startsWith(begun)) return thinking.slice(begun.length)
  if (begun.endsWith('\\boxed{')) return `${boxed(answer) ?? answer}}$.`
  const closed = begun.lastIndexOf('</think>')
  // Somebody else's thought has been opened, or one is still to come.
  if (closed < 0 && begun.includes('<think>')) return `${thoughtOf(answer)}\n</think>\n\n${answer}`
  // A closed thought may be the template's own, which switches thinking off.
  return afterOverlap(answer, closed < 0 ? begun : begun.slice(closed + '</think>'.length).trimStart())
}

function harmonyRest(answer: string, begun: string): string {
  const final = '<|channel|>final<|message|>'
  const whole = `<|channel|>analysis<|message|>${thoughtOf(answer)}<|end|><|start|>assistant${final}${answer}`
  if (whole.startsWith(begun)) return whole.slice(begun.length)
  const at = begun.lastIndexOf(final)
  return at < 0 ? whole : afterOverlap(answer, begun.slice(at + final.length))
}

/** The answer without the beginning that is there already: exactly that, or that but for white space at its end. */
function afterOverlap(answer: string, begun: string): string {
  if (answer.startsWith(begun)) return answer.slice(begun.length)
  const overlap = begun.trimEnd()
  return overlap !== '' && answer.startsWith(overlap) ? answer.slice(overlap.length) : answer
}

/** A thought before an answer: its first half, less sure of itself. */
function thoughtOf(answer: string): string {
  const sentences = answer.replaceAll(/\\boxed\{((?:[^{}]|\{[^{}]*\})*)\}/g, '$1').split('\n\n')
  const half = sentences.slice(0, Math.max(1, Math.ceil(sentences.length / 2)))
  return [
    'Okay, let me think about this.',
    ...half,
    'Wait, let me go over that once more before I write it down.',
  ].join('\n\n')
}

/** The content of the last \boxed{…} of a text, braces counted. */
export function boxed(text: string): string | null {
  const from = text.lastIndexOf('\\boxed{')
  if (from < 0) return null
  let depth = 0
  for (let at = from + 6; at < text.length; at += 1) {
    if (text[at] === '{') depth += 1
    else if (text[at] === '}') depth -= 1
    if (depth === 0) return text.slice(from + 7, at)
  }
  return null
}

/** The last thing a user said. */
export function question(messages: readonly EngineMessage[]): string {
  return messages.findLast(({ role }) => role === 'user')?.content ?? ''
}
