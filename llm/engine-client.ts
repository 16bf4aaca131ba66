// One engine's routes: raw completions, chat, rewards, embeddings, /tokenize and what tells its state. Promises: every
// sampling parameter is always sent, every failure is an EngineFailure (or the signal's reason), a reply that is
// returned is whole.

import type { ChatMessage, CompletionRequest, Sampling } from './contract.ts'
import { EngineFailure, refusedPriority } from './engine-failure.ts'
import { type Choices, readChat, readCompletions } from './replies.ts'
import { type Embedded, readEmbeddings } from './reply-embeddings.ts'
import { type Pooled, readClassified, readPooling } from './reply-scores.ts'
import { readDetokenized, readModels, readTokens, readVersion, type ServedModel, type Tokens } from './reply-server.ts'
import { createTransport, type EngineOptions, type Transport } from './transport.ts'

export interface EngineCall {
  readonly model: string
  /** Text, ids of tokens (a prompt that must not be tokenized again), or messages. */
  readonly input: CompletionRequest['input'] | { readonly tokenIds: readonly number[] }
  readonly n: number
  readonly seed: number
  readonly sampling: Sampling
  readonly stop: readonly string[]
  readonly stopTokenIds: readonly number[]
  readonly jsonSchema?: CompletionRequest['jsonSchema']
  /** Added to the logits of these token ids; -100 forbids one. */
  readonly logitBias?: Readonly<Record<string, number>>
  /** Ask for the ids of prompt and text (vLLM's return_token_ids). */
  readonly returnTokenIds?: boolean
}

/** Whether scores go through the model's activation (a sigmoid, a softmax); releases of vLLM differ in the name. */
export interface Activation {
  readonly name: 'use_activation' | 'activation'
  readonly on: boolean
}

export interface ScoreCall {
  readonly model: string
  readonly messages: readonly ChatMessage[]
  /** Left out: the server's own default, on for sequence and process models. */
  readonly activation?: Activation
  /** Ask for base64 instead of JSON numbers, where the reply will be large. */
  readonly base64?: boolean
}

export interface EmbedCall {
  readonly model: string
  readonly texts: readonly string[]
  /** The server cuts longer texts; null: it refuses what its context does not hold. */
  readonly maxTokens: number | null
  /** null: as many as the model gives. */
  readonly dimensions: number | null
}

export type TokenizeCall =
  | { readonly model: string; readonly prompt: string; readonly addSpecialTokens: boolean }
  | { readonly model: string; readonly messages: readonly ChatMessage[]; readonly addGenerationPrompt: boolean }

export interface EngineClient {
  /** Base URL of the engine: what it is known by. */
  readonly url: string
  complete(call: EngineCall, signal: AbortSignal): Promise<Choices>
  /** Rows of a token or process reward model, or one row of a sequence model. */
  pool(call: ScoreCall, signal: AbortSignal): Promise<Pooled>
  /** The value of a sequence reward model. */
  classify(call: ScoreCall, signal: AbortSignal): Promise<Pooled>
  /** A vector for each text, by /v1/embeddings. */
  embed(call: EmbedCall, signal: AbortSignal): Promise<Embedded>
  /** The same by vLLM's /pooling, which servers have that were started without the other. */
  poolEmbeddings(call: EmbedCall, signal: AbortSignal): Promise<Embedded>
  /** Ids of a text, or of a chat in the server's own template. */
  tokenize(call: TokenizeCall, signal: AbortSignal): Promise<Tokens>
  detokenize(call: { model: string; tokens: readonly number[] }, signal: AbortSignal): Promise<string>
  /** null: a server without that route. */
  version(signal: AbortSignal): Promise<string | null>
  /** The page of /metrics; null: a server without it. */
  metrics(signal: AbortSignal): Promise<string | null>
  /** null when it lives, else why not. A server without /health lives when it answers at all. */
  health(signal: AbortSignal): Promise<string | null>
  /** The models that it serves; fails as any call does. */
  models(signal: AbortSignal): Promise<ServedModel[]>
  /** The same engine, whose calls ask for this place in its queue (vLLM's priority: lower is earlier, 0 asks for nothing). */
  at(priority: number): EngineClient
  /** New connections from now on: the open ones may lead to a process that is gone. */
  renew(): void
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

/** A client of one engine; the arguments are those of createTransport. */
export function createEngineClient(engine: EngineOptions): EngineClient {
  return clientOver(createTransport(engine), engine.url, 0)
}

function clientOver(transport: Transport, url: string, priority: number): EngineClient {
  const send = transport.send

  /** What takes a place in the engine's queue. */
  const queue = async (path: string, body: object, signal: AbortSignal): Promise<unknown> => {
    if (priority === 0) return send('post', path, body, signal)
    try {
      return await send('post', path, { ...body, priority }, signal)
    } catch (error) {
      throw refusedPriority(error) ?? error
    }
  }

  /** null where the server has no such route. */
  const ifThere = async (path: string, signal: AbortSignal): Promise<unknown> => {
    try {
      return await send('get', `${url}${path}`, undefined, signal)
    } catch (error) {
      if (error instanceof EngineFailure && error.code === 'route-not-found') return null
      throw error
    }
  }

  return {
    url,
    complete: async (call, signal) => {
      const { input } = call
      if ('messages' in input) {
        const body = { ...common(call), messages: input.messages }
        return readChat(await queue('/chat/completions', body, signal), call.n)
      }
      const prompt = 'prompt' in input ? input.prompt : input.tokenIds
      const body = { ...common(call), prompt, add_special_tokens: false }
      return readCompletions(await queue('/completions', body, signal), call.n)
    },
    pool: async (call, signal) => readPooling(await queue(`${url}/pooling`, scoring(call), signal)),
    classify: async (call, signal) => readClassified(await queue(`${url}/classify`, scoring(call), signal)),
    embed: async (call, signal) =>
      readEmbeddings(await queue('/embeddings', embedding(call), signal), call.texts.length),
    poolEmbeddings: async (call, signal) => {
      const body = { ...embedding(call), task: 'embed' }
      return readEmbeddings(await queue(`${url}/pooling`, body, signal), call.texts.length)
    },
    tokenize: async (call, signal) => {
      const body =
        'prompt' in call
          ? { model: call.model, prompt: call.prompt, add_special_tokens: call.addSpecialTokens }
          : { model: call.model, messages: call.messages, add_generation_prompt: call.addGenerationPrompt }
      return readTokens(await send('post', `${url}/tokenize`, body, signal))
    },
    detokenize: async (call, signal) => readDetokenized(await send('post', `${url}/detokenize`, call, signal)),
    version: async (signal) => readVersion(await ifThere('/version', signal)),
    metrics: async (signal) => {
      const page = await ifThere('/metrics', signal)
      return typeof page === 'string' ? page : null
    },
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
    at: (other) => clientOver(transport, url, other),
    renew: () => {
      transport.renew()
    },
    close: () => transport.close(),
  }
}

/** The body of /pooling and /classify; without a task, which the server knows best. */
function scoring({ model, messages, activation, base64 }: ScoreCall): Record<string, unknown> {
  return {
    model,
    messages,
    ...(activation === undefined ? {} : { [activation.name]: activation.on }),
    ...(base64 === true ? { encoding_format: 'base64' } : {}),
  }
}

/** The body of /v1/embeddings; numbers as base64 are a fifth of their size as JSON. */
function embedding({ model, texts, maxTokens, dimensions }: EmbedCall): Record<string, unknown> {
  return {
    model,
    input: texts,
    encoding_format: 'base64',
    ...(maxTokens === null ? {} : { truncate_prompt_tokens: maxTokens }),
    ...(dimensions === null ? {} : { dimensions }),
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
    ...(call.logitBias === undefined ? {} : { logit_bias: call.logitBias }),
    ...(call.returnTokenIds === true ? { return_token_ids: true } : {}),
    ...(call.jsonSchema === undefined
      ? {}
      : { response_format: { type: 'json_schema', json_schema: { ...call.jsonSchema, strict: true } } }),
  }
}
