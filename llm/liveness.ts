// Signs that an engine accepts calls and answers none. Promises: silence alone is only a suspicion, to be settled by a
// small call of its own; an engine whose token counter moves is never suspected; long answers are no sign.

import type { EngineLoad } from './load.ts'

export interface LivenessConfig {
  /** Silence that is long where the engine counts its tokens, milliseconds. */
  readonly stallMs: number
  /** The same before the first answer, when nothing says how long one takes. */
  readonly firstAnswerMs: number
}

export const defaultLiveness: LivenessConfig = { stallMs: 30_000, firstAnswerMs: 180_000 }

export interface Liveness {
  /** A call was sent to an idle engine: silence counts from here. */
  started(): void
  /** A call was answered after so long. */
  answered(milliseconds: number): void
  observed(load: EngineLoad): void
  /** A small call was answered: it lives. */
  reassured(): void
  /** It was taken for one that hangs. */
  suspected(): void
  /** Mean time of an answer, milliseconds; null before the first. */
  meanMs(): number | null
  /** Why it may hang, with so many sequences in flight; null: it does not look so. */
  suspicion(inFlight: number): string | null
}

/** So many answers were due in the silence, by the mean time of an answer, and none came. */
const DUE = 20
/** Weight of the newest answer in the mean. */
const NEWEST = 0.05

/** Watches one engine. now: milliseconds. */
export function watchLiveness(config: LivenessConfig, now: () => number): Liveness {
  let signAt = now()
  let mean: number | null = null
  let generated: number | null = null
  let countsTokens = false
  let firstAnswerMs = config.firstAnswerMs

  const tooLong = (silence: number, inFlight: number): boolean => {
    if (countsTokens) return silence >= config.stallMs
    if (mean === null) return silence >= firstAnswerMs
    return silence >= config.stallMs / 2 && (inFlight * silence) / mean >= DUE
  }

  return {
    started: () => {
      signAt = now()
    },
    answered: (milliseconds) => {
      signAt = now()
      mean = mean === null ? milliseconds : mean + (milliseconds - mean) * NEWEST
    },
    observed: ({ generatedTokens }) => {
      if (generatedTokens === null) return
      if (generated !== null && generatedTokens !== generated) {
        countsTokens = true
        signAt = now()
      }
      generated = generatedTokens
    },
    reassured: () => {
      signAt = now()
    },
    // Nothing was ever answered, so it may only be slow: the next time it gets twice as long.
    suspected: () => {
      if (mean === null) firstAnswerMs *= 2
    },
    meanMs: () => mean,
    suspicion: (inFlight) => {
      const silence = now() - signAt
      if (inFlight === 0 || !tooLong(silence, inFlight)) return null
      return `nothing came from it for ${Math.round(silence / 1000)} s with ${inFlight} in flight`
    },
  }
}
