// The vector of a text by an embedding model. Promises: vectors have unit length and all the same dimension; many texts
// travel in one request, and one that its server refuses costs the others nothing but another try; what is wrong with a
// text alone is a recorded fact.

import { permanent } from '../schemas/failure.ts'
import type { Answered, Job } from './attempts.ts'
import type { EmbedderConfig } from './config.ts'
import type { Embedding } from './contract.ts'
import { withoutControlTokens } from './control-tokens.ts'
import { EngineFailure, isRouteMissing } from './engine-failure.ts'
import type { EmbedCall, EngineClient } from './engine-client.ts'
import type { Embedded } from './reply-embeddings.ts'

/** Runs a job of the embedder's lane to its end, as Attempts does, and counts it. */
export type AskEmbedder = (texts: number, call: Job<Reply>['call']) => Promise<Answered<Reply>>

/** What a request came to: vectors, or the server's refusal of at least one of its texts. */
export type Reply = Embedded | { readonly refused: EngineFailure }

/** Vectors of texts, in their order. */
export type Embedder = (texts: readonly string[], ask: AskEmbedder) => Promise<Embedding[]>

/** Makes the embedder of one model. It keeps what it learns of the model's servers. */
export function createEmbedder(config: EmbedderConfig): Embedder {
  const { model, prefix, maxTokens, dimensions } = config
  const withoutEmbeddings = new WeakSet<EngineClient>()
  let dimension: number | null = null

  const request = async (client: EngineClient, call: EmbedCall, signal: AbortSignal): Promise<Embedded> => {
    if (!withoutEmbeddings.has(client)) {
      try {
        return await client.embed(call, signal)
      } catch (error) {
        if (!isRouteMissing(error)) throw error
      }
    }
    const pooled = await client.poolEmbeddings(call, signal)
    withoutEmbeddings.add(client)
    return pooled
  }

  /** All vectors that are compared have one dimension: another one comes from another model. */
  const checkDimension = (vector: readonly number[], endpoint: string): void => {
    dimension ??= vector.length
    if (vector.length === dimension) return
    const text = `${endpoint} sent a vector of ${vector.length} numbers after others of ${dimension}; let every endpoint serve the same model`
    throw permanent('embedding-shape', text)
  }

  const embed: Embedder = async (texts, ask) => {
    const call = { model, texts: texts.map((text) => prefix + withoutControlTokens(text)), maxTokens, dimensions }
    const { value, endpoint, attempts, milliseconds, usd } = await ask(texts.length, (client, signal) =>
      request(client, call, signal).catch(refusal),
    )
    const common = { model, endpoint, attempts, milliseconds }
    if ('vectors' in value) {
      const characters = call.texts.reduce((sum, { length }) => sum + length, 0)
      return value.vectors.map((vector, at) => {
        checkDimension(vector, endpoint)
        const unit = normalized(vector)
        // A request is counted as a whole; each text has its share of the tokens by its length.
        const tokens = Math.round((value.tokens * call.texts[at]!.length) / Math.max(1, characters))
        const fact = unit === null ? { error: 'not-finite', detail: 'its vector has no direction' } : NO_FAULT
        return { ...common, ...fact, vector: unit, tokens, usd: usd === null ? null : usd / texts.length }
      })
    }
    if (texts.length === 1) {
      const { code, message } = value.refused
      const error = code === 'context-length' ? 'context-too-long' : 'refused'
      return [{ ...common, vector: null, error, detail: message, tokens: 0, usd }]
    }
    // Which of them it was is found out by halves.
    const middle = Math.ceil(texts.length / 2)
    const halves = await Promise.all([embed(texts.slice(0, middle), ask), embed(texts.slice(middle), ask)])
    return halves.flat()
  }
  return embed
}

const NO_FAULT = { error: null, detail: null }

/** What the server holds against a text is an answer; everything else is thrown on. */
function refusal(error: unknown): Reply {
  if (error instanceof EngineFailure && error.engine === 'none') return { refused: error }
  throw error
}

/** The vector at unit length; null where it has none (zero, not finite). */
function normalized(vector: readonly number[]): Float32Array | null {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
  return length > 0 && Number.isFinite(length) ? Float32Array.from(vector, (value) => value / length) : null
}
