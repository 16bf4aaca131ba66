// Candidates pass through named gates, one after the other. Promises: a candidate is counted at the first gate that
// keeps it out, and a refusal names the gate behind which too few were left.

import type { Verification } from '../../schemas/records.ts'
import { BY_JUDGE } from '../../schemas/settled.ts'
import type { Candidate } from './candidates.ts'
import type { Refusal } from './choice.ts'

export interface Gate {
  /** kebab-case; the reason of a refusal. */
  readonly reason: string
  /** What was seen where the candidate is kept out; null where it may pass. */
  readonly refuses: (candidate: Candidate) => string | null
}

export interface Narrowed {
  readonly kept: readonly Candidate[]
  /** How many each gate kept out. */
  readonly dropped: Readonly<Record<string, number>>
  /** The gate that left fewer than asked for; null where enough are kept. */
  readonly refusal: Refusal | null
}

/** Sends candidates through the gates. least: how many must be left for there to be a choice. */
export function narrow(candidates: readonly Candidate[], gates: readonly Gate[], least: number): Narrowed {
  const dropped: Record<string, number> = {}
  let refusal: Refusal | null = null
  let kept = candidates
  for (const { reason, refuses } of gates) {
    const out: string[] = []
    const before = kept.length
    kept = kept.filter((candidate) => {
      const seen = refuses(candidate)
      if (seen !== null) out.push(seen)
      return seen === null
    })
    if (out.length > 0) dropped[reason] = out.length
    if (kept.length < least && refusal === null) {
      const seen = out.length === 0 ? '' : `: ${out[0] ?? ''}`
      refusal = { reason, detail: `${out.length} of ${before} responses are kept out${seen}` }
    }
  }
  return { kept, dropped, refusal }
}

/** It ended by itself and says a final answer: only such a response enters a data set. */
export const WHOLE: readonly Gate[] = [
  {
    reason: 'no-complete-answer',
    refuses: ({ verdict }) => (verdict.complete ? null : 'it did not come to an end by itself'),
  },
  {
    reason: 'no-final-answer',
    // Where the judge decided, it has found one.
    refuses: ({ verdict }) =>
      verdict.finalAnswer === null && verdict.reason !== BY_JUDGE ? 'it says no final answer' : null,
  },
]

/** Keeps all out where the vote decides what is right and too few agreed. A reference answer needs no vote. */
export function agreementGate({ against, winningShare }: Verification, minAgreement: number): Gate {
  const weak = against === 'vote' && winningShare < minAgreement
  return {
    reason: 'low-agreement',
    refuses: () =>
      weak ? `${winningShare.toFixed(3)} of the votes agree, ${String(minAgreement)} are asked for` : null,
  }
}

/** Adds numbers of dropped responses. */
export function sumOf(...counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const each of counts)
    for (const [reason, number] of Object.entries(each)) sum[reason] = (sum[reason] ?? 0) + number
  return sum
}
