// One text while it grows over several calls: what was said, its token ids, what all its calls cost together.
// Promises: nothing of a call is counted twice or left out.

import type { Answered } from './attempts.ts'
import type { Choice, Choices } from './replies.ts'
import type { Spoken } from './seam.ts'

export interface Utterance extends Spoken {
  /** Of its first call. */
  readonly seed: number
  readonly finishReason: string
  readonly stopReason: string | null
  /** Ids of the prompt and of all that was said; null where they were not asked for. */
  readonly promptIds: readonly number[] | null
  readonly ids: readonly number[] | null
  /** It was cut before the tokens that were asked for: the context is full. */
  readonly full: boolean
  /** Of its last call. */
  readonly endpoint: string
  /** Sums over its calls. In a request of several choices the prompt's tokens are counted with the first. */
  readonly promptTokens: number
  readonly cachedTokens: number
  readonly completionTokens: number
  readonly milliseconds: number
  readonly attempts: number
  readonly usd: number | null
  readonly continuations: number
}

/** The choices of a first call. New tokens are counted by their ids, or else shared evenly, the remainder to the first. */
export function firstUtterances(
  { value, endpoint, milliseconds, attempts, usd }: Answered<Choices>,
  { seed, maxTokens }: { readonly seed: number; readonly maxTokens: number },
): Utterance[] {
  const { choices, promptTokens, cachedTokens, completionTokens, promptTokenIds } = value
  const share = Math.floor(completionTokens / choices.length)
  const remainder = completionTokens - share * choices.length
  const counted = choices.every(({ tokenIds }) => tokenIds !== null)
  return choices.map((choice, index) => ({
    text: choice.text,
    reasoning: choice.reasoning,
    seed: seed + index,
    finishReason: choice.finishReason,
    stopReason: choice.stopReason,
    promptIds: promptTokenIds,
    ids: choice.tokenIds,
    full: isFull(choice, maxTokens),
    endpoint,
    promptTokens: index === 0 ? promptTokens : 0,
    cachedTokens: index === 0 ? cachedTokens : 0,
    completionTokens: counted ? (choice.tokenIds?.length ?? 0) : share + (index < remainder ? 1 : 0),
    milliseconds,
    attempts,
    usd: usd === null ? null : usd / choices.length,
    continuations: 0,
  }))
}

/** The utterance with one more call's text and cost. */
export function grown(
  before: Utterance,
  choice: Choice,
  { value, endpoint, milliseconds, attempts, usd }: Answered<Choices>,
  said: Spoken & { readonly stop: string | null; readonly maxTokens: number },
): Utterance {
  return {
    ...before,
    text: said.text,
    reasoning: said.reasoning,
    finishReason: said.stop === null ? choice.finishReason : 'stop',
    stopReason: said.stop ?? choice.stopReason,
    ids: [...(before.ids ?? []), ...(choice.tokenIds ?? [])],
    full: isFull(choice, said.maxTokens),
    endpoint,
    promptTokens: before.promptTokens + value.promptTokens,
    cachedTokens: before.cachedTokens + value.cachedTokens,
    completionTokens: before.completionTokens + value.completionTokens,
    milliseconds: before.milliseconds + milliseconds,
    attempts: before.attempts + attempts,
    usd: before.usd === null || usd === null ? null : before.usd + usd,
  }
}

/** Servers shorten max_tokens in silence where the context leaves less room. */
function isFull({ finishReason, tokenIds }: Choice, maxTokens: number): boolean {
  return finishReason === 'length' && tokenIds !== null && tokenIds.length < maxTokens
}
