// The settled verdicts of a problem: what symbols and a judge say together. Promises: symbols stand wherever they
// decided (a judge that contradicts them is a disagreement, to be counted, and changes nothing); a verdict that they
// left unknown is the judge's where it decided; without a judge everything is as symbols have it.

import type { Judged, Judgement, Judging, Verdict, Verification } from './records.ts'

/** Reason of a verdict that is settled by the judge. */
export const BY_JUDGE = 'judge'

/** What settling needs of a record. */
export type Settleable = Pick<Judged, 'samples' | 'verification'> & { readonly judging?: Judging | null }

/** What the judge said of this response; null where it was not asked. */
export function judgementOf(judging: Judging | null | undefined, responseId: string): Judgement | null {
  return judging?.judgements.find(({ responseIds }) => responseIds.includes(responseId)) ?? null
}

/**
 * The verification with settled verdicts, as every later stage reads it. Final answers that the judge finds equal vote
 * together with those that are: their shares, and the winner's where the vote decides, are those of all of them. The
 * pass rate is counted anew.
 */
export function settle({ samples, verification, judging }: Settleable): Verification {
  const ruled = verification.verdicts.map((verdict) => settleOne(verdict, judgementOf(judging, verdict.responseId)))
  if (ruled.every((verdict, index) => verdict === verification.verdicts[index])) return verification
  const agreed = ruled.some(isRuledEqual) ? sharedVote(ruled) : null
  const verdicts = ruled.map((verdict) =>
    agreed !== null && verdict.verdict === 'equal' && verdict.answerClass !== -1
      ? { ...verdict, voteShare: agreed }
      : verdict,
  )
  const ids = new Set(samples.map(({ id }) => id))
  const right = verdicts.filter(({ responseId, verdict }) => ids.has(responseId) && verdict === 'equal').length
  return {
    ...verification,
    verdicts,
    winningShare: verification.against === 'vote' && agreed !== null ? agreed : verification.winningShare,
    passRate: verification.passRate === null ? null : right / samples.length,
  }
}

function settleOne(verdict: Verdict, judgement: Judgement | null): Verdict {
  if (verdict.verdict !== 'unknown' || judgement === null) return verdict
  const ruling = judgement.verdict
  return ruling === 'equal' || ruling === 'different' ? { ...verdict, verdict: ruling, reason: BY_JUDGE } : verdict
}

function isRuledEqual({ verdict, reason }: Verdict): boolean {
  return verdict === 'equal' && reason === BY_JUDGE
}

/** The share of all votes for any of the classes that are equal. */
function sharedVote(verdicts: readonly Verdict[]): number {
  const shares = new Map(
    verdicts.flatMap(({ verdict, answerClass, voteShare }) =>
      verdict === 'equal' && answerClass !== -1 ? [[answerClass, voteShare] as const] : [],
    ),
  )
  return [...shares.values()].reduce((sum, share) => sum + share, 0)
}
