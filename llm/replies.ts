// The shapes of engines' replies, checked before anything is believed. Promises: a reply with a missing choice or
// a choice without a finish_reason never passes for an answer.

import { z } from 'zod'
import { EngineFailure } from './engine-failure.ts'

export interface Choice {
  readonly text: string
  readonly reasoning: string | null
  readonly finishReason: string
  /** Stop string or token id, as text; null is the end token. */
  readonly stopReason: string | null
  /** Ids of the text's tokens, the end's included, where they were asked for. */
  readonly tokenIds: readonly number[] | null
}

export interface Choices {
  readonly choices: readonly Choice[]
  readonly promptTokens: number
  /** Of these, the ones that the engine's prefix cache had; 0 where it does not say. */
  readonly cachedTokens: number
  /** Ids of the prompt's tokens, where they were asked for. */
  readonly promptTokenIds: readonly number[] | null
  /** Of all choices together. */
  readonly completionTokens: number
}

/** What a reply says of its tokens; null where a server says nothing. */
export const usageShape = z
  .object({
    prompt_tokens: z.number(),
    completion_tokens: z.number().nullish(),
    prompt_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
  })
  .nullish()
const ids = z.array(z.number()).nullish()
const finish = {
  index: z.number(),
  finish_reason: z.string().nullish(),
  stop_reason: z.union([z.string(), z.number()]).nullish(),
  token_ids: ids,
}
const completionReply = z.object({
  choices: z.array(z.object({ ...finish, text: z.string(), prompt_token_ids: ids })),
  usage: usageShape,
})
const chatReply = z.object({
  choices: z.array(
    z.object({
      ...finish,
      message: z.object({
        content: z.string().nullish(),
        reasoning: z.string().nullish(),
        reasoning_content: z.string().nullish(),
      }),
    }),
  ),
  usage: usageShape,
  prompt_token_ids: ids,
})

/** Reads a reply of /v1/completions with n choices. Throws a transient failure for anything that is not whole. */
export function readCompletions(reply: unknown, n: number): Choices {
  const read = shaped(completionReply, reply)
  const choices = read.choices.map((choice) => ({ ...choice, reasoning: null }))
  return whole(choices, read.usage, read.choices[0]?.prompt_token_ids, n)
}

/** Reads a reply of /v1/chat/completions with n choices; a content of null is an empty text. */
export function readChat(reply: unknown, n: number): Choices {
  const read = shaped(chatReply, reply)
  const choices = read.choices.map(({ message, ...choice }) => ({
    ...choice,
    text: message.content ?? '',
    reasoning: message.reasoning ?? message.reasoning_content ?? null,
  }))
  return whole(choices, read.usage, read.prompt_token_ids, n)
}

interface ReadChoice {
  index: number
  text: string
  reasoning: string | null
  finish_reason?: string | null | undefined
  stop_reason?: string | number | null | undefined
  token_ids?: number[] | null | undefined
}

function whole(
  read: readonly ReadChoice[],
  tokens: z.infer<typeof usageShape>,
  promptTokenIds: readonly number[] | null | undefined,
  n: number,
): Choices {
  if (read.length !== n)
    throw new EngineFailure('doubtful', 'missing-choices', `the reply has ${read.length} choices, ${n} were asked for`)
  const choices = read
    .toSorted((a, b) => a.index - b.index)
    .map((choice, index) => {
      if (choice.index !== index)
        throw new EngineFailure('doubtful', 'missing-choices', `the reply has no choice ${index} of ${n}`)
      const finishReason = choice.finish_reason
      if (
        finishReason === undefined ||
        finishReason === null ||
        finishReason === '' ||
        finishReason === 'abort' ||
        finishReason === 'error'
      )
        throw new EngineFailure(
          'doubtful',
          'unfinished-choice',
          `choice ${index} ended with finish_reason ${finishReason ?? 'null'}`,
        )
      const stop = choice.stop_reason ?? null
      return {
        text: choice.text,
        reasoning: choice.reasoning,
        finishReason,
        stopReason: stop === null ? null : String(stop),
        tokenIds: choice.token_ids ?? null,
      }
    })
  return {
    choices,
    promptTokens: tokens?.prompt_tokens ?? 0,
    cachedTokens: tokens?.prompt_tokens_details?.cached_tokens ?? 0,
    promptTokenIds: promptTokenIds ?? null,
    completionTokens: tokens?.completion_tokens ?? 0,
  }
}

/** The reply as the schema has it. Throws a transient `unreadable-reply` that names the first fault. */
export function shaped<T>(schema: z.ZodType<T>, reply: unknown): T {
  const result = schema.safeParse(reply)
  if (result.success) return result.data
  const fault = result.error.issues[0]
  const place = fault === undefined ? '' : ` (${fault.path.join('.') || 'whole'}: ${fault.message})`
  throw new EngineFailure('doubtful', 'unreadable-reply', `the reply has another shape than this protocol's${place}`)
}
