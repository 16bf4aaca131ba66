// What a model costs: by the token, or by the hours of the GPUs behind an endpoint. Promise: the shares of an engine's
// time that its calls are given sum to the time in which the engine had anything to do, whatever ran side by side.

import { z } from 'zod'

const amount = z.number().min(0)

export const priceConfig = z
  .discriminatedUnion('per', [
    z.strictObject({
      per: z.literal('million-tokens'),
      prompt: amount.describe('US dollars for a million prompt tokens'),
      cached: amount
        .optional()
        .describe(
          'US dollars for a million prompt tokens out of the prefix cache; the price of the others unless given',
        ),
      completion: amount.describe('US dollars for a million new tokens'),
    }),
    z.strictObject({
      per: z.literal('gpu-hour'),
      usd: amount.describe('US dollars for an hour of one GPU'),
      gpus: z.number().positive().describe('GPUs behind EACH endpoint of this model'),
    }),
  ])
  .optional()
  .describe('What the model costs; without it nothing is said of money')

export type Price = NonNullable<z.infer<typeof priceConfig>>

/** Tokens of one call as its server counted them. */
export interface Tokens {
  readonly prompt: number
  /** Of `prompt`, those out of the prefix cache. */
  readonly cached: number
  readonly completion: number
}

/** US dollars of tokens, and of seconds of an engine's time. A price looks at one of the two. */
export function usdOf(price: Price, tokens: Tokens, engineSeconds: number): number {
  if (price.per === 'gpu-hour') return (engineSeconds * price.gpus * price.usd) / 3600
  const { prompt, cached = prompt, completion } = price
  const fresh = tokens.prompt - tokens.cached
  return (fresh * prompt + tokens.cached * cached + tokens.completion * completion) / 1e6
}

/** Shares out one engine's time among the calls that are in flight there. */
export interface ShareClock {
  /** A call of so many sequences begins; the returned function ends it and gives its seconds of the engine. */
  begin(sequences: number): () => number
  /** Seconds in which anything was in flight, until the last begin or end. */
  busySeconds(): number
}

/**
 * now: milliseconds that never run backwards.
 *
 * The clock keeps V(t), the integral of dt / sequences in flight over the time in which any are: what one sequence
 * that ran through all of it would have had of the engine. A call of n sequences has n × (V(end) − V(begin)).
 */
export function createShareClock(now: () => number): ShareClock {
  let inFlight = 0
  let share = 0
  let busy = 0
  let last = now()
  const move = (): void => {
    const at = now()
    if (inFlight > 0) {
      share += (at - last) / inFlight
      busy += at - last
    }
    last = at
  }
  return {
    begin(sequences) {
      move()
      inFlight += sequences
      const from = share
      let seconds: number | null = null
      return () => {
        if (seconds !== null) return seconds
        move()
        inFlight -= sequences
        seconds = (sequences * (share - from)) / 1000
        // With nothing in flight the sum may start again: no rounding gathers over weeks.
        if (inFlight === 0) share = 0
        return seconds
      }
    },
    busySeconds: () => busy / 1000,
  }
}
