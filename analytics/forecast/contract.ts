// What a forecast says and is made of. Every interval holds the run's own figure with a chance of 95 %, as far as the probe tells.

import type { Price } from '../../llm/prices.ts'

/** What one role has cost for one problem. */
export interface RoleCost {
  readonly promptTokens: number
  readonly cachedTokens: number
  readonly completionTokens: number
  readonly usd: number | null
  /** Seconds at an engine, each sequence counted. */
  readonly sequenceSeconds: number
}

/** One problem of the probe, from its first call to its end. */
export interface ProblemCost {
  readonly roles: Readonly<Record<string, RoleCost>>
  readonly sft: boolean
  readonly preference: boolean
}

/** What the run is wanted to make: problems in all, or rows. */
export interface Plan {
  readonly total: number | null
  readonly accept: {
    readonly sft: number | null
    readonly preference: number | null
    readonly minimum: number
  } | null
}

/** The endpoints that a role may use; limit: sequences that run there at once. */
export interface RoleEndpoints {
  readonly role: string
  readonly price: Price | undefined
  readonly endpoints: readonly { readonly url: string; readonly limit: number; readonly weight: number }[]
}

/** low and high: 95 % interval. */
export interface Estimate {
  readonly value: number
  readonly low: number
  readonly high: number
}

export interface Amounts {
  readonly promptTokens: Estimate
  readonly completionTokens: Estimate
  /** Prompt and new tokens together. */
  readonly tokens: Estimate
  /** US dollars; null without a price. */
  readonly usd: Estimate | null
}

export interface Forecast {
  /** Problems of the probe that came to an end. */
  readonly probed: number
  /** Which wish ends the run: the total, or the rows wanted. */
  readonly endsBy: 'total' | 'sft' | 'preference' | 'minimum'
  readonly problems: number
  readonly rows: { readonly sft: Estimate; readonly preference: Estimate }
  readonly all: Amounts
  readonly roles: readonly (Amounts & { readonly role: string })[]
  /** null: no such row was accepted in the probe. */
  readonly perSftRow: Amounts | null
  readonly perPreferenceRow: Amounts | null
  /** Of work at full load. */
  readonly hours: Estimate
  /** The engine that the hours are of: the one with the most to do for its limit. */
  readonly busiest: { readonly url: string; readonly limit: number } | null
  readonly unpriced: readonly string[]
}
