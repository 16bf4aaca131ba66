// One engine as the pool sees it: its client, its limit, what is in flight there and whether it can be used.
// Promises: shared by every role that names the same URL, so that they share one limit and one set of connections.

import type { Logger } from '../schemas/logger.ts'
import { backOff, type Clock } from './clock.ts'
import type { EngineFailure } from './engine-failure.ts'
import type { EngineClient } from './engine-client.ts'
import { type Health, type HealthConfig, watchHealth } from './health.ts'

/** A role that this engine refuses (wrong key, unknown model): one call at a time tries again after a pause. */
interface Refusal {
  until: number
  tries: number
  trying: boolean
  readonly since: number
}

export interface Endpoint {
  readonly url: string
  readonly limit: number
  readonly client: EngineClient
  /** Sequences in flight. */
  inFlight: number
  /** Calls that can be given up, when the engine is lost. */
  readonly calls: Set<AbortController>
  /** Busy until then by its own word (Retry-After), in the clock's milliseconds. */
  restUntil: number
  lastError: string | null
  readonly refusals: Map<string, Refusal>
  readonly health: Health
}

/** Whether a lane may send a call there now, its limit aside. */
export function isUsable(endpoint: Endpoint, lane: string, now: number): boolean {
  if (endpoint.health.downSince() !== null || now < endpoint.restUntil) return false
  const refusal = endpoint.refusals.get(lane)
  return refusal === undefined || (now >= refusal.until && !refusal.trying)
}

/** Whether a call of so many sequences fits; one that is larger than the limit runs alone. */
export function hasRoom(endpoint: Endpoint, sequences: number): boolean {
  return endpoint.inFlight + sequences <= endpoint.limit || endpoint.inFlight === 0
}

/** Since when it cannot be used by somebody: down, or refusing a role. */
export function unusableSince(endpoint: Endpoint): number | null {
  const since = [endpoint.health.downSince(), ...[...endpoint.refusals.values()].map((refusal) => refusal.since)]
  const known = since.filter((time) => time !== null)
  return known.length === 0 ? null : Math.min(...known)
}

/** Makes the endpoint; `onChange` is called whenever waiting calls may find it usable again. */
export function createEndpoint(engine: {
  url: string
  limit: number
  client: EngineClient
  clock: Clock
  random: () => number
  log: Logger
  health: HealthConfig
  onChange: () => void
  /** Reason with which calls in flight are given up. */
  lost: () => EngineFailure
}): Endpoint {
  const { url, log } = engine
  const endpoint: Endpoint = {
    url,
    limit: engine.limit,
    client: engine.client,
    inFlight: 0,
    calls: new Set(),
    restUntil: 0,
    lastError: null,
    refusals: new Map(),
    health: watchHealth({
      probe: (signal) => engine.client.health(signal),
      busy: () => endpoint.inFlight > 0,
      onDown: (reason) => {
        endpoint.lastError = reason
        log.warn(
          { endpoint: url, reason },
          'model server does not answer; its calls wait or go elsewhere until it is back',
        )
      },
      onUp: (downMs) => {
        log.info({ endpoint: url, seconds: Math.round(downMs / 1000) }, 'model server is back')
        engine.onChange()
      },
      onLost: () => {
        for (const call of endpoint.calls) call.abort(engine.lost())
      },
      clock: engine.clock,
      random: engine.random,
      config: engine.health,
    }),
  }
  return endpoint
}

/** Remembers that the engine refuses a lane; returns in how many milliseconds it may be tried again. */
export function refuse(
  endpoint: Endpoint,
  lane: string,
  failure: EngineFailure,
  tools: { clock: Clock; random: () => number; log: Logger },
): number {
  const now = tools.clock.now()
  const known = endpoint.refusals.get(lane)
  const refusal = known ?? { until: now, tries: 0, trying: false, since: now }
  endpoint.lastError = failure.message
  if (known === undefined) {
    endpoint.refusals.set(lane, refusal)
    tools.log.error(
      { endpoint: endpoint.url, role: lane, code: failure.code, reason: failure.message },
      'model server refuses this role; its calls wait or go elsewhere until it accepts them',
    )
  }
  // Calls that were in flight when the first was refused say nothing new.
  if (known === undefined || refusal.trying) {
    refusal.tries += 1
    refusal.trying = false
    refusal.until = now + backOff(refusal.tries, tools.random, 2_000, 60_000)
  }
  return Math.max(0, refusal.until - now)
}

/** The engine accepted a call of the lane. */
export function accept(endpoint: Endpoint, lane: string, log: Logger): boolean {
  if (!endpoint.refusals.delete(lane)) return false
  log.info({ endpoint: endpoint.url, role: lane }, 'model server accepts this role again')
  return true
}
