// How long a simulated sequence takes: log-normal, drawn by the request itself, so the same request takes as long again.

import { createDice } from './random.ts'

export interface Latency {
  /** Half of all sequences take less; 0: all are instant. */
  readonly medianMs: number
  /** Standard deviation of the logarithm: 0 = all alike, 0.5 = a tenth takes 1.9 times the median or more. */
  readonly sigma: number
}

/** Milliseconds for the sequence with this seed and this prompt's hash. */
export function drawLatency(latency: Latency | undefined, seed: number, promptHash: number): number {
  if (latency === undefined || latency.medianMs <= 0) return 0
  return latency.medianMs * Math.exp(latency.sigma * createDice(seed, promptHash, 0x7a7e).normal())
}

/** Resolves after so many milliseconds; rejects with the signal's reason when it aborts first. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason as Error)
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, milliseconds)
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal.reason as Error)
    }
    signal.addEventListener('abort', stop, { once: true })
  })
}
