// The shapes of the two generation routes' replies, field for field as vLLM 0.32 sends them: fields that say nothing
// here are null, not left out.

import type { EngineChoice } from './contract.ts'
import type { Body } from './front-fields.ts'
import type { ReadPrompt } from './front-prompts.ts'

export interface Usage {
  readonly prompt_tokens: number
  readonly total_tokens: number
  readonly completion_tokens: number
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
  /** A piece of text; with `choice` the last one. */
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
      usage: { ...usage, ...noDetails },
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

/** /v1/chat/completions, of a server without a reasoning parser: all text is content. */
export function chatShape(head: ReplyHead): Shape {
  const chunkHead = { id: head.id, object: 'chat.completion.chunk', created: head.created, model: head.model }
  const empty = { refusal: null, annotations: null, audio: null, function_call: null, reasoning: null }
  return {
    choice: (index, text, choice, ids) => ({
      index,
      message: { role: 'assistant', content: text, ...empty },
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
      usage: { ...usage, ...noDetails },
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
    chunk: (index, text, choice, extras) => ({
      ...chunkHead,
      choices: [
        {
          index,
          delta: { content: text },
          logprobs: null,
          finish_reason: choice?.finishReason ?? null,
          ...(choice && { stop_reason: choice.stopReason }),
          token_ids: extras.completion,
        },
      ],
      ...(extras.usage && { usage: extras.usage }),
      ...(extras.last && { system_fingerprint: head.fingerprint }),
    }),
    usageChunk: (usage) => ({ ...chunkHead, choices: [], usage, system_fingerprint: head.fingerprint }),
    // A chat echoes only the beginning that the caller wrote for the assistant.
    echoed: (prompt, body) => (body['continue_final_message'] === true ? (prompt.messages?.at(-1)?.content ?? '') : ''),
  }
}
