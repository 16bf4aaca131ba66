// Counting for tests and forecasts, at /simulator/stats (not one of vLLM's routes): calls by route, and how many
// asked for what had been asked before. GET reads, POST reads and starts again at zero (and forgets what was asked).

import { hash } from 'node:crypto'
import type { Busy } from './front-busy.ts'
import type { FaultKind } from './front-mischief.ts'

export interface RouteStats {
  calls: number
  sequences: number
  /** Calls whose route and body had come before. */
  repeated: number
  /** Of these, calls whose earlier twin had been answered: work that was paid twice. */
  repeatedAnswered: number
  /** Calls that were answered with a status below 400. */
  answered: number
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
  sequences(count: number): void
  ended(how: 'answered' | 'refused' | 'faulted' | 'aborted'): void
}

export interface CallCounter {
  begin(route: string, body: Buffer): CountedCall
  read(): Pick<FrontStats, 'startedAt' | 'routes' | 'total'>
  reset(): void
}

function zero(): RouteStats {
  return { calls: 0, sequences: 0, repeated: 0, repeatedAnswered: 0, answered: 0, refused: 0, faulted: 0, aborted: 0 }
}

/** Counters at zero. Each different body costs some 50 bytes until the reset. */
export function createCallCounter(): CallCounter {
  let routes: Record<string, RouteStats> = {}
  let startedAt = new Date()
  /** 48 bits of each body's hash: whether it was answered. */
  let seen = new Map<number, boolean>()
  return {
    begin(route, body) {
      const stats = (routes[route] ??= zero())
      const known = seen
      const key = hash('sha1', route + body.toString('latin1'), 'buffer').readUIntBE(0, 6)
      const before = known.get(key)
      stats.calls += 1
      if (before !== undefined) stats.repeated += 1
      if (before === true) stats.repeatedAnswered += 1
      known.set(key, before === true)
      return {
        sequences: (count) => {
          stats.sequences += count
        },
        ended: (how) => {
          stats[how] += 1
          if (how === 'answered') known.set(key, true)
        },
      }
    },
    read() {
      const total = zero()
      for (const stats of Object.values(routes)) {
        for (const name of Object.keys(total) as (keyof RouteStats)[]) total[name] += stats[name]
      }
      return { startedAt: startedAt.toISOString(), routes: structuredClone(routes), total }
    },
    reset() {
      routes = {}
      seen = new Map()
      startedAt = new Date()
    },
  }
}
