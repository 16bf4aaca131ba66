// The three verdicts, and how verdicts of parts make the verdict of the whole.

import type { Comparison } from './contract.ts'

export function equal(reason: string): Comparison {
  return { verdict: 'equal', reason }
}
export function different(reason: string): Comparison {
  return { verdict: 'different', reason }
}
export function unknown(reason: string): Comparison {
  return { verdict: 'unknown', reason }
}

/** All parts equal: equal; one part different: different; else unknown for the reason of the part that is. */
export function together(parts: readonly Comparison[], reason: string): Comparison {
  const apart = parts.find((part) => part.verdict === 'different')
  if (apart !== undefined) return different(reason)
  return parts.find((part) => part.verdict === 'unknown') ?? equal(reason)
}
