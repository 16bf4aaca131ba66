// A model client for tests: answers by a function, and keeps what it was asked.

import type {
  CallContext,
  ChatMessage,
  Completion,
  CompletionRequest,
  Embedding,
  Llm,
  Score,
} from '../../llm/contract.ts'
import { generation } from './problems.ts'

export interface FakeLlm extends Llm {
  readonly completions: { readonly request: CompletionRequest; readonly context: CallContext }[]
  readonly scores: { readonly messages: readonly ChatMessage[]; readonly context: CallContext<string> }[]
}

/** What a fake says: one text a choice, or whole completions. */
export type Says = (
  request: CompletionRequest,
  context: CallContext,
) => Promise<(string | Completion)[]> | (string | Completion)[]
export type Scores = (
  messages: readonly ChatMessage[],
  context: CallContext<string>,
) => Promise<Partial<Score>> | Partial<Score>

export type Vectors = (text: string) => Promise<Partial<Embedding>> | Partial<Embedding>

export function createFakeLlm(
  says: Says = () => [],
  rates: Scores = () => ({}),
  vectors: Vectors = () => ({}),
): FakeLlm {
  const completions: FakeLlm['completions'] = []
  const scores: FakeLlm['scores'] = []
  return {
    completions,
    scores,
    async complete(request, context) {
      completions.push({ request, context })
      context.signal.throwIfAborted()
      const said = await says(request, context)
      return said.map((each, index) =>
        typeof each === 'string'
          ? { text: each, reasoning: null, generation: generation({ role: context.role, seed: request.seed + index }) }
          : each,
      )
    },
    async score(messages, context) {
      scores.push({ messages, context })
      context.signal.throwIfAborted()
      return {
        value: 0,
        steps: [],
        error: null,
        model: 'a-reward-model',
        endpoint: 'http://127.0.0.1:2',
        tokens: 7,
        milliseconds: 3,
        attempts: 1,
        usd: null,
        detail: null,
        ...(await rates(messages, context)),
      }
    },
    async embed(text, context) {
      context.signal.throwIfAborted()
      const fact = { error: null, detail: null, model: 'an-embedder', endpoint: 'http://127.0.0.1:3', tokens: 5 }
      return { ...fact, milliseconds: 2, attempts: 1, usd: null, vector: null, ...(await vectors(text)) }
    },
    state: () => ({ endpoints: [], waiting: 0, usage: {} }),
    capacity: () => 64,
    update: () => undefined,
    setShare: () => undefined,
    close: () => Promise.resolve(),
  }
}

/** Waits until the signal aborts, then rejects with its reason: a call that never comes back. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void => {
      reject(signal.reason as Error)
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}
