// The shapes of what a server tells of itself: its models, its tokenizer, its version.

import { z } from 'zod'
import { shaped } from './replies.ts'

const modelsReply = z.object({ data: z.array(z.object({ id: z.string(), max_model_len: z.number().nullish() })) })
const tokensReply = z.object({ tokens: z.array(z.number()), max_model_len: z.number().nullish() })
const detokenizeReply = z.object({ prompt: z.string() })
const versionReply = z.object({ version: z.string() })

export interface ServedModel {
  readonly id: string
  /** Tokens of prompt and text together; null where the server does not say. */
  readonly maxModelLen: number | null
}

/** Ids of a text's tokens. */
export interface Tokens {
  readonly tokens: readonly number[]
  readonly maxModelLen: number | null
}

/** The models of /v1/models. */
export function readModels(reply: unknown): ServedModel[] {
  return shaped(modelsReply, reply).data.map((model) => ({ id: model.id, maxModelLen: model.max_model_len ?? null }))
}

/** A reply of /tokenize. */
export function readTokens(reply: unknown): Tokens {
  const read = shaped(tokensReply, reply)
  return { tokens: read.tokens, maxModelLen: read.max_model_len ?? null }
}

/** The text of a reply of /detokenize. */
export function readDetokenized(reply: unknown): string {
  return shaped(detokenizeReply, reply).prompt
}

/** The version of a reply of /version; null where there was none. */
export function readVersion(reply: unknown): string | null {
  return reply === null ? null : shaped(versionReply, reply).version
}
