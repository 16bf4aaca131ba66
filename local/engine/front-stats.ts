// Counting for tests and forecasts, at /simulator/stats (not one of vLLM's routes): calls by route, and how many were
// answered again. GET reads, POST reads and starts again at zero (and forgets what was asked). What identifies a call
// is its route and body: ids of a try and keys travel in headers, so a call that is tried again has the same body.

import { hash } from 'node:crypto'
import type { Clock } from './clock.ts'
import type { Busy } from './front-busy.ts'
import type { AnsweredCalls } from './front-memory.ts'
import { rememberNothing } from './front-memory.ts'
import type { FaultKind } from './front-mischief.ts'

export interface RouteStats {
  calls: number
  sequences: number
  /** Calls whose route and body had come before, answered or not. */
  askedAgain: number
  /** Calls that were answered with a status below 400. */
  answered: number
  /** Of these, calls that had been answered in full before: work that was paid twice. */
  repeated: number
  refused: number
  /** Calls that a fault of the simulator's ended: reset, cut, or with no true finish reason. */
  faulted: number
  /** The client went away before the answer. */
  aborted: number
}

export interface FrontStats extends Busy {
  startedAt: string
  routes: Record<string, RouteStats>
  /** Sums over all routes. */
  total: RouteStats
  /** Calls that have come and have no end yet, right now. */
  inFlight: number
  /** Calls that were answered in the last second. */
  answeredLately: number
  promptTokens: number
  generationTokens: number
  /** Calls since the reset that met a fault of each kind. */
  faults: Partial<Record<FaultKind, number>>
  /** Sequences that had to start again for want of KV cache. */
  preemptions: number
  /** How many there are. */
  slots: number
  /** Right now. */
  running: number
  waiting: number
  /** The largest number of sequences in slots at once. */
  peakRunning: number
  peakWaiting: number
}

/** One call's way through the counters. */
export interface CountedCall {
  /** How often the same call had been answered in full before it came. */
  readonly answeredBefore: number
  sequences(count: number): void
  ended(how: 'answered' | 'refused' | 'faulted' | 'aborted'): void
}

export interface CallCounter {
  begin(route: string, body: Buffer): CountedCall
  read(): Pick<FrontStats, 'startedAt' | 'routes' | 'total' | 'inFlight' | 'answeredLately'>
  reset(): void
}

const LATELY_MS = 1000

function zero(): RouteStats {
  return { calls: 0, sequences: 0, askedAgain: 0, answered: 0, repeated: 0, refused: 0, faulted: 0, aborted: 0 }
}

/** Counters at zero. Each different body costs some 100 bytes until the reset. memory: what earlier servers answered. */
export function createCallCounter(clock: Clock, memory: AnsweredCalls = rememberNothing()): CallCounter {
  let routes: Record<string, RouteStats> = {}
  let startedAt = new Date()
  let inFlight = 0
  /** When the calls of the last second were answered, oldest first. */
  let moments: number[] = []
  const forgetMoments = (now: number): void => {
    const fresh = moments.findIndex((moment) => moment > now - LATELY_MS)
    moments = fresh < 0 ? [] : moments.slice(fresh)
  }
  /** Calls that have come, by 48 bits of their hash. */
  let asked = new Set<number>()
  return {
    begin(route, body) {
      const stats = (routes[route] ??= zero())
      const key = hash('sha1', route + body.toString('latin1'), 'buffer').readUIntBE(0, 6)
      const answeredBefore = memory.times(key)
      stats.calls += 1
      if (asked.has(key) || answeredBefore > 0) stats.askedAgain += 1
      asked.add(key)
      inFlight += 1
      return {
        answeredBefore,
        sequences: (count) => {
          stats.sequences += count
        },
        ended: (how) => {
          inFlight -= 1
          stats[how] += 1
          if (how !== 'answered') return
          // Counted when it ends: of two twins that came side by side, the second one to be answered is the repeat.
          if (memory.times(key) > 0) stats.repeated += 1
          memory.answered(key)
          const now = clock.now()
          forgetMoments(now)
          moments.push(now)
        },
      }
    },
    read() {
      const total = zero()
      for (const stats of Object.values(routes)) {
        for (const name of Object.keys(total) as (keyof RouteStats)[]) total[name] += stats[name]
      }
      forgetMoments(clock.now())
      const now = { inFlight, answeredLately: moments.length }
      return { startedAt: startedAt.toISOString(), routes: structuredClone(routes), total, ...now }
    },
    reset() {
      routes = {}
      asked = new Set()
      memory.forget()
      moments = []
      startedAt = new Date()
    },
  }
}
