// All engines of a run and which role may use which. Promises: one endpoint for each URL; endpoints come and go while
// calls are in flight, and what is in flight at one that was taken out ends there.

import { UsageFault } from '../schemas/failure.ts'
import type { Logger } from '../schemas/logger.ts'
import { isSameAccess } from './access.ts'
import { type Caller, callersOf } from './callers.ts'
import type { Clock } from './clock.ts'
import { type Callers, engineUrl } from './config.ts'
import { createEndpoint, type Endpoint } from './endpoint.ts'
import { createEngineClient } from './engine-client.ts'
import { type Engine, enginesOf, type Environment } from './engines.ts'
import type { HealthConfig } from './health.ts'
import { createLane, type Lane } from './lane.ts'
import type { LimitConfig } from './limit.ts'
import type { LivenessConfig } from './liveness.ts'
import { createSharedLimit, type SharedLimit } from './shared-limit.ts'

export interface Fleet {
  /** Those in use, and those that were taken out of the config and have calls in flight. */
  endpoints(): readonly Endpoint[]
  /** Those in use. */
  members(): readonly Endpoint[]
  /** The lane of a role or `reward:NAME`. */
  lane(name: string): Lane
  /** Takes endpoints, weights and limits from another config. Throws UsageFault with every fault and changes nothing then. */
  update(callers: Callers): void
  /** From now on calls take this share of each engine's slots, of those that come later too. */
  setShare(share: number): void
  close(): Promise<void>
}

/** An engine in use. */
interface Started {
  readonly engine: Engine
  readonly endpoint: Endpoint
  readonly limit: SharedLimit
}

/** Makes the endpoints and lanes of a run. */
export function createFleet(
  parts: Callers & {
    environment: Environment
    health: HealthConfig
    liveness: LivenessConfig
    clock: Clock
    random: () => number
    log: Logger
    /** Share of each engine's slots at first, over 0 up to 1. */
    share: number
    /** Place of the calls in the queues of engines that go by it; 0 asks for none. */
    priority: number
    onChange: () => void
  },
): Fleet {
  const { clock, random, log, health, liveness, onChange } = parts
  let { share } = parts
  const endpoints = new Map<string, Started>()
  const leaving = new Set<Endpoint>()
  const lanes = new Map<string, Lane>()

  const start = (engine: Engine): Started => {
    const { url, access, canary, byPriority } = engine
    const priority = byPriority ? parts.priority : 0
    const isBehind = priority > 0
    const limit = createSharedLimit(share, limitConfigOf(engine), () => clock.now(), { isBehind })
    const client = createEngineClient({ url, ...access, clock })
    const watched = { url, limit, client, priority, canary, clock, random, log, health, liveness, onChange }
    return { engine, limit, endpoint: createEndpoint(watched) }
  }

  const retire = (endpoint: Endpoint): void => {
    leaving.add(endpoint)
    log.info(
      { endpoint: endpoint.url, inFlight: endpoint.inFlight },
      'model server was taken out; it gets no more calls',
    )
    const closeWhenIdle = (): void => {
      if (!leaving.has(endpoint)) return
      if (endpoint.inFlight > 0) {
        clock.after(LEAVING_LOOK_MS, closeWhenIdle)
        return
      }
      leaving.delete(endpoint)
      endpoint.close().catch((error: unknown) => {
        log.warn({ endpoint: endpoint.url, error: String(error) }, 'closing the connections of a model server failed')
      })
    }
    closeWhenIdle()
  }

  const apply = (callers: readonly Caller[]): void => {
    const engines = enginesOf(callers, parts.environment)
    for (const [url, { engine, endpoint }] of endpoints) {
      const next = engines.get(url)
      if (next !== undefined && isSame(engine, next)) continue
      // With another key or limit it is another endpoint; what is in flight ends at the old one.
      endpoints.delete(url)
      retire(endpoint)
    }
    for (const [url, engine] of engines) {
      if (!endpoints.has(url)) endpoints.set(url, start(engine))
    }
    for (const { name, endpoints: configured } of callers) {
      const members = configured.map(({ url, weight }) => ({
        endpoint: endpoints.get(engineUrl(url))!.endpoint,
        weight,
      }))
      const lane = lanes.get(name)
      if (lane === undefined) lanes.set(name, createLane(name, members, log))
      else lane.setMembers(members)
    }
  }

  apply(callersOf(parts))
  return {
    endpoints: () => [...[...endpoints.values()].map(({ endpoint }) => endpoint), ...leaving],
    members: () => [...endpoints.values()].map(({ endpoint }) => endpoint),
    lane: (name) => {
      const lane = lanes.get(name)
      if (lane === undefined) throw new Error(`no lane ${name}`)
      return lane
    },
    update: (callers) => {
      // Roles and rewards are the run's; a config without one of them leaves its endpoints as they are.
      const known = callersOf(callers).filter(({ name }) => lanes.has(name))
      const missing = [...lanes.keys()].filter((name) => !known.some((caller) => caller.name === name))
      if (missing.length > 0)
        throw new UsageFault(
          missing.map((name) => `${name}: is not in the changed config; it stays until the run is started again`),
        )
      apply(known)
      onChange()
    },
    setShare: (next) => {
      share = next
      for (const { limit } of endpoints.values()) limit.setShare(next)
      onChange()
    },
    close: async () => {
      const all = [...[...endpoints.values()].map(({ endpoint }) => endpoint), ...leaving]
      leaving.clear()
      await Promise.all(all.map((endpoint) => endpoint.close()))
    },
  }
}

/** Between two looks whether an endpoint that was taken out is idle, milliseconds. */
const LEAVING_LOOK_MS = 1_000

function limitConfigOf({ limit, start, adaptive }: Engine): LimitConfig {
  return { most: limit, start, adaptive }
}

function isSame(a: Engine, b: Engine): boolean {
  const isSameLimit = a.limit === b.limit && a.start === b.start && a.adaptive === b.adaptive
  return isSameLimit && a.byPriority === b.byPriority && isSameAccess(a.access, b.access)
}
