// Waiting before the next try: longer each time, never past a limit, ended at once by an abort.

import { setTimeout as wait } from 'node:timers/promises'

export interface BackOff {
  /** Milliseconds before the second try. */
  readonly first: number
  /** Longest wait, milliseconds. */
  readonly longest: number
}

/** For sinks whose store is down: one batch every ten seconds is no load, and its return is soon seen. */
export const STORE_BACK_OFF: BackOff = { first: 500, longest: 10_000 }

/** For handlers whose server is down. */
export const SERVER_BACK_OFF: BackOff = { first: 2000, longest: 60_000 }

/** For the broker. */
export const BROKER_BACK_OFF: BackOff = { first: 250, longest: 10_000 }

/** Milliseconds to wait after `failures` failures in a row: doubled each time, 20 % spread. */
export function backOffDelay(
  failures: number,
  { first, longest }: BackOff,
  random: () => number = Math.random,
): number {
  const delay = Math.min(first * 2 ** Math.min(failures - 1, 30), longest)
  return Math.round(delay * (0.9 + 0.2 * random()))
}

/** Waits; returns false (at once) when the signal is or becomes aborted. */
export async function pauseFor(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  try {
    await wait(milliseconds, undefined, { signal })
    return true
  } catch {
    return false
  }
}

/** Resolves true when the promise settles in time, false when the time is over first. Never rejects. */
export async function settledWithin(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const timer = new AbortController()
  const settled = promise.then(
    () => true,
    () => true,
  )
  const late = pauseFor(milliseconds, timer.signal).then(() => false)
  const inTime = await Promise.race([settled, late])
  timer.abort()
  return inTime
}
