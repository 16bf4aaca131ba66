// A reward model's score of one conversation. Promises: what is wrong with this text alone (too long, refused by the
// server) is a recorded fact; a reply of another shape than the reward's kind is a permanent failure that names both;
// a value that may be a sigmoid's is no value.

import type { Answered, Job } from './attempts.ts'
import type { RewarderConfig } from './config.ts'
import type { ChatMessage, Score } from './contract.ts'
import { withoutControlTokens } from './control-tokens.ts'
import type { Activation, EngineClient } from './engine-client.ts'
import { EngineFailure, isRouteMissing } from './engine-failure.ts'
import { createRawValues } from './raw-values.ts'
import type { Pooled } from './reply-scores.ts'
import { misfit, type RewardShape, sequenceReward, shapeOf, stepRewards, summarize, tokenReward } from './rewards.ts'
import { markSteps } from './steps.ts'

/** Runs a job of this reward model's lane to its end, as Attempts does, and counts it. */
export type AskRewarder = <T extends Pick<Score, 'tokens' | 'error'>>(call: Job<T>['call']) => Promise<Answered<T>>

/** Scores a conversation, the solution being its last turn; see Llm.score. */
export type Scorer = (messages: readonly ChatMessage[], ask: AskRewarder) => Promise<Score>

/** What one engine's replies come to. */
type Reading = Pick<Score, 'value' | 'steps' | 'error' | 'detail' | 'tokens'>
type Reader = (client: EngineClient, messages: readonly ChatMessage[], signal: AbortSignal) => Promise<Reading>

/** From so many characters on, a token model's values (20 bytes each as JSON) are asked for in base64 (5). */
const LARGE = 4000

const NOTHING: Reading = { value: null, steps: [], error: null, detail: null, tokens: 0 }

/** Makes the scorer of one reward model. It keeps what it learns of the model's servers. */
export function createScorer(config: RewarderConfig): Scorer {
  const read = readerOf(config)
  return async (messages, ask) => {
    const harmless = messages.map((turn) => ({ ...turn, content: withoutControlTokens(turn.content) }))
    const answer = await ask((client, signal) => read(client, harmless, signal).catch(refusal))
    const { value: reading, endpoint, attempts, milliseconds, usd } = answer
    return { ...reading, model: config.model, endpoint, attempts, milliseconds, usd }
  }
}

function readerOf(config: RewarderConfig): Reader {
  const { kind } = config
  const readers: Readonly<Record<RewardShape, Reader>> = {
    token: tokenReader(config),
    process: processReader(config),
    sequence: sequenceReader(config),
  }
  switch (kind) {
    case 'token-rm':
      return readers.token
    case 'process-rm':
      return readers.process
    case 'sequence-rm':
      return readers.sequence
    case 'reward-model': {
      let shape: RewardShape | null = null
      return async (client, messages, signal) => {
        shape ??= await detect(config, client, messages, signal)
        return readers[shape](client, messages, signal)
      }
    }
  }
}

function tokenReader({ model }: RewarderConfig): Reader {
  const rawValues = createRawValues()
  return async (client, messages, signal) => {
    const base64 = messages.reduce((sum, { content }) => sum + content.length, 0) >= LARGE
    const { pooled, doubted } = await rawValues(client, async (activation) => {
      const reply = await client.pool({ model, messages, activation, base64 }, signal)
      tokenReward(reply)
      return reply
    })
    return outcome(tokenReward(pooled), pooled, doubted)
  }
}

function sequenceReader({ model }: RewarderConfig): Reader {
  const rawValues = createRawValues()
  const withoutClassify = new WeakSet<EngineClient>()
  const ask = async (
    client: EngineClient,
    messages: readonly ChatMessage[],
    activation: Activation,
    signal: AbortSignal,
  ) => {
    const call = { model, messages, activation }
    if (!withoutClassify.has(client)) {
      try {
        return await client.classify(call, signal)
      } catch (error) {
        if (!isRouteMissing(error)) throw error
      }
    }
    const pooled = await client.pool(call, signal)
    withoutClassify.add(client)
    return pooled
  }
  return async (client, messages, signal) => {
    const { pooled, doubted } = await rawValues(client, async (activation) => {
      const reply = await ask(client, messages, activation, signal)
      sequenceReward(reply)
      return reply
    })
    return outcome(sequenceReward(pooled), pooled, doubted)
  }
}

function processReader({ model, summary = 'min' }: RewarderConfig): Reader {
  return async (client, messages, signal) => {
    const { marked, steps: count } = markSteps(messages)
    if (count === 0) return { ...NOTHING, error: 'no-steps' }
    const activation = { name: 'use_activation', on: true } as const
    const pooled = await client.pool({ model, messages: marked, activation }, signal)
    const steps = stepRewards(pooled)
    const { tokens } = pooled
    if (steps.length !== count) {
      const detail = `the reward model scored ${steps.length} steps of ${count}; it must know the token <extra_0>, and its template must leave the text whole`
      return { ...NOTHING, error: 'step-count', detail, tokens }
    }
    return { ...NOTHING, value: summarize(steps, summary), steps, tokens }
  }
}

/** The model's shape, out of its reply to the text without marks. */
async function detect(
  { model }: RewarderConfig,
  client: EngineClient,
  messages: readonly ChatMessage[],
  signal: AbortSignal,
): Promise<RewardShape> {
  const call = { model, messages }
  const pooled = await client.pool(call, signal).catch((error: unknown) => {
    if (isRouteMissing(error)) return client.classify(call, signal)
    throw error
  })
  const shape = shapeOf(pooled)
  if (shape === null)
    throw misfit(pooled, 'a reward model sends one value for each token, one for the text, or a pair for each step')
  return shape
}

function outcome(value: number, { tokens }: Pooled, doubted: boolean): Reading {
  if (!Number.isFinite(value))
    return { ...NOTHING, error: 'not-finite', detail: `the reward model's value is ${value}`, tokens }
  if (!doubted) return { ...NOTHING, value, tokens }
  const detail = `${value}: all values lie between 0 and 1, and neither use_activation: false nor activation: false changes them; the server seems to answer through a sigmoid`
  return { ...NOTHING, error: 'sigmoid', detail, tokens }
}

/** What the server holds against this one text is a fact about it; everything else is thrown on. */
function refusal(error: unknown): Reading {
  if (!(error instanceof EngineFailure) || error.engine !== 'none') throw error
  const code = error.code === 'context-length' ? 'context-too-long' : 'refused'
  return { ...NOTHING, error: code, detail: error.message }
}
