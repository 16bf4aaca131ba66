// An Engine whose text is there at once: an Author says what is written, this file cuts it as a server would (stop
// strings, stop token ids, max_tokens), counts its tokens and puts it into pieces. All is decided by prompt and seed;
// temperature and the other sampling numbers are accepted and change nothing.

import type { Engine, EngineChoice, EngineMessage, EnginePrompt, EngineSampling } from './contract.ts'
import { jsonBySchema } from './invented-json.ts'
import { createDice, hashText } from './random.ts'
import {
  detokenize,
  END_TOKEN,
  endOfTokens,
  knowsToken,
  LONGEST_TOKEN,
  pieces,
  SPECIAL_TOKENS,
  tokenize,
} from './tokens.ts'
import { readTurns, renderChatml } from './turns.ts'

/** Who decides what is written. The same arguments give the same text, also in another process. */
export interface Author {
  /** The rest of a problem that begins with `opener` (empty: the whole problem). */
  problem(seed: number, opener: string): string
  /** What is said to this question (the user's message; a problem with an instruction around it). */
  answer(question: string, seed: number): string
  /** Raw reward of an answer to a question. */
  reward(question: string, answer: string): number
}

export interface TextEngineOptions {
  models?: readonly string[]
  maxModelLen?: number
  /** Answers begin with a thought and `</think>`, as a reasoning model without a parser writes. */
  think?: boolean
}

/** An Engine that writes what the author says. */
export function createTextEngine(author: Author, options: TextEngineOptions = {}): Engine {
  const maxModelLen = options.maxModelLen ?? 32768
  const think = options.think === true
  return {
    models: (options.models ?? ['simulated']).map((id) => ({ id, maxModelLen })),
    longestToken: LONGEST_TOKEN,
    tokenize: (text) => tokenize(text),
    detokenize,
    knowsToken,
    render: renderChatml,
    complete(prompt, sampling, { jsonSchema, onText }) {
      const room = maxModelLen - prompt.tokens.length
      const text =
        jsonSchema === undefined ? write(author, prompt, sampling.seed, think) : json(prompt, jsonSchema, sampling)
      const choice = cut(text, { ...sampling, maxTokens: Math.min(sampling.maxTokens, room) })
      if (onText) for (const piece of pieces(choice.text)) onText(piece)
      return Promise.resolve(choice)
    },
    score: (prompt) => Promise.resolve(score(author, prompt)),
    close: () => Promise.resolve(),
  }
}

/** What follows this prompt: a problem in an open user turn, else an answer to the last question. */
function write(author: Author, prompt: EnginePrompt, seed: number, think: boolean): string {
  const { messages, open } = readTurns(prompt.text)
  const last = messages.at(-1)
  if (open && last?.role !== 'assistant') return author.problem(seed, last?.content ?? '')
  const answer = author.answer(question(prompt.messages ?? messages), seed)
  const begun = open ? (last?.content ?? '') : ''
  // A closed thought may have been put into the answer's beginning (a template that switches thinking off).
  const thought = (think || begun.includes('<think>')) && !begun.includes('</think>')
  const opening = think && !begun.includes('<think>') ? '<think>\n' : ''
  if (thought) return `${opening}${thoughtOf(answer)}\n</think>\n\n${answer}`
  if (begun.endsWith('\\boxed{')) return `${boxed(answer) ?? answer}}$.`
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
function question(messages: readonly EngineMessage[]): string {
  return messages.findLast(({ role }) => role === 'user')?.content ?? ''
}

function json(prompt: EnginePrompt, schema: unknown, sampling: EngineSampling): string {
  return JSON.stringify(jsonBySchema(schema, createDice(sampling.seed, hashText(prompt.text))))
}

/** Ends a text where a server would: at the first stop, at max_tokens, or after its last token with the end token. */
function cut(text: string, sampling: EngineSampling): EngineChoice {
  let end = text.length
  let stopReason: string | number | null = null
  for (const stop of sampling.stop) {
    const at = text.indexOf(stop)
    if (at >= 0 && at < end) [end, stopReason] = [at, stop]
  }
  for (const [special, id] of SPECIAL_TOKENS) {
    const at = sampling.stopTokenIds.includes(id) ? text.indexOf(special) : -1
    if (at >= 0 && at < end) [end, stopReason] = [at, id]
  }
  const said = text.slice(0, end)
  const tokenIds = tokenize(said)
  if (tokenIds.length + 1 > sampling.maxTokens) {
    const kept = said.slice(0, endOfTokens(said, sampling.maxTokens))
    const ids = tokenIds.slice(0, sampling.maxTokens)
    return { text: kept, finishReason: 'length', stopReason: null, completionTokens: ids.length, tokenIds: ids }
  }
  const stopTokens =
    stopReason === null ? [END_TOKEN] : typeof stopReason === 'number' ? [stopReason] : tokenize(stopReason)
  tokenIds.push(...stopTokens)
  return { text: said, finishReason: 'stop', stopReason, completionTokens: tokenIds.length, tokenIds }
}

/** One value for each token: noise that closes in on the reward, which is the last. */
function score(author: Author, prompt: EnginePrompt): number[] {
  const messages = prompt.messages ?? readTurns(prompt.text).messages
  const answer = messages.findLast(({ role }) => role === 'assistant')?.content ?? ''
  const reward = author.reward(question(messages), answer)
  const dice = createDice(hashText(prompt.text))
  const last = prompt.tokens.length - 1
  const values = prompt.tokens.map((_, at) =>
    Math.fround((reward * at) / Math.max(1, last) + 4 * (dice.uniform() - 0.5)),
  )
  if (last >= 0) values[last] = reward
  return values
}
