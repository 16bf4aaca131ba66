// What a reasoning parser makes of a chat's text: the thought apart from the answer, whole or token by token. As in
// vLLM the two ways disagree in one case: after a prompt that holds a closed thought, a whole text is all thought (it
// has no `</think>` of its own) and a stream is all content.

import type { ReasoningParser } from './front-protocol.ts'
import { readTurns } from './turns.ts'

export interface SplitText {
  /** Null: none at all. */
  readonly reasoning: string | null
  /** Null where the thought never closed, or nothing follows it. */
  readonly content: string | null
}

/** Where a token of a stream belongs; null: a mark that is not shown. */
export type TokenSplitter = (piece: string) => 'reasoning' | 'content' | null

const OPEN = '<think>'
const CLOSE = '</think>'
const FINAL = '<|channel|>final<|message|>'
const ANALYSIS = '<|channel|>analysis<|message|>'

/** Splits a whole text. */
export function splitWhole(parser: ReasoningParser, text: string): SplitText {
  return parser === 'deepseek_r1' ? splitThink(text) : splitHarmony(text)
}

function splitThink(text: string): SplitText {
  const said = text.startsWith(OPEN) ? text.slice(OPEN.length) : text
  const close = said.indexOf(CLOSE)
  if (close < 0) return { reasoning: said, content: null }
  const content = said.slice(close + CLOSE.length)
  return { reasoning: said.slice(0, close), content: content === '' ? null : content }
}

function splitHarmony(text: string): SplitText {
  const final = text.indexOf(FINAL)
  const thought = (final < 0 ? text : text.slice(0, final)).split('<|end|>')[0]!
  const reasoning = thought.replace(ANALYSIS, '')
  const content = final < 0 ? '' : text.slice(final + FINAL.length)
  return { reasoning: reasoning === '' ? null : reasoning, content: content === '' ? null : content }
}

/** A splitter of one stream after this prompt. */
export function splitTokens(parser: ReasoningParser, prompt: string): TokenSplitter {
  const { messages, open } = readTurns(prompt)
  const last = messages.at(-1)
  const begun = open && last?.role === 'assistant' ? last.content : ''
  return parser === 'deepseek_r1' ? thinkTokens(begun) : harmonyTokens(begun)
}

function thinkTokens(begun: string): TokenSplitter {
  let closed = begun.includes(CLOSE)
  return (piece) => {
    if (piece === OPEN) return null
    if (piece !== CLOSE) return closed ? 'content' : 'reasoning'
    const inside = closed
    closed = true
    return inside ? 'content' : null
  }
}

function harmonyTokens(begun: string): TokenSplitter {
  // A channel is named between its mark and the message's.
  let channel = /<\|channel\|>([a-z]+)<\|message\|>(?![^]*<\|end\|>)/.exec(begun)?.[1] ?? ''
  let isHeader = channel === ''
  return (piece) => {
    if (piece === '<|channel|>') channel = ''
    else if (piece === '<|message|>') isHeader = false
    else if (piece === '<|end|>') isHeader = true
    else if (!isHeader) return channel === 'final' ? 'content' : 'reasoning'
    else if (!piece.startsWith('<|')) channel += piece
    return null
  }
}
