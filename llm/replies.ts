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
}

export interface Choices {
  readonly choices: readonly Choice[]
  readonly promptTokens: number
  /** Of all choices together. */
  readonly completionTokens: number
}

const usage = z.object({ prompt_tokens: z.number(), completion_tokens: z.number().nullish() }).nullish()
const finish = {
  index: z.number(),
  finish_reason: z.string().nullish(),
  stop_reason: z.union([z.string(), z.number()]).nullish(),
}
const completionReply = z.object({ choices: z.array(z.object({ ...finish, text: z.string() })), usage })
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
  usage,
})

/** Reads a reply of /v1/completions with n choices. Throws a transient failure for anything that is not whole. */
export function readCompletions(reply: unknown, n: number): Choices {
  const read = shaped(completionReply, reply)
  const choices = read.choices.map((choice) => ({ ...choice, reasoning: null }))
  return whole(choices, read.usage, n)
}

/** Reads a reply of /v1/chat/completions with n choices; a content of null is an empty text. */
export function readChat(reply: unknown, n: number): Choices {
  const read = shaped(chatReply, reply)
  const choices = read.choices.map(({ message, ...choice }) => ({
    ...choice,
    text: message.content ?? '',
    reasoning: message.reasoning ?? message.reasoning_content ?? null,
  }))
  return whole(choices, read.usage, n)
}

interface ReadChoice {
  index: number
  text: string
  reasoning: string | null
  finish_reason?: string | null | undefined
  stop_reason?: string | number | null | undefined
}

function whole(read: readonly ReadChoice[], tokens: z.infer<typeof usage>, n: number): Choices {
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
      }
    })
  return { choices, promptTokens: tokens?.prompt_tokens ?? 0, completionTokens: tokens?.completion_tokens ?? 0 }
}

const poolingReply = z.object({ data: z.array(z.object({ data: z.unknown() })).min(1), usage })
const numbers = z.array(z.number())
const rows = z.array(z.array(z.number()))

/** What a reward model sent for one conversation. */
export interface Pooled {
  /** One row a token (or step, or text), as the server gave it; a bare list of numbers is a row of one each. */
  readonly rows: readonly (readonly number[])[]
  /** A bare list ([v, v]) came instead of a list of lists. */
  readonly flat: boolean
  readonly tokens: number
}

/** Reads a reply of /pooling for one conversation. */
export function readPooling(reply: unknown): Pooled {
  const read = shaped(poolingReply, reply)
  const data = read.data[0]?.data
  const tokens = read.usage?.prompt_tokens ?? 0
  const flat = numbers.safeParse(data)
  if (flat.success) return { rows: flat.data.map((value) => [value]), flat: flat.data.length > 0, tokens }
  return { rows: shaped(rows, data), flat: false, tokens }
}

const modelsReply = z.object({ data: z.array(z.object({ id: z.string(), max_model_len: z.number().nullish() })) })

/** Model names of /v1/models. */
export function readModels(reply: unknown): string[] {
  return shaped(modelsReply, reply).data.map((model) => model.id)
}

function shaped<T>(schema: z.ZodType<T>, reply: unknown): T {
  const result = schema.safeParse(reply)
  if (result.success) return result.data
  const fault = result.error.issues[0]
  const place = fault === undefined ? '' : ` (${fault.path.join('.') || 'whole'}: ${fault.message})`
  throw new EngineFailure('doubtful', 'unreadable-reply', `the reply has another shape than this protocol's${place}`)
}
