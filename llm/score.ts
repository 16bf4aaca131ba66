// A reward model's score of one conversation. Promises: a text that is too long for the model is a recorded fact;
// a reply of another shape than the reward's is a permanent failure that names both.

import { Failure } from '../schemas/failure.ts'
import type { Answered, Job } from './attempts.ts'
import type { RewarderConfig } from './config.ts'
import type { ChatMessage, Score } from './contract.ts'
import { tokenReward } from './rewards.ts'

/** Runs a job of this reward model's lane to its end, as Attempts does, and counts it. */
export type AskRewarder = <T>(call: Job<T>['call']) => Promise<Answered<T>>

/** Scores the conversation; see Llm.score. */
export async function scoreConversation(
  { model }: RewarderConfig,
  messages: readonly ChatMessage[],
  ask: AskRewarder,
): Promise<Score> {
  const answer = await ask((client, signal) => client.pool({ model, messages }, signal).catch(tooLong))
  const { value: pooled, endpoint, attempts, milliseconds, usd } = answer
  const common = { steps: [], model, endpoint, attempts, milliseconds, usd, detail: null }
  if (pooled === null) return { ...common, value: null, error: 'context-too-long', tokens: 0 }
  return { ...common, value: tokenReward(pooled), error: null, tokens: pooled.tokens }
}

/** Too long for the reward model is a fact about this text, and recorded as one. */
function tooLong(error: unknown): null {
  if (error instanceof Failure && error.code === 'context-length') return null
  throw error
}
