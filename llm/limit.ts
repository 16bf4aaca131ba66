// How many sequences one engine gets at once, found out while working: additive increase, multiplicative decrease.
// Promises: a small queue is kept at the engine, so that a slot that falls free is never idle, and no more than that;
// refusals (429, 503) and preemptions bring it down, once for each; it always finds its way up again, from 1 too;
// the reason of its last change can be read.
//
// Two sources say how full the engine is. Where it tells its queue (llm/load.ts), what runs of ours is what is in
// flight less what waits, and the limit is that and a tenth more: with exactly as many in flight as there are slots, a
// fifth of them stood idle. Where it does not, the rate of answers at two levels says it (llm/rate-climber.ts).

import type { EngineLoad } from './load.ts'
import { createRateClimber } from './rate-climber.ts'

export interface LimitConfig {
  /** Never more than so many. */
  readonly most: number
  /** What it begins with, and begins with again when the engine was down. */
  readonly start: number
  /** false: it is always `most`. */
  readonly adaptive: boolean
}

export interface LimitChange {
  /** Since when the limit is what it is, milliseconds since 1970. */
  readonly at: number
  readonly reason: string
}

export interface Limit {
  current(): number
  lastChange(): LimitChange
  /** Ramping up: looks at the load are worth while several times a second. */
  isRamping(): boolean
  /** A call waits that only the limit keeps back. */
  wanted(): void
  /** The engine answered a call of so many sequences. */
  answered(sequences: number): void
  /** The engine refused a call as too many (429, 503). inFlight: sequences there, this call not included. */
  refused(call: { inFlight: number; sentAt: number }): void
  /** What the engine says of its queue; inFlight: sequences of ours there. */
  observe(load: EngineLoad, inFlight: number): void
  /** It says nothing of its queue (any more): the answers have to do. */
  observeNothing(): void
  /** It was down and is back: it may be another machine. */
  restart(): void
}

/** Sequences that should wait in an engine's queue for each one that runs. */
const QUEUE_SHARE = 0.1
/** Sequences between us and the engine for each one that runs, at most. */
const IN_TRANSIT = 0.05
/** Less than this share of a full KV cache is left: more sequences would be preempted. */
const CACHE_FULL = 0.97
/** After a preemption nothing is added for so long, milliseconds. */
const PREEMPTED_REST_MS = 20_000
/** A refusal leaves so much of what was in flight. */
const REFUSED_SHARE = 0.9
/** Up to this share of where it was refused the limit grows freely. */
const NEAR_REFUSAL = 0.95
/** The last refusal is remembered so long, milliseconds: until then the limit creeps towards it. */
const REFUSAL_MEMORY_MS = 60_000
/** At most this share less at one look. */
const LEAST_SHARE = 0.75

/** Makes the limit of one engine. now: milliseconds. */
export function createLimit(config: LimitConfig, now: () => number): Limit {
  const { most, adaptive } = config
  const start = adaptive ? Math.min(config.start, most) : most
  let limit = start
  let change: LimitChange = { at: now(), reason: adaptive ? 'start' : 'fixed by the config' }
  let ramping = adaptive
  let isWanted = false
  let tellsLoad = false
  let preemptions: number | null = null
  let quietUntil = 0
  /** Refused there; creep up to it. */
  let ceiling = Infinity
  let refusedAt = -Infinity
  /** Grows again after refusals, by answers alone. */
  let recovering = false
  let turned = 0
  const climber = createRateClimber(start)

  const set = (wish: number, reason: string): void => {
    const next = Math.max(1, Math.min(most, Math.round(wish)))
    if (next === limit) return
    limit = next
    change = { at: now(), reason }
  }

  /** Near to where it was refused it creeps. */
  const mayGrowTo = (wish: number): number => {
    if (now() - refusedAt > REFUSAL_MEMORY_MS) ceiling = Infinity
    const safe = Math.floor(ceiling * NEAR_REFUSAL)
    return wish <= safe ? wish : Math.max(safe, Math.min(limit + 1, wish))
  }

  const grow = (wish: number, reason: string): void => {
    if (now() < quietUntil) return
    const next = mayGrowTo(wish)
    if (next > limit) set(next, reason)
  }

  /** After a refusal, where nothing but answers is told: a twentieth more for each turn of what is in flight. */
  const recover = (sequences: number): void => {
    turned += sequences
    if (turned < limit) return
    turned = 0
    if (!isWanted) return
    isWanted = false
    // Once the refusal is forgotten the rates decide again.
    if (now() - refusedAt > REFUSAL_MEMORY_MS) {
      recovering = false
      climber.restart(limit)
      return
    }
    grow(limit + Math.max(1, Math.ceil(limit / 20)), 'no refusals any more')
  }

  /** True when the engine has put sequences back since the last look. */
  const hasPreempted = (load: EngineLoad): boolean => {
    const before = preemptions
    preemptions = load.preemptions
    return before !== null && preemptions !== null && preemptions > before
  }

  return {
    current: () => limit,
    lastChange: () => change,
    isRamping: () => ramping && tellsLoad,
    wanted: () => {
      isWanted = true
      climber.wanted()
    },
    answered: (sequences) => {
      if (!adaptive || tellsLoad) return
      if (recovering) {
        recover(sequences)
        return
      }
      const wish = climber.answered({ sequences, now: now(), limit })
      if (wish === null) return
      if (wish.level > limit) grow(wish.level, wish.reason)
      else set(wish.level, wish.reason)
    },
    refused: ({ inFlight, sentAt }) => {
      // What was sent before the last change says nothing about the limit that is now.
      if (!adaptive || sentAt < change.at) return
      ramping = false
      refusedAt = now()
      ceiling = Math.max(1, inFlight)
      set(Math.min(limit, inFlight * REFUSED_SHARE), `refused with ${inFlight} in flight`)
      climber.restart(limit)
      recovering = true
      turned = 0
    },
    observe: (load, inFlight) => {
      if (!adaptive) return
      tellsLoad = true
      const { running, waiting, cacheUsage } = load
      const keep = Math.max(2, Math.ceil(QUEUE_SHARE * running))
      // What runs of ours and a small queue. Other clients' sequences in the queue count: all give way alike.
      // What is on its way in between is no reason for more: a client that is late does not make slots.
      const wish = Math.min(inFlight - waiting, Math.ceil(running * (1 + IN_TRANSIT))) + keep
      const demand = isWanted
      isWanted = false
      if (hasPreempted(load)) {
        ramping = false
        quietUntil = now() + PREEMPTED_REST_MS
        set(Math.min(limit, Math.max(limit * LEAST_SHARE, running * 0.9)), 'the engine preempts: its KV cache is full')
        return
      }
      if (waiting > 1.5 * keep && wish < limit) {
        set(ramping ? wish : Math.max(limit * LEAST_SHARE, wish), `${waiting} wait in the engine's queue`)
        ramping = false
        return
      }
      if (!demand || waiting >= keep) return
      if (cacheUsage !== null && cacheUsage >= CACHE_FULL && waiting > 0) return
      if (ramping && waiting === 0) grow(limit * 2, 'ramp: no queue at the engine')
      else {
        ramping = false
        const step = Math.max(2, Math.ceil(limit / 10))
        // One more at a time where the engine has no queue at all, whatever is on its way in between.
        const least = waiting === 0 ? limit + 1 : limit
        grow(Math.min(Math.max(wish, least), limit + step), 'the queue at the engine is short')
      }
    },
    observeNothing: () => {
      if (!tellsLoad) return
      tellsLoad = false
      climber.restart(limit)
    },
    restart: () => {
      if (!adaptive) return
      ramping = true
      tellsLoad = false
      recovering = false
      preemptions = null
      ceiling = Infinity
      quietUntil = 0
      set(Math.min(start, limit), 'the engine was down')
      climber.restart(limit)
    },
  }
}
