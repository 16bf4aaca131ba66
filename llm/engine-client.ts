// One engine: raw completions, chat, /pooling, /health, /v1/models, by the openai client over a lean fetch.
// Promises: every sampling parameter is always sent, nothing is tried twice here, every failure is an
// EngineFailure (or the signal's reason), a reply that is returned is whole.

import OpenAI, { APIError, APIUserAbortError } from 'openai'
import type { ChatMessage, CompletionRequest, Sampling } from './contract.ts'
import type { Clock } from './clock.ts'
import { EngineFailure, failureOfError, failureOfStatus, isConnectionError } from './engine-failure.ts'
import { createLeanFetch, type Fetch } from './lean-fetch.ts'
import { type Choices, type Pooled, readChat, readCompletions, readModels, readPooling } from './replies.ts'

export interface EngineCall {
  readonly model: string
  readonly input: CompletionRequest['input']
  readonly n: number
  readonly seed: number
  readonly sampling: Sampling
  readonly stop: readonly string[]
  readonly stopTokenIds: readonly number[]
  readonly jsonSchema?: CompletionRequest['jsonSchema']
}

export interface EngineClient {
  complete(call: EngineCall, signal: AbortSignal): Promise<Choices>
  pool(
    call: { readonly model: string; readonly messages: readonly ChatMessage[] },
    signal: AbortSignal,
  ): Promise<Pooled>
  /** null when it lives, else why not. A server without /health lives when it answers at all. */
  health(signal: AbortSignal): Promise<string | null>
  /** Names of the models that it serves; fails as any call does. */
  models(signal: AbortSignal): Promise<string[]>
  close(): Promise<void>
}

/** Failures of a look at /health behind which somebody lives: a gateway without that route, or with a guard before it. */
const ANSWERS = new Set([
  'route-not-found',
  'unauthorized',
  'redirected',
  'bad-request',
  'too-many-requests',
  'unreadable-reply',
])

/** The longest timer there is: the client's own time-out never comes first. */
const NEVER_MS = 2_147_483_647

/**
 * A client of one engine.
 *
 * url: base URL without /v1. key: sent as a bearer token; null sends none. fetch stands for the lean one in
 * tests and benches.
 */
export function createEngineClient(engine: {
  url: string
  key: string | null
  clock: Clock
  fetch?: Fetch
}): EngineClient {
  const { url, key, clock } = engine
  const lean = createLeanFetch(new URL(url).origin)
  const fetch = engine.fetch ?? lean.fetch
  // openai keeps the status and the parsed error only; the text of a failed reply is kept here for its message.
  const keeping: Fetch = async (input, init) => {
    const response = await fetch(input, init)
    if (response.ok) return response
    const body = await response.text().catch(() => '')
    throw failureOfStatus(response.status, body, (name) => response.headers.get(name), clock.now())
  }
  const openai = new OpenAI({
    baseURL: `${url}/v1`,
    apiKey: key ?? 'none',
    organization: null,
    project: null,
    adminAPIKey: null,
    defaultHeaders: key === null ? { Authorization: null } : {},
    maxRetries: 0,
    timeout: NEVER_MS,
    logLevel: 'off',
    fetch: keeping,
  })

  const send = async (
    method: 'get' | 'post',
    path: string,
    body: object | undefined,
    signal: AbortSignal,
  ): Promise<unknown> => {
    signal.throwIfAborted()
    try {
      return await openai.request<unknown>({ method, path, signal, ...(body === undefined ? {} : { body }) })
    } catch (error) {
      throw translated(error, signal)
    }
  }

  return {
    complete: async (call, signal) => {
      if ('prompt' in call.input) {
        const body = { ...common(call), prompt: call.input.prompt, add_special_tokens: false }
        return readCompletions(await send('post', '/completions', body, signal), call.n)
      }
      const body = { ...common(call), messages: call.input.messages }
      return readChat(await send('post', '/chat/completions', body, signal), call.n)
    },
    pool: async (call, signal) => readPooling(await send('post', `${url}/pooling`, call, signal)),
    health: async (signal) => {
      try {
        await send('get', `${url}/health`, undefined, signal)
        return null
      } catch (error) {
        if (!(error instanceof EngineFailure)) throw error
        return ANSWERS.has(error.code) ? null : error.message
      }
    },
    models: async (signal) => readModels(await send('get', '/models', undefined, signal)),
    close: () => lean.close(),
  }
}

/** What both kinds of completion send; vLLM reads the names that OpenAI does not have from the body too. */
function common(call: EngineCall): Record<string, unknown> {
  const { sampling } = call
  return {
    model: call.model,
    n: call.n,
    seed: call.seed,
    temperature: sampling.temperature,
    top_p: sampling.topP,
    // -1 is off for every release; 0 is not for old ones.
    top_k: sampling.topK === 0 ? -1 : sampling.topK,
    min_p: sampling.minP,
    repetition_penalty: sampling.repetitionPenalty,
    max_tokens: sampling.maxTokens,
    stream: false,
    ...(call.stop.length > 0 ? { stop: call.stop } : {}),
    ...(call.stopTokenIds.length > 0 ? { stop_token_ids: call.stopTokenIds } : {}),
    ...(call.jsonSchema === undefined
      ? {}
      : { response_format: { type: 'json_schema', json_schema: { ...call.jsonSchema, strict: true } } }),
  }
}

function translated(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  if (error instanceof APIUserAbortError) return signal.reason ?? error
  // A failure thrown inside our fetch comes back as the cause of openai's connection error.
  if (error instanceof APIError && error.cause instanceof EngineFailure) return error.cause
  if (error instanceof APIError || isConnectionError(error)) return failureOfError(error)
  return error
}
