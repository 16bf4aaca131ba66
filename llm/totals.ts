// What each role has cost since the start.

import type { LlmState } from './contract.ts'

export interface Totals {
  call(role: string, promptTokens: number, completionTokens: number, milliseconds: number): void
  retry(role: string): void
  all(): LlmState['usage']
}

/** Counts calls that were answered, their tokens and seconds, and the tries that were not. */
export function createTotals(): Totals {
  const totals = new Map<
    string,
    { calls: number; promptTokens: number; completionTokens: number; retries: number; seconds: number }
  >()
  const of = (
    role: string,
  ): { calls: number; promptTokens: number; completionTokens: number; retries: number; seconds: number } => {
    let total = totals.get(role)
    if (total === undefined) {
      total = { calls: 0, promptTokens: 0, completionTokens: 0, retries: 0, seconds: 0 }
      totals.set(role, total)
    }
    return total
  }
  return {
    call: (role, promptTokens, completionTokens, milliseconds) => {
      const total = of(role)
      total.calls += 1
      total.promptTokens += promptTokens
      total.completionTokens += completionTokens
      total.seconds += milliseconds / 1000
    },
    retry: (role) => {
      of(role).retries += 1
    },
    all: () => Object.fromEntries([...totals].map(([role, total]) => [role, { ...total }])),
  }
}
