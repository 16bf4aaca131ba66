// One engine as the pool sees it: its client, its limit, what is in flight there and whether it can be used.
// Promises: shared by every role that names the same URL, so that they share one limit and one set of connections.

import type { Logger } from '../schemas/logger.ts'
import type { Clock } from './clock.ts'
import { EngineFailure } from './engine-failure.ts'
import type { EngineClient } from './engine-client.ts'
import { type Health, type HealthConfig, watchHealth } from './health.ts'
import type { Limit } from './limit.ts'
import { type Liveness, type LivenessConfig, watchLiveness } from './liveness.ts'
import { othersAt, type EngineLoad } from './load.ts'
import { watchLoad } from './load-watch.ts'
import { createRefusalShare, type RefusalShare } from './refusal-share.ts'

/** A role that this engine refuses (wrong key, unknown model): one call at a time tries again after a pause. */
interface Refusal {
  until: number
  tries: number
  trying: boolean
  readonly since: number
}

/** A call that is in flight. */
export interface SentCall {
  /** A role, or `reward:NAME`. */
  readonly role: string
  /** Mean time of an answer of this role here, milliseconds; null before the first. */
  readonly meanMs: () => number | null
  readonly sentAt: number
  readonly sequences: number
  /** How often the same call was given up as lost before: each time it gets twice as long. */
  readonly lost: number
}

export interface Endpoint {
  readonly url: string
  readonly limit: Limit
  /** Its calls have the place in the engine's queue that is theirs. */
  readonly client: EngineClient
  /** Sequences in flight. */
  inFlight: number
  /** Calls that can be given up, when the engine is lost. */
  readonly calls: Map<AbortController, SentCall>
  /** Busy until then by its own word (Retry-After), in the clock's milliseconds. */
  restUntil: number
  lastError: string | null
  /** What it last said of its load; null where it says nothing. */
  load: EngineLoad | null
  /** Whether, by that load, our calls have the place behind others, others are there, and somebody waits. */
  isKeptWaiting: boolean
  readonly refusals: Map<string, Refusal>
  readonly refusalShare: RefusalShare
  readonly health: Health
  readonly liveness: Liveness
  /** This call was answered. */
  answered(call: AbortController): void
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

/** Replies may be on their way, or read late, for so long. */
const ON_THE_WAY_MS = 3_000
/** A call that an engine does not know any more is given up after so long, and so many times the mean of its role. */
const LOST_MS = 60_000
const LOST_TIMES = 10
/** The same where the engine does not tell what it has. */
const LOST_BLIND_MS = 180_000
const LOST_BLIND_TIMES = 50

/** Makes the endpoint; `onChange` is called whenever waiting calls may find it usable again. */
export function createEndpoint(engine: {
  url: string
  limit: Limit
  client: EngineClient
  /** Place of the calls in the engine's queue, over 0 behind others; small ones that ask whether it lives do not wait behind others. 0 unless said. */
  priority?: number
  canary: Canary
  clock: Clock
  random: () => number
  log: Logger
  health: HealthConfig
  liveness: LivenessConfig
  onChange: () => void
}): Endpoint {
  const { url, log, clock, client, limit, priority = 0 } = engine
  const liveness = watchLiveness(engine.liveness, () => clock.now())
  const calls = new Map<AbortController, SentCall>()
  let cancelSigns: (() => void) | null = null
  let cancelSettling: (() => void) | null = null
  let closed = false
  let backAt = Infinity

  /** In flight when it went down; null once one of them was answered after it was back: it is the same process. */
  let before: Set<AbortController> | null = null

  const giveUp = (lost: readonly AbortController[]): void => {
    for (const call of lost) {
      call.abort(new EngineFailure('doubtful', 'engine-lost', 'the server was lost while the call was in flight'))
    }
  }

  /**
   * Back, but perhaps as a new process, and the sockets of the old one may stay silent for ever. What was in flight is
   * given up when none of it was answered in twice the time that answers take.
   */
  const settleBefore = (): void => {
    const waiting = before
    if (waiting === null || ![...waiting].some((call) => calls.has(call))) return
    const mean = liveness.meanMs()
    const patience = mean === null ? engine.liveness.firstAnswerMs : Math.max(engine.health.graceMs, 2 * mean)
    cancelSettling?.()
    cancelSettling = clock.after(patience, () => {
      if (waiting === before) giveUp([...waiting].filter((call) => calls.has(call)))
    })
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
      before = new Set(calls.keys())
      backAt = Infinity
      client.renew()
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
      backAt = clock.now()
      settleBefore()
      engine.onChange()
    },
    onLost: () => {
      giveUp([...calls.keys()])
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
      endpoint.isKeptWaiting = false
      limit.observeNothing()
    },
    onLoad: (load) => {
      endpoint.load = load
      endpoint.isKeptWaiting = priority > 0 && load.waiting > 0 && othersAt(load, endpoint.inFlight) > 0
      liveness.observed(load)
      const before = limit.current()
      limit.observe(load, endpoint.inFlight)
      if (limit.current() > before) engine.onChange()
    },
    clock,
  })

  /**
   * Single calls that an engine, which is well, has lost. Where it tells its load, they are what is in flight and neither
   * runs nor waits there; else only a time far beyond that of other answers says it.
   */
  const giveUpLost = (): void => {
    if (health.downSince() !== null) return
    const { load } = endpoint
    let missing = load === null ? Infinity : endpoint.inFlight - load.running - load.waiting
    const [least, times] = load === null ? [LOST_BLIND_MS, LOST_BLIND_TIMES] : [LOST_MS, LOST_TIMES]
    // Oldest first: a Map keeps the order in which calls were sent.
    for (const [call, { role, meanMs, sentAt, sequences, lost }] of calls) {
      const mean = meanMs()
      if (missing <= 0 || mean === null) return
      if (clock.now() - sentAt < Math.max(least, times * mean) * 2 ** lost) continue
      missing -= sequences
      log.warn(
        { endpoint: url, role, seconds: Math.round((clock.now() - sentAt) / 1000) },
        'model server has lost a call; it is tried again',
      )
      giveUp([call])
    }
  }

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
    giveUpLost()
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
    ...{ url, limit, calls, health, liveness },
    client: priority === 0 ? client : client.at(priority),
    inFlight: 0,
    restUntil: 0,
    lastError: null,
    load: null,
    isKeptWaiting: false,
    refusals: new Map(),
    refusalShare: createRefusalShare(),
    answered: (call) => {
      // Replies that were on their way when it went down are no sign; those that come when it has been back for a while are.
      if (clock.now() - backAt > ON_THE_WAY_MS && before?.has(call) === true) before = null
    },
    watch: () => {
      if (endpoint.calls.size === 0 && cancelSigns === null) liveness.started()
      health.watch()
      loads.watch()
      watchSigns()
    },
    close: async () => {
      closed = true
      cancelSigns?.()
      cancelSettling?.()
      loads.close()
      health.close()
      await client.close()
    },
  }
  return endpoint
}
