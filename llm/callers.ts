// Who calls models: the roles of the config, its reward models and its embedding model, as one list.

import { type Callers, EMBEDDER, type EndpointConfig } from './config.ts'
import type { Canary } from './endpoint.ts'
import { isRouteMissing } from './engine-failure.ts'

export interface Caller {
  readonly name: string
  readonly model: string
  /** A small call, to see whether an engine answers at all. */
  readonly canary: Canary
  readonly endpoints: readonly EndpointConfig[]
}

/** All of them as one list. */
export function callersOf({ roles, rewarders, embedder }: Callers): Caller[] {
  const named = Object.entries(roles).flatMap(([name, role]) =>
    role === undefined
      ? []
      : [{ name, model: role.model, endpoints: role.endpoints, canary: smallCompletion(role.model) }],
  )
  const rewards = Object.entries(rewarders).map(([name, { model, endpoints }]) => ({
    name: `reward:${name}`,
    model,
    endpoints,
    canary: smallScore(model),
  }))
  const embedding =
    embedder === undefined
      ? []
      : [
          {
            name: EMBEDDER,
            model: embedder.model,
            endpoints: embedder.endpoints,
            canary: smallEmbedding(embedder.model),
          },
        ]
  return [...named, ...rewards, ...embedding]
}

/** One token, as cheap as a call can be. */
function smallCompletion(model: string): Canary {
  const sampling = { temperature: 0, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1, maxTokens: 1 }
  const call = { model, input: { prompt: '1' }, n: 1, seed: 0, sampling, stop: [], stopTokenIds: [] }
  return (client, signal) => client.complete(call, signal)
}

function smallScore(model: string): Canary {
  const messages = [
    { role: 'user', content: '1' },
    { role: 'assistant', content: '1' },
  ] as const
  return (client, signal) => client.pool({ model, messages }, signal)
}

function smallEmbedding(model: string): Canary {
  const call = { model, texts: ['1'], maxTokens: null, dimensions: null }
  return (client, signal) =>
    client.embed(call, signal).catch((error: unknown) => {
      if (isRouteMissing(error)) return client.poolEmbeddings(call, signal)
      throw error
    })
}
