// What curation chooses from: every response beside its verdict and its rewards.

import type { Response, Rewarded, Verdict } from '../../schemas/records.ts'

export interface Candidate {
  readonly response: Response
  readonly verdict: Verdict
  /** All rewards that have a value, by name. */
  readonly rewards: Readonly<Record<string, number>>
  /** The primary reward; null where it has no value. */
  readonly reward: number | null
}

/** Joins responses, verdicts and rewards by response id, in the order of the verdicts (the answer first). primary: name of the reward to rank by. */
export function candidatesOf(record: Rewarded, primary: string): Candidate[] {
  const responses = new Map(
    [...(record.answer === null ? [] : [record.answer]), ...record.samples].map((each) => [each.id, each]),
  )
  return record.verification.verdicts.map((verdict) => {
    const response = responses.get(verdict.responseId)
    if (response === undefined) throw new Error(`verdict about ${verdict.responseId}, which the record does not hold`)
    const scores = record.rewards.filter((score) => score.responseId === verdict.responseId)
    const rewards = Object.fromEntries(scores.flatMap(({ name, value }) => (value === null ? [] : [[name, value]])))
    return { response, verdict, rewards, reward: rewards[primary] ?? null }
  })
}

/** Highest reward first; no value last; ties keep their order. */
export function bestFirst(candidates: readonly Candidate[]): Candidate[] {
  const rank = ({ reward }: Candidate): number => reward ?? -Infinity
  // Not a subtraction: -Infinity minus itself is NaN, which no sort can order.
  return candidates.toSorted((left, right) => (rank(left) === rank(right) ? 0 : rank(left) > rank(right) ? -1 : 1))
}

/** It ended by itself and says a final answer: only such a response enters a data set. */
export function isWhole({ verdict }: Candidate): boolean {
  return verdict.complete && verdict.finalAnswer !== null
}
