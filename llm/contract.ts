// What the rest of the pipeline knows of models. Retries, routing, limits and seeds' arithmetic are inside.

import type { CallMemory } from '../schemas/call-memory.ts'
import type { Generation } from '../schemas/records.ts'
import type { Callers } from './config.ts'
import type { LimitChange } from './limit.ts'
import type { EngineLoad } from './load.ts'

/** Who asks; each has its endpoints, model, template and sampling parameters in the config. */
export type RoleName = 'questioner' | 'answerer' | 'sampler' | 'tagger' | 'judge'

/** A reward that a judge model gives, as a role: its endpoints, model and sampling are in the reward's config. */
export type JudgeRole = `reward:${string}`

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

export interface CompletionRequest {
  /** Raw text (the Magpie prefix: /v1/completions, add_special_tokens false) or messages (/v1/chat/completions). */
  readonly input: { readonly prompt: string } | { readonly messages: readonly ChatMessage[] }
  /** Number of choices; 1 unless said. Counted as n sequences. */
  readonly n?: number
  /** Choice i gets seed + i. The caller reserves the range. */
  readonly seed: number
  /** Ask for JSON of this JSON Schema (response_format json_schema). */
  readonly jsonSchema?: { readonly name: string; readonly schema: Readonly<Record<string, unknown>> }
  /** Over the role's sampling config, where a stage must differ. */
  readonly sampling?: Partial<Sampling>
}

/** Always sent whole: a server otherwise applies the model's own generation_config. */
export interface Sampling {
  temperature: number
  topP: number
  topK: number
  minP: number
  repetitionPenalty: number
  maxTokens: number
}

/** A choice with a finish_reason; text untouched. */
export interface Completion {
  readonly text: string
  /** The thought, when the server gave it in message.reasoning or message.reasoning_content. */
  readonly reasoning: string | null
  readonly generation: Generation
}

export interface CallContext<Role extends string = RoleName | JudgeRole> {
  readonly role: Role
  /** Name that the cost is counted under, and that the completion's generation bears; the role's own unless said. */
  readonly account?: string
  /** Abort closes the connection and rejects with the signal's reason. */
  readonly signal: AbortSignal
  /** Stage rank, lower first: reward, judge and further turns 0, sample 1, answer 2, tag 3, problems 4. */
  readonly rank: number
  /** Remembers the calls of the record that this is about; nothing is remembered where it is left out. */
  readonly calls?: CallMemory
}

export interface Score {
  /** Raw score (of a process model: the summary of its steps); null when this text got none (error says why). */
  readonly value: number | null
  /** Scores of the steps, in their order (process rewards); else empty. */
  readonly steps: readonly number[]
  /**
   * context-too-long, no-steps: facts about the text. refused (400, 422), not-finite, step-count, sigmoid (raw values
   * could not be had): of one text it may be a fact, of every text it is the config's or the server's fault.
   */
  readonly error: string | null
  readonly model: string
  readonly endpoint: string
  readonly tokens: number
  readonly milliseconds: number
  readonly attempts: number
  /** US dollars; null without a price. */
  readonly usd: number | null
  /** More about the error. */
  readonly detail: string | null
}

/** The vector of a text, or why it has none. */
export interface Embedding {
  /** Of unit length; null when this text got none (error says why). */
  readonly vector: Float32Array | null
  /** context-too-long: a fact about the text. refused (400, 422), not-finite: of every text, the config's or the server's fault. */
  readonly error: string | null
  /** More about the error. */
  readonly detail: string | null
  readonly model: string
  readonly endpoint: string
  /** Its share of a request that carried others too, as is usd. */
  readonly tokens: number
  /** Of the request. */
  readonly milliseconds: number
  readonly attempts: number
  /** US dollars; null without a price. */
  readonly usd: number | null
}

export interface Llm {
  /** Resolves with n choices in order. Waits as long as servers are down; rejects with a permanent Failure or the signal's reason. */
  complete(request: CompletionRequest, context: CallContext): Promise<Completion[]>
  /**
   * Scores a conversation, its last turn being the solution, by the reward model configured under this reward's name
   * (role `reward:NAME`). Rejects as complete does, and with a permanent `reward-shape` when the model's replies do
   * not fit the reward's kind.
   */
  score(messages: readonly ChatMessage[], context: CallContext<string>): Promise<Score>
  /**
   * The vector of a text by the embedding model. What is asked for at once travels together. Rejects as complete does,
   * and with a permanent `embedding-shape` for replies that are no vector, or one of another dimension than before.
   */
  embed(text: string, context: Omit<CallContext, 'role'>): Promise<Embedding>
  /** What is going on, for progress and back-pressure. Cheap; call at will. */
  state(): LlmState
  /** Sequences that the endpoints of a role (`reward:NAME` and `embedder` too), or of all, take at once as far as known now. */
  capacity(role?: string): number
  /** Takes endpoints, weights and limits from a changed config; calls under way go on. Throws UsageFault and changes nothing then. */
  update(callers: Callers): void
  /** From now on at most this share of each engine's slots, over 0 up to 1; calls under way go on. */
  setShare(share: number): void
  close(): Promise<void>
}

export interface EndpointState {
  readonly url: string
  readonly healthy: boolean
  /** Sequences in flight, their limit, requests waiting in our queue for it. */
  readonly inFlight: number
  readonly limit: number
  /** When and why the limit was changed last. */
  readonly limitChange: LimitChange
  /** What the engine says of its own queue; null where it does not. */
  readonly load: EngineLoad | null
  /** Mean time of an answer there, milliseconds; null before the first. */
  readonly meanMs: number | null
  /** When it stopped answering, milliseconds since 1970; null while healthy. */
  readonly downSince: number | null
  readonly lastError: string | null
}

/** What a role has cost since the start. */
export interface RoleUsage {
  /** Requests that were answered; one of n choices is one. */
  readonly calls: number
  readonly promptTokens: number
  /** Of promptTokens, those out of the prefix cache. */
  readonly cachedTokens: number
  readonly completionTokens: number
  /** Tries that failed and were repeated; their tokens are not known. */
  readonly retries: number
  /** Answered calls whose server said nothing of tokens: their tokens are missing above. */
  readonly unmeasured: number
  /** Wall time of the answered calls, and the same for each of their sequences. */
  readonly seconds: number
  readonly sequenceSeconds: number
  /** Fair share of the engines' busy time, failed and aborted tries included. */
  readonly engineSeconds: number
  /** US dollars, failed and aborted tries included as far as they are known; null without a price. */
  readonly usd: number | null
}

export interface LlmState {
  readonly endpoints: readonly EndpointState[]
  /** Sequences waiting in our queues. */
  readonly waiting: number
  /** Totals since start, by role. */
  readonly usage: Readonly<Record<string, RoleUsage>>
}
