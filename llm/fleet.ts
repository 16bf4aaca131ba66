// All engines of a run and which role may use which. Promises: one endpoint for each URL, whatever number of roles
// name it; every fault of the endpoints' config is found before the first call, and all are told together.

import { UsageFault } from '../schemas/failure.ts'
import type { Logger } from '../schemas/logger.ts'
import type { Clock } from './clock.ts'
import { type EndpointConfig, engineUrl, LOCAL_ENDPOINT, type RewarderConfig, type RoleConfig } from './config.ts'
import { createEndpoint, type Endpoint } from './endpoint.ts'
import { createEngineClient } from './engine-client.ts'
import { EngineFailure } from './engine-failure.ts'
import type { HealthConfig } from './health.ts'
import type { Lane } from './pool.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Every model that is called, by its lane's name: a role, or `reward:NAME`. */
export interface Callers {
  readonly roles: Readonly<Record<string, RoleConfig | undefined>>
  readonly rewarders: Readonly<Record<string, RewarderConfig>>
}

export interface Caller {
  readonly name: string
  readonly model: string
  readonly endpoints: readonly EndpointConfig[]
}

/** Roles and reward models as one list. */
export function callersOf({ roles, rewarders }: Callers): Caller[] {
  const named = Object.entries(roles).flatMap(([name, role]) =>
    role === undefined ? [] : [{ name, model: role.model, endpoints: role.endpoints }],
  )
  const rewards = Object.entries(rewarders).map(([name, { model, endpoints }]) => ({
    name: `reward:${name}`,
    model,
    endpoints,
  }))
  return [...named, ...rewards]
}

export interface Engine {
  readonly url: string
  readonly key: string | null
  readonly limit: number
}

/** The engines of these callers, one for each URL. Throws UsageFault with every fault. */
export function enginesOf(callers: readonly Caller[], environment: Environment): Map<string, Engine> {
  const faults: string[] = []
  const engines = new Map<string, Engine>()
  const firstPlace = new Map<string, { place: string; keyEnv: string | undefined }>()
  for (const { name, endpoints } of callers) {
    const urls = new Set<string>()
    for (const [index, endpoint] of endpoints.entries()) {
      const owner = name.startsWith('reward:') ? `stages.reward.rewards[${name.slice(7)}]` : `roles.${name}`
      const place = `${owner}.endpoints.${index}`
      if (endpoint.url === LOCAL_ENDPOINT) {
        faults.push(`${place}.url: the local model is not running; start it with ./magpie services up or give a URL`)
        continue
      }
      const url = engineUrl(endpoint.url)
      if (urls.has(url)) faults.push(`${place}.url: ${url} is there twice; give it once with a higher weight`)
      urls.add(url)
      const key = endpoint.keyEnv === undefined ? null : (environment[endpoint.keyEnv] ?? '')
      if (key === '') faults.push(`${place}.keyEnv: the environment variable ${endpoint.keyEnv ?? ''} is not set`)
      const known = engines.get(url)
      const first = firstPlace.get(url)
      if (known === undefined || first === undefined) {
        engines.set(url, { url, key, limit: endpoint.limit })
        firstPlace.set(url, { place, keyEnv: endpoint.keyEnv })
        continue
      }
      // One server has one limit: of several, the lowest does no harm.
      if (endpoint.limit < known.limit) engines.set(url, { ...known, limit: endpoint.limit })
      if (first.keyEnv !== endpoint.keyEnv)
        faults.push(`${place}.keyEnv: ${url} has another key at ${first.place}; it is one server, give one key`)
    }
  }
  if (faults.length > 0) throw new UsageFault(faults)
  return engines
}

export interface Fleet {
  readonly endpoints: readonly Endpoint[]
  /** The lane of a role or `reward:NAME`. */
  lane(name: string): Lane
  close(): Promise<void>
}

/** Makes the endpoints and lanes of a run. */
export function createFleet(
  parts: Callers & {
    environment: Environment
    health: HealthConfig
    clock: Clock
    random: () => number
    log: Logger
    onChange: () => void
  },
): Fleet {
  const { clock, random, log, health, onChange } = parts
  const callers = callersOf(parts)
  const endpoints = new Map<string, Endpoint>()
  for (const { url, key, limit } of enginesOf(callers, parts.environment).values()) {
    const client = createEngineClient({ url, key, clock })
    const lost = (): EngineFailure =>
      new EngineFailure('doubtful', 'engine-lost', 'the server died while the call was in flight')
    endpoints.set(url, createEndpoint({ url, limit, client, clock, random, log, health, onChange, lost }))
  }
  const lanes = new Map<string, Lane>()
  for (const { name, endpoints: configured } of callers) {
    const members = configured.map(({ url, weight }) => ({ endpoint: endpoints.get(engineUrl(url))!, weight }))
    lanes.set(name, { name, members })
  }
  return {
    endpoints: [...endpoints.values()],
    lane: (name) => {
      const lane = lanes.get(name)
      if (lane === undefined) throw new Error(`no lane ${name}`)
      return lane
    },
    close: async () => {
      await Promise.all(
        [...endpoints.values()].map((endpoint) => {
          endpoint.health.close()
          return endpoint.client.close()
        }),
      )
    },
  }
}
