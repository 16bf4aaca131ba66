// Which final answers of a problem are put before the judge. Promises: each distinct one once, whatever number of
// responses say it; never an incomplete response; nothing where there is nothing to compare with; the sample of those
// that symbols found different hangs on response ids alone, so that a repeat judges the same ones.

import { createHash } from 'node:crypto'
import type { Verdict, Verification } from '../../schemas/records.ts'

export interface CaseRules {
  /** Reasons of unknown verdicts that go to the judge; null: all. */
  readonly reasons: readonly string[] | null
  /** Whether responses without a final answer go too. */
  readonly noAnswer: boolean
  /** Share of the answers found different that go too. */
  readonly different: number
}

/** One final answer and the responses that say it. */
export interface Case {
  readonly reference: string
  readonly answer: string | null
  /** Verdict of the first of these responses. */
  readonly verdict: Verdict
  readonly responseIds: readonly string[]
}

/** The cases of a problem, in order of appearance. */
export function casesOf(verification: Verification, rules: CaseRules): Case[] {
  const { against, referenceAnswer, winningAnswer } = verification
  const reference = against === 'reference' ? referenceAnswer : against === 'vote' ? winningAnswer : null
  if (reference === null) return []
  const sameAnswer = Map.groupBy(
    verification.verdicts.filter(({ complete }) => complete),
    ({ finalAnswer, responseId }) => (finalAnswer === null ? `no answer of ${responseId}` : `answer ${finalAnswer}`),
  )
  return [...sameAnswer.values()].flatMap((verdicts): Case[] => {
    const [verdict] = verdicts
    if (verdict === undefined || !isCase(verdict, rules)) return []
    return [
      { reference, answer: verdict.finalAnswer, verdict, responseIds: verdicts.map(({ responseId }) => responseId) },
    ]
  })
}

function isCase({ verdict, reason, finalAnswer, responseId }: Verdict, rules: CaseRules): boolean {
  switch (verdict) {
    case 'equal':
      return false
    case 'different':
      return rules.different > 0 && drawnAt(responseId) < rules.different
    case 'unknown':
      if (finalAnswer === null) return rules.noAnswer
      return rules.reasons === null || (reason !== null && rules.reasons.includes(reason))
  }
}

/** A number from 0 to below 1 that belongs to the id. */
function drawnAt(responseId: string): number {
  return createHash('sha256').update(responseId).digest().readUIntBE(0, 6) / 2 ** 48
}
