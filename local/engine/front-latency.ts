// How long a simulated sequence takes: log-normal, drawn by the request itself, so the same request takes as long again;
// and, where the latency drifts, slower and faster by a wave over the server's time.

import { createDice } from './random.ts'

export interface Latency {
  /** Half of all sequences take less; 0: all are instant. */
  readonly medianMs: number
  /** Standard deviation of the logarithm: 0 = all alike, 0.5 = a tenth takes 1.9 times the median or more. */
  readonly sigma: number
  /** The median goes from itself to `factor` times itself and back in each period. */
  readonly drift?: { readonly factor: number; readonly periodMs: number }
}

/** Milliseconds for the sequence with this seed and this prompt's hash, without drift. */
export function drawLatency(latency: Latency | undefined, seed: number, promptHash: number): number {
  if (latency === undefined || latency.medianMs <= 0) return 0
  return latency.medianMs * Math.exp(latency.sigma * createDice(seed, promptHash, 0x7a7e).normal())
}

/** What the drift multiplies times with, so many milliseconds after the start: 1 at first, `factor` after half a period. */
export function driftAt(latency: Latency | undefined, elapsedMs: number): number {
  if (latency?.drift === undefined) return 1
  const { factor, periodMs } = latency.drift
  return 1 + ((factor - 1) * (1 - Math.cos((2 * Math.PI * elapsedMs) / periodMs))) / 2
}
