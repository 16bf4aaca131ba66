// The turns of an SFT row, with each thought apart from its answer, and how a thought is put back into a text.

import { findTemplate } from '../../llm/templates.ts'
import type { ConversationTurn, Generation, SftRecord } from '../../schemas/records.ts'

export interface Turn {
  readonly question: string
  readonly reasoning: string | null
  readonly answer: string
}

/** The turns of a row: the first as its columns say it, further ones out of its conversation. */
export function turnsOf({ instruction, reasoning, response, conversations }: SftRecord): Turn[] {
  const turns: Turn[] = [{ question: instruction, reasoning, answer: response }]
  for (let at = 2; at + 1 < conversations.length; at += 2) {
    const [question, said] = [conversations[at], conversations[at + 1]] as [ConversationTurn, ConversationTurn]
    turns.push({ question: question.value, ...takeApart(said.value) })
  }
  return turns
}

const [OPEN, CLOSE] = ['<think>\n', '\n</think>\n\n']

/** As conversations are written (processors/curation/further-turns.ts): a thought stands in tags before the answer. */
function takeApart(said: string): Pick<Turn, 'reasoning' | 'answer'> {
  const end = said.startsWith(OPEN) ? said.indexOf(CLOSE, OPEN.length) : -1
  if (end === -1) return { reasoning: null, answer: said }
  return { reasoning: said.slice(OPEN.length, end), answer: said.slice(end + CLOSE.length) }
}

export interface Tags {
  readonly open: string
  readonly close: string
}

const USUAL: Tags = { open: '<think>', close: '</think>' }

const known = new Map<string, Tags>()

/**
 * The tags in which the model of a call thinks; `<think>` where they are not known, and for models that think in a
 * channel (gpt-oss): their templates refuse a channel within a text.
 */
export function tagsOf({ template, model }: Pick<Generation, 'template' | 'model'>): Tags {
  const key = `${template ?? ''}\n${model}`
  const before = known.get(key)
  if (before !== undefined) return before
  const found = (template === null ? null : findTemplate(template)) ?? findTemplate(model)
  const markers = found?.reasoning ?? USUAL
  const tags = markers.open.includes('<|') ? USUAL : { open: markers.open.trim(), close: markers.close.trim() }
  known.set(key, tags)
  return tags
}

/** A text with its thought before it; without one, the answer as it is. */
export function withThought(reasoning: string | null, answer: string, { open, close }: Tags): string {
  return reasoning === null ? answer : `${open}\n${reasoning}\n${close}\n\n${answer}`
}
