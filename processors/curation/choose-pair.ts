// Chooses the preference pair of a problem: best against worst by the primary reward. Promises: both are complete
// and say a final answer, they are never the same response, and where correctness decides, the chosen one is equal
// and the rejected one different: `unknown` is counted neither as right nor as wrong.

import type { Verification } from '../../schemas/records.ts'
import { bestFirst, isWhole, type Candidate } from './candidates.ts'
import { refuse, type Choice } from './choice.ts'
import { weakVote } from './choose-answer.ts'

export interface PairRules {
  /** Name of the primary reward, for refusals. */
  readonly reward: string
  readonly pairs: 'correctness' | 'reward'
  readonly minAgreement: number
  /** Least difference of the rewards; they must differ in any case. */
  readonly margin: number
}

/** A candidate whose primary reward has a value. */
export type Scored = Candidate & { readonly reward: number }

export interface Pair {
  readonly chosen: Scored
  readonly rejected: Scored
}

/** Returns the pair, or the refusal of the first rule that left none. */
export function choosePair(
  candidates: readonly Candidate[],
  verification: Verification,
  rules: PairRules,
): Choice<Pair> {
  const whole = candidates.filter(isWhole)
  if (whole.length < 2)
    return refuse('too-few-answers', `${whole.length} complete responses with a final answer; a pair needs two`)
  const scored = bestFirst(whole).filter((each): each is Scored => each.reward !== null)
  if (scored.length < 2)
    return refuse('no-reward', `${scored.length} responses have a value of reward ${rules.reward}; a pair needs two`)
  return rules.pairs === 'correctness' ? byCorrectness(scored, verification, rules) : byReward(scored, rules)
}

function byCorrectness(scored: readonly Scored[], verification: Verification, rules: PairRules): Choice<Pair> {
  const chosen = scored.find(({ verdict }) => verdict.verdict === 'equal')
  if (chosen === undefined) {
    return verification.against === 'none'
      ? refuse('no-majority', 'there is no reference answer, and no answer won the vote')
      : refuse('no-correct-answer', `none of ${scored.length} answers is equal`)
  }
  const rejected = scored.findLast(({ verdict }) => verdict.verdict === 'different')
  if (rejected === undefined) return refuse('no-wrong-answer', `none of ${scored.length} answers is different`)
  return weakVote(verification, rules.minAgreement) ?? withMargin(chosen, rejected, rules)
}

function byReward(scored: readonly Scored[], rules: PairRules): Choice<Pair> {
  const chosen = scored[0]!
  const rejected = scored.findLast(({ verdict }) => verdict.solution !== chosen.verdict.solution)
  if (rejected === undefined) return refuse('same-text', `all ${scored.length} responses say the same`)
  return withMargin(chosen, rejected, rules)
}

function withMargin(chosen: Scored, rejected: Scored, rules: PairRules): Choice<Pair> {
  const margin = chosen.reward - rejected.reward
  if (margin <= 0 || margin < rules.margin)
    return refuse(
      'margin-too-small',
      `${rules.reward}: ${chosen.reward} against ${rejected.reward}, margin ${margin}, ${rules.margin} is asked for`,
    )
  return { chosen: { chosen, rejected } }
}
