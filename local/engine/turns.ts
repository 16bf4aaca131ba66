// Chat templates read backwards: which turns a raw prompt holds, and which of them is open (being written). And
// forwards: the stand-in's own template, ChatML.

import type { EngineMessage } from './contract.ts'

export interface Turns {
  /** Closed turns and, when `open`, the unfinished one as the last. */
  readonly messages: readonly EngineMessage[]
  /** Whether the last turn has no end yet: a model goes on writing it. */
  readonly open: boolean
}

interface Template {
  /** Finds where a turn begins; its group names the role. */
  readonly start: RegExp
  readonly ends: readonly string[]
  /** An assistant's turns in a row are one, in channels; it ends only after this mark of the last one. */
  readonly finalChannel?: string
}

const TEMPLATES: readonly Template[] = [
  { start: /<\|im_start\|>([a-z]+)\n/g, ends: ['<|im_end|>', '<|endoftext|>'] },
  { start: /<\|start_header_id\|>([a-z]+)<\|end_header_id\|>\n\n/g, ends: ['<|eot_id|>', '<|end_of_text|>'] },
  // DeepSeek closes a user's turn only by the next turn's beginning.
  { start: /<｜(User|Assistant)｜>/g, ends: ['<｜end▁of▁sentence｜>'] },
  { start: /<start_of_turn>(user|model)\n/g, ends: ['<end_of_turn>'] },
  // gpt-oss: the channels of an assistant's message stay in its content.
  {
    start: /<\|start\|>(system|developer|user|assistant)(?:<\|message\|>)?/g,
    ends: ['<|end|>', '<|return|>'],
    finalChannel: '<|channel|>final<|message|>',
  },
  { start: /<\|im_start\|>([a-z]+)<\|im_sep\|>/g, ends: ['<|im_end|>'] },
  { start: /<\|start_of_role\|>([a-z]+)<\|end_of_role\|>/g, ends: ['<|end_of_text|>'] },
  { start: /<\|(system|user|assistant)\|>\n?/g, ends: ['<|end|>', '<|endoftext|>', '</s>'] },
  // Llama 2 and Mistral: the system text stands inside the user's turn.
  { start: /\[(\/?INST)\] ?(?:<<SYS>>[^]*?<<\/SYS>>\s*)?/g, ends: ['</s>'] },
]

const ROLES: Readonly<Record<string, string>> = {
  User: 'user',
  Assistant: 'assistant',
  model: 'assistant',
  INST: 'user',
  '/INST': 'assistant',
}

/** Reads a raw prompt. A text without any template is one open user turn: a question somebody has begun to write. */
export function readTurns(prompt: string): Turns {
  for (const template of TEMPLATES) {
    const all = [...prompt.matchAll(template.start)]
    if (all.length === 0) continue
    const { finalChannel } = template
    const starts = all.filter(
      ([, role], index) => finalChannel === undefined || role !== 'assistant' || all[index - 1]?.[1] !== role,
    )
    let open = false
    const messages = starts.map((start, index) => {
      const from = start.index + start[0].length
      const next = starts[index + 1]?.index ?? prompt.length
      const mark = finalChannel !== undefined && start[1] === 'assistant' ? prompt.indexOf(finalChannel, from) : from
      const ends = template.ends
        .map((end) => (mark < 0 ? -1 : prompt.indexOf(end, mark)))
        .filter((at) => at >= 0 && at < next)
      if (index === starts.length - 1) open = ends.length === 0
      return { role: ROLES[start[1]!] ?? start[1]!, content: prompt.slice(from, Math.min(next, ...ends)) }
    })
    return { messages, open }
  }
  return { messages: [{ role: 'user', content: prompt }], open: true }
}

/** ChatML; with addGenerationPrompt an assistant's turn is opened at the end. */
export function renderChatml(messages: readonly EngineMessage[], addGenerationPrompt: boolean): string {
  let text = ''
  for (const { role, content } of messages) text += `<|im_start|>${role}\n${content}<|im_end|>\n`
  return addGenerationPrompt ? `${text}<|im_start|>assistant\n` : text
}

/** The harmony format of gpt-oss, as far as a conversation needs it: a closed assistant's message is its final channel. */
export function renderHarmony(messages: readonly EngineMessage[], addGenerationPrompt: boolean): string {
  let text = ''
  for (const { role, content } of messages) {
    const spoken = role === 'system' ? 'developer' : role
    const channel = role === 'assistant' ? '<|channel|>final' : ''
    text += `<|start|>${spoken}${channel}<|message|>${content}<|end|>`
  }
  return addGenerationPrompt ? `${text}<|start|>assistant` : text
}
