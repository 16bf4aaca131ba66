// The shapes of the two generation routes' replies, field for field as vLLM 0.32 sends them: fields that say nothing
// here are null, not left out.

import type { EngineChoice } from './contract.ts'
import type { Body } from './front-fields.ts'
import type { ReadPrompt } from './front-prompts.ts'
import type { ReasoningParser } from './front-protocol.ts'
import { splitTokens, splitWhole } from './front-reasoning.ts'
import type { TokenSplitter } from './front-reasoning.ts'

export interface Usage {
  readonly prompt_tokens: number
  readonly total_tokens: number
  readonly completion_tokens: number
  /** Only where the server tells it. */
  readonly prompt_tokens_details?: { readonly cached_tokens: number }
}

export interface ReplyHead {
  readonly id: string
  readonly created: number
  readonly model: string
  readonly fingerprint: string
}

export interface TokenIds {
  readonly prompt: readonly number[] | null
  readonly completion: readonly number[] | null
}

/** What one chunk of a stream carries besides its text. */
export interface ChunkExtras extends TokenIds {
  /** continuous_usage_stats: usage so far. */
  readonly usage: Usage | null
  /** The choice's last chunk, with no usage chunk to come. */
  readonly last: boolean
}

export interface Shape {
  choice(index: number, text: string, choice: EngineChoice, ids: TokenIds | null): unknown
  reply(choices: readonly unknown[], usage: Usage, promptIds: readonly number[] | null): unknown
  /** The chunk that opens a choice, where the route has one. */
  openingChunk(index: number, promptIds: readonly number[] | null): unknown
  /** A piece of text; with `choice` the last one. Null: nothing is sent. */
  chunk(index: number, text: string, choice: EngineChoice | null, extras: ChunkExtras): unknown
  usageChunk(usage: Usage): unknown
  /** What echo puts before the text. */
  echoed(prompt: ReadPrompt, body: Body): string
}

const noDetails = { prompt_tokens_details: null, completion_tokens_details: null }

/** /v1/completions. */
export function completionShape(head: ReplyHead): Shape {
  const chunkHead = { id: head.id, object: 'text_completion', created: head.created, model: head.model }
  return {
    choice: (index, text, choice, ids) => ({
      index,
      text,
      logprobs: null,
      finish_reason: choice.finishReason,
      stop_reason: choice.stopReason,
      token_ids: ids?.completion ?? null,
      prompt_logprobs: null,
      prompt_token_ids: ids?.prompt ?? null,
      routed_experts: null,
    }),
    reply: (choices, usage) => ({
      ...chunkHead,
      choices,
      service_tier: null,
      system_fingerprint: head.fingerprint,
      usage: { ...noDetails, ...usage },
      kv_transfer_params: null,
      ec_transfer_params: null,
      metrics: null,
    }),
    openingChunk: () => null,
    chunk: (index, text, choice, extras) => ({
      ...chunkHead,
      choices: [
        {
          index,
          text,
          logprobs: null,
          finish_reason: choice?.finishReason ?? null,
          stop_reason: choice?.stopReason ?? null,
          prompt_token_ids: extras.prompt,
          token_ids: extras.completion,
        },
      ],
      ...(extras.usage && { usage: extras.usage }),
      ...(extras.last && { system_fingerprint: head.fingerprint }),
    }),
    usageChunk: (usage) => ({ ...chunkHead, choices: [], usage, system_fingerprint: head.fingerprint }),
    echoed: (prompt) => prompt.text,
  }
}

/** How a chat's text is split. */
export interface ChatReasoning {
  readonly parser: ReasoningParser
  readonly field: 'reasoning' | 'reasoning_content'
  /** False: the thought is taken out and not told. */
  readonly included: boolean
  /** The text of the prompt: a thought may be open or closed in it. */
  readonly prompt: string
}

/** /v1/chat/completions; without a reasoning parser all text is content. */
export function chatShape(head: ReplyHead, reasoning: ChatReasoning | null): Shape {
  const field = reasoning?.field ?? 'reasoning'
  const splitters = new Map<number, TokenSplitter>()
  const chunkHead = { id: head.id, object: 'chat.completion.chunk', created: head.created, model: head.model }
  const empty = { refusal: null, annotations: null, audio: null, function_call: null }
  // vLLM counts none here, whatever was thought.
  const thoughtTokens = reasoning === null ? {} : { completion_tokens_details: { reasoning_tokens: 0 } }
  return {
    choice: (index, text, choice, ids) => ({
      index,
      message: { role: 'assistant', ...messageOf(text, reasoning, empty, field) },
      logprobs: null,
      finish_reason: choice.finishReason,
      stop_reason: choice.stopReason,
      token_ids: ids?.completion ?? null,
      routed_experts: null,
    }),
    reply: (choices, usage, promptIds) => ({
      ...chunkHead,
      object: 'chat.completion',
      choices,
      service_tier: null,
      system_fingerprint: head.fingerprint,
      usage: { ...noDetails, ...usage, ...thoughtTokens },
      prompt_logprobs: null,
      prompt_token_ids: promptIds,
      prompt_text: null,
      kv_transfer_params: null,
      ec_transfer_params: null,
      metrics: null,
    }),
    openingChunk: (index, promptIds) => ({
      ...chunkHead,
      choices: [{ index, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null }],
      prompt_token_ids: promptIds,
      prompt_text: null,
    }),
    chunk(index, text, choice, extras) {
      const delta = deltaOf(text, index, reasoning, splitters)
      if (delta === null && choice === null) return null
      return {
        ...chunkHead,
        choices: [
          {
            index,
            delta: delta ?? {},
            logprobs: null,
            finish_reason: choice?.finishReason ?? null,
            ...(choice && { stop_reason: choice.stopReason }),
            token_ids: extras.completion,
          },
        ],
        ...(extras.usage && { usage: extras.usage }),
        ...(extras.last && { system_fingerprint: head.fingerprint }),
      }
    },
    usageChunk: (usage) => ({
      ...chunkHead,
      choices: [],
      usage: { ...usage, ...thoughtTokens },
      system_fingerprint: head.fingerprint,
    }),
    // A chat echoes only the beginning that the caller wrote for the assistant.
    echoed: (prompt, body) => (body['continue_final_message'] === true ? (prompt.messages?.at(-1)?.content ?? '') : ''),
  }
}

/** Content and thought of a whole text, in the order of fields that vLLM has. */
function messageOf(text: string, reasoning: ChatReasoning | null, empty: object, field: string): object {
  if (reasoning === null) return { content: text, ...empty, [field]: null }
  const split = splitWhole(reasoning.parser, text)
  return { content: split.content, ...empty, [field]: reasoning.included ? split.reasoning : null }
}

/** What a piece adds to which field; null: nothing that is told. */
function deltaOf(
  text: string,
  index: number,
  reasoning: ChatReasoning | null,
  splitters: Map<number, TokenSplitter>,
): object | null {
  if (reasoning === null) return { content: text }
  let splitter = splitters.get(index)
  if (splitter === undefined) {
    splitter = splitTokens(reasoning.parser, reasoning.prompt)
    splitters.set(index, splitter)
  }
  const kind = splitter(text)
  if (kind === 'content') return { content: text }
  return kind === 'reasoning' && reasoning.included ? { [reasoning.field]: text } : null
}
