// What curation chooses from: every response beside its settled verdict and its rewards.

import type { JudgeVerdict, Response, Rewarded, Verdict, VerdictName } from '../../schemas/records.ts'
import { BY_JUDGE, judgementOf, settle } from '../../schemas/settled.ts'

export interface Candidate {
  readonly response: Response
  /** Settled: what symbols and the judge say together. */
  readonly verdict: Verdict
  /** What symbols said alone. */
  readonly symbolicVerdict: VerdictName
  /** null: the judge was not asked, or not understood. */
  readonly judgeVerdict: JudgeVerdict | null
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
  return settle(record).verdicts.map((verdict, index) => {
    const response = responses.get(verdict.responseId)
    if (response === undefined) throw new Error(`verdict about ${verdict.responseId}, which the record does not hold`)
    const scores = record.rewards.filter((score) => score.responseId === verdict.responseId)
    const rewards = Object.fromEntries(scores.flatMap(({ name, value }) => (value === null ? [] : [[name, value]])))
    return {
      response,
      verdict,
      symbolicVerdict: record.verification.verdicts[index]!.verdict,
      judgeVerdict: judgementOf(record.judging, verdict.responseId)?.verdict ?? null,
      rewards,
      reward: rewards[primary] ?? null,
    }
  })
}

/** Highest reward first; no value last; ties keep their order. */
export function bestFirst(candidates: readonly Candidate[]): Candidate[] {
  const rank = ({ reward }: Candidate): number => reward ?? -Infinity
  // Not a subtraction: -Infinity minus itself is NaN, which no sort can order.
  return candidates.toSorted((left, right) => (rank(left) === rank(right) ? 0 : rank(left) > rank(right) ? -1 : 1))
}

/** It ended by itself and says a final answer (or the judge found one): only such a response enters a data set. */
export function isWhole({ verdict }: Candidate): boolean {
  return verdict.complete && (verdict.finalAnswer !== null || verdict.reason === BY_JUDGE)
}
