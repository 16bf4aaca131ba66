// Who calls models: the roles of the config and its reward models, as one list.

import type { Callers, EndpointConfig } from './config.ts'
import type { Canary } from './endpoint.ts'

export interface Caller {
  readonly name: string
  readonly model: string
  /** A small call, to see whether an engine answers at all. */
  readonly canary: Canary
  readonly endpoints: readonly EndpointConfig[]
}

/** Roles and reward models as one list. */
export function callersOf({ roles, rewarders }: Callers): Caller[] {
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
  return [...named, ...rewards]
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
