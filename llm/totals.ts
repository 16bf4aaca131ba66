// What each role has cost since the start: calls, tokens, seconds, US dollars. Promise: tries that failed or were
// given up cost what they used of the engine, although no record carries it.

import type { Clock } from './clock.ts'
import type { LlmState, RoleUsage } from './contract.ts'
import type { EngineClient } from './engine-client.ts'
import { createShareClock, type Price, type ShareClock, type Tokens, usdOf } from './prices.ts'

type Call<T> = (client: EngineClient, signal: AbortSignal) => Promise<T>

/** One call of a role, over all its tries. */
export interface Meter {
  /** The same call, its time at the engine counted. */
  around<T>(call: Call<T>): Call<T>
  retried(): void
  /** The call was answered by its last try; tokens null: it had none. Returns what that try cost, null without a price. */
  answered(tokens: Tokens | null, milliseconds: number): number | null
}

export interface Totals {
  meter(role: string, sequences: number, price: Price | undefined): Meter
  all(): LlmState['usage']
}

const NO_TOKENS: Tokens = { prompt: 0, cached: 0, completion: 0 }

/** Counts from zero. One share clock for each engine serves all roles that call it. */
export function createTotals(clock: Clock): Totals {
  const totals = new Map<string, { -readonly [Name in keyof RoleUsage]: RoleUsage[Name] }>()
  const engines = new Map<string, ShareClock>()

  const totalOf = (role: string, price: Price | undefined) => {
    let total = totals.get(role)
    if (total === undefined) {
      const counts = { calls: 0, promptTokens: 0, cachedTokens: 0, completionTokens: 0, retries: 0, unmeasured: 0 }
      total = { ...counts, seconds: 0, sequenceSeconds: 0, engineSeconds: 0, usd: price === undefined ? null : 0 }
      totals.set(role, total)
    }
    return total
  }

  const engineOf = ({ url }: EngineClient): ShareClock => {
    let engine = engines.get(url)
    if (engine === undefined) {
      engine = createShareClock(() => clock.now())
      engines.set(url, engine)
    }
    return engine
  }

  return {
    meter(role, sequences, price) {
      const total = totalOf(role, price)
      const pay = (tokens: Tokens, engineSeconds: number): number | null => {
        if (price === undefined) return null
        const usd = usdOf(price, tokens, engineSeconds)
        total.usd = (total.usd ?? 0) + usd
        return usd
      }
      let lastSeconds = 0
      return {
        around: (call) => async (client, signal) => {
          const end = engineOf(client).begin(sequences)
          try {
            const value = await call(client, signal)
            lastSeconds = end()
            return value
          } catch (error) {
            pay(NO_TOKENS, end())
            throw error
          } finally {
            total.engineSeconds += end()
          }
        },
        retried() {
          total.retries += 1
        },
        answered(counted, milliseconds) {
          const tokens = counted ?? NO_TOKENS
          total.calls += 1
          total.promptTokens += tokens.prompt
          total.cachedTokens += tokens.cached
          total.completionTokens += tokens.completion
          total.seconds += milliseconds / 1000
          total.sequenceSeconds += (sequences * milliseconds) / 1000
          // A prompt is never empty, so a count of none is a server that does not count.
          if (counted?.prompt === 0) total.unmeasured += 1
          return pay(tokens, lastSeconds)
        },
      }
    },
    all: () => Object.fromEntries([...totals].map(([role, total]) => [role, { ...total }])),
  }
}
