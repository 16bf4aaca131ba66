// A call that goes on with a text: its prompt is the ids of all tokens so far, so the model sees exactly what it has
// said, whatever a tokenizer would make of the text. Promises: text and thought are joined as if they had come in one
// call; where the context has no room left, the text stays as it is.

import { Failure } from '../schemas/failure.ts'
import type { Answered, Job } from './attempts.ts'
import type { Sampling } from './contract.ts'
import type { EngineClient } from './engine-client.ts'
import { EngineFailure } from './engine-failure.ts'
import type { Markers } from './reasoning.ts'
import type { Choice, Choices } from './replies.ts'
import { type Cut, endsInCharacter, joinAtCut } from './seam.ts'
import { stepSeed } from './seeds.ts'
import { decodeTokens } from './token-texts.ts'
import { grown, type Utterance } from './utterance.ts'

/**
 * Runs a job of the role's lane to its end, as Attempts does, and counts it. asks: what the engine is asked, for the name
 * that an answer is remembered by.
 */
export type AskRole = <T extends Choices>(n: number, asks: object, call: Job<T>['call']) => Promise<Answered<T>>

/** How the calls of a request are made, the first one and those that follow. */
export interface Manner {
  readonly model: string
  readonly sampling: Sampling
  readonly stop: readonly string[]
  readonly stopTokenIds: readonly number[]
  /** Of the role's template. */
  readonly markers: Markers | null
  readonly ask: AskRole
}

/** So many tokens on each side of a cut are decoded: no character has more bytes. */
const WINDOW = 16

/**
 * Goes on with an utterance that ended with `length`. step: which seed of its own the call has (seeds.ts).
 *
 * null: the context has no room. Throws a permanent Failure `no-token-ids` for a server that does not tell ids.
 */
export async function goOn(
  said: Utterance,
  { step, maxTokens }: { readonly step: number; readonly maxTokens: number },
  { model, sampling, stop, stopTokenIds, markers, ask }: Manner,
): Promise<Utterance | null> {
  const { promptIds, ids } = said
  if (promptIds === null || ids === null) throw noTokenIds()
  const last = ids.slice(-WINDOW)
  try {
    const request = {
      model,
      input: { tokenIds: [...promptIds, ...ids] },
      n: 1,
      seed: stepSeed(said.seed, step),
      sampling: { ...sampling, maxTokens },
      stop,
      stopTokenIds,
      returnTokenIds: true,
    }
    const answer = await ask(1, request, async (client, signal): Promise<Choices & { choice: Choice; cut: Cut }> => {
      const before = await decodeTokens(client, model, last, signal)
      const reply = await client.complete(request, signal)
      const choice = choiceWithIds(reply)
      const inside = endsInCharacter(before)
      const next = textIds(choice).slice(0, WINDOW)
      const behind = inside ? await decodeTokens(client, model, next, signal) : null
      const over = inside ? await decodeTokens(client, model, [...last, ...next], signal) : null
      const stopped = stop.find((each) => each === choice.stopReason) ?? null
      return { ...reply, choice, cut: { before, behind, over, stopped } }
    })
    const { choice, cut } = answer.value
    return grown(said, choice, answer, { ...joinAtCut(said, choice.text, cut, { stop, markers }), maxTokens })
  } catch (error) {
    if (error instanceof Failure && error.code === 'context-length') return null
    throw error
  }
}

/** The reply with the prompt's ids: from the reply itself, or as the server tokenizes the prompt. */
export async function withPromptIds(
  reply: Choices,
  client: EngineClient,
  model: string,
  input: Parameters<EngineClient['complete']>[0]['input'],
  signal: AbortSignal,
): Promise<Choices> {
  if (reply.choices.some(({ tokenIds }) => tokenIds === null)) throw noTokenIds()
  if (reply.promptTokenIds !== null || 'tokenIds' in input) return reply
  const call =
    'prompt' in input
      ? { model, prompt: input.prompt, addSpecialTokens: false }
      : { model, messages: input.messages, addGenerationPrompt: true }
  return { ...reply, promptTokenIds: (await client.tokenize(call, signal)).tokens }
}

function choiceWithIds({ choices: [choice] }: Choices): Choice {
  if (choice === undefined || choice.tokenIds === null) throw noTokenIds()
  return choice
}

/** The ids behind the text: without the token that ended it. */
function textIds({ tokenIds, finishReason, stopReason }: Choice): readonly number[] {
  const ids = tokenIds ?? []
  const endToken = finishReason === 'stop' && (stopReason === null || /^\d+$/.test(stopReason))
  return endToken ? ids.slice(0, -1) : ids
}

function noTokenIds(): EngineFailure {
  return new EngineFailure(
    'none',
    'no-token-ids',
    'the server does not return token ids (return_token_ids), which firstToken and continue need; take both out of the role, or serve the model with a vLLM that has it',
  )
}
