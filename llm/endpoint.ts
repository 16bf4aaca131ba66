// One engine as the pool sees it: its client, its limit, what is in flight there and whether it can be used.
// Promises: shared by every role that names the same URL, so that they share one limit and one set of connections.

import type { Logger } from '../schemas/logger.ts'
import type { Clock } from './clock.ts'
import { EngineFailure } from './engine-failure.ts'
import type { EngineClient } from './engine-client.ts'
import { type Health, type HealthConfig, watchHealth } from './health.ts'
import type { Limit } from './limit.ts'
import { type Liveness, type LivenessConfig, watchLiveness } from './liveness.ts'
import type { EngineLoad } from './load.ts'
import { watchLoad } from './load-watch.ts'
import { createRefusalShare, type RefusalShare } from './refusal-share.ts'

/** A role that this engine refuses (wrong key, unknown model): one call at a time tries again after a pause. */
interface Refusal {
  until: number
  tries: number
  trying: boolean
  readonly since: number
}

export interface Endpoint {
  readonly url: string
  readonly limit: Limit
  readonly client: EngineClient
  /** Sequences in flight. */
  inFlight: number
  /** Calls that can be given up, when the engine is lost. */
  readonly calls: Set<AbortController>
  /** Busy until then by its own word (Retry-After), in the clock's milliseconds. */
  restUntil: number
  lastError: string | null
  /** What it last said of its load; null where it says nothing. */
  load: EngineLoad | null
  readonly refusals: Map<string, Refusal>
  readonly refusalShare: RefusalShare
  readonly health: Health
  readonly liveness: Liveness
  /** Work is in flight: begin to watch its health and its load. */
  watch(): void
  close(): Promise<void>
}

/** Whether a lane may send a call there now, its limit aside. */
export function isUsable(endpoint: Endpoint, lane: string, now: number): boolean {
  if (endpoint.health.downSince() !== null || now < endpoint.restUntil) return false
  const refusal = endpoint.refusals.get(lane)
  return refusal === undefined || (now >= refusal.until && !refusal.trying)
}

/** Whether a call of so many sequences fits; one that is larger than the limit runs alone. */
export function hasRoom(endpoint: Endpoint, sequences: number): boolean {
  return endpoint.inFlight + sequences <= endpoint.limit.current() || endpoint.inFlight === 0
}

/** Since when it cannot be used by somebody: down, or refusing a role. */
export function unusableSince(endpoint: Endpoint): number | null {
  const since = [endpoint.health.downSince(), ...[...endpoint.refusals.values()].map((refusal) => refusal.since)]
  const known = since.filter((time) => time !== null)
  return known.length === 0 ? null : Math.min(...known)
}

/** A small call of one of the engine's models; rejects as any call does. */
export type Canary = (client: EngineClient, signal: AbortSignal) => Promise<unknown>

/** Between two looks for signs that an engine hangs, milliseconds. */
const SIGNS_MS = 5_000

/** Makes the endpoint; `onChange` is called whenever waiting calls may find it usable again. */
export function createEndpoint(engine: {
  url: string
  limit: Limit
  client: EngineClient
  canary: Canary
  clock: Clock
  random: () => number
  log: Logger
  health: HealthConfig
  liveness: LivenessConfig
  onChange: () => void
}): Endpoint {
  const { url, log, clock, client, limit } = engine
  const liveness = watchLiveness(engine.liveness, () => clock.now())
  const calls = new Set<AbortController>()
  let cancelSigns: (() => void) | null = null
  let closed = false

  /** In flight when it went down. While it is down no call is added. */
  let before: readonly AbortController[] = []

  const giveUp = (lost: readonly AbortController[]): void => {
    for (const call of lost) {
      call.abort(new EngineFailure('doubtful', 'engine-lost', 'the server was lost while the call was in flight'))
    }
  }

  /** null when a small call is answered, or refused by somebody who lives. */
  const canary = async (signal: AbortSignal): Promise<string | null> => {
    try {
      await engine.canary(client, signal)
      return null
    } catch (error) {
      if (signal.aborted || !(error instanceof EngineFailure)) throw error
      return error.engine === 'doubtful' || error.engine === 'unreachable' ? error.message : null
    }
  }

  const health = watchHealth({
    probe: (signal) => client.health(signal),
    canary,
    busy: () => endpoint.inFlight > 0,
    onDown: (reason) => {
      before = [...calls]
      endpoint.lastError = reason
      log.warn(
        { endpoint: url, reason },
        'model server does not answer; its calls wait or go elsewhere until it is back',
      )
    },
    onUp: (downMs) => {
      log.info({ endpoint: url, seconds: Math.round(downMs / 1000) }, 'model server is back')
      limit.restart()
      liveness.reassured()
      engine.onChange()
    },
    onLost: () => {
      giveUp(health.downSince() === null ? before : [...calls])
    },
    clock,
    random: engine.random,
    config: engine.health,
  })

  const loads = watchLoad({
    page: (signal) => client.metrics(signal),
    busy: () => endpoint.inFlight > 0 && health.downSince() === null,
    isRamping: () => limit.isRamping(),
    onNothing: () => {
      endpoint.load = null
      limit.observeNothing()
    },
    onLoad: (load) => {
      endpoint.load = load
      liveness.observed(load)
      const before = limit.current()
      limit.observe(load, endpoint.inFlight)
      if (limit.current() > before) engine.onChange()
    },
    clock,
  })

  /** Silence that is too long is settled by a small call: only when that stays away too does the engine hang. */
  const lookForSigns = async (): Promise<void> => {
    const suspicion = health.downSince() === null ? liveness.suspicion(endpoint.inFlight) : null
    if (suspicion !== null) {
      const deadline = new AbortController()
      const patience = Math.max(engine.health.canaryMs, 2 * (liveness.meanMs() ?? 0))
      const cancel = clock.after(patience, () => {
        deadline.abort(new Error('late'))
      })
      const reason = await canary(deadline.signal).catch((error: unknown) =>
        deadline.signal.aborted ? `a small call did not answer within ${patience} ms` : String(error),
      )
      cancel()
      if (reason === null) liveness.reassured()
      // Answers that came meanwhile count more.
      else if (liveness.suspicion(endpoint.inFlight) !== null) {
        liveness.suspected()
        health.hangs(`${suspicion}; ${reason}`)
      }
    }
    cancelSigns = null
    watchSigns()
  }

  const watchSigns = (): void => {
    if (closed || cancelSigns !== null || endpoint.inFlight === 0) return
    cancelSigns = clock.after(SIGNS_MS, () => {
      void lookForSigns()
    })
  }

  const endpoint: Endpoint = {
    ...{ url, limit, client, calls, health, liveness },
    inFlight: 0,
    restUntil: 0,
    lastError: null,
    load: null,
    refusals: new Map(),
    refusalShare: createRefusalShare(),
    watch: () => {
      if (endpoint.calls.size === 0 && cancelSigns === null) liveness.started()
      health.watch()
      loads.watch()
      watchSigns()
    },
    close: async () => {
      closed = true
      cancelSigns?.()
      loads.close()
      health.close()
      await client.close()
    },
  }
  return endpoint
}
