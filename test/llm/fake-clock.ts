// A clock that stands still until a test moves it.

import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../llm/clock.ts'

export interface FakeClock extends Clock {
  /** Moves on, calling back what falls due in order, and lets promises settle after each. */
  advance(milliseconds: number): Promise<void>
  /** Moves from timer to timer until the promise settles; fails when no timer is left before. */
  runUntil<T>(promise: Promise<T>): Promise<T>
  /** Timers that wait. */
  pending(): number
}

export function createFakeClock(start = 1_000_000): FakeClock {
  let now = start
  let order = 0
  const timers = new Set<{ due: number; order: number; callback: () => void }>()

  const next = (until: number): { due: number; order: number; callback: () => void } | undefined =>
    [...timers].filter(({ due }) => due <= until).sort((a, b) => a.due - b.due || a.order - b.order)[0]

  const fire = async (timer: { due: number; order: number; callback: () => void }): Promise<void> => {
    timers.delete(timer)
    now = Math.max(now, timer.due)
    timer.callback()
    await settle()
  }

  return {
    now: () => now,
    after: (milliseconds, callback) => {
      order += 1
      const timer = { due: now + Math.max(0, milliseconds), order, callback }
      timers.add(timer)
      return () => {
        timers.delete(timer)
      }
    },
    advance: async (milliseconds) => {
      const until = now + milliseconds
      await settle()
      for (let timer = next(until); timer !== undefined; timer = next(until)) await fire(timer)
      now = until
    },
    runUntil: async (promise) => {
      const state = { done: false }
      const mark = (): void => {
        state.done = true
      }
      promise.then(mark, mark)
      for (;;) {
        await settle()
        if (state.done) return promise
        const timer = next(Infinity)
        if (timer === undefined) throw new Error('the promise waits, and no timer is left that could end that')
        await fire(timer)
      }
    },
    pending: () => timers.size,
  }
}

/** Lets everything that is ready run. */
export async function settle(): Promise<void> {
  await setImmediate()
  await setImmediate()
}
