// Chooses the SFT answer of a problem. Promises: it is complete, has a final answer and an allowed verdict; every
// refusal names the first rule that left nobody.

import type { Verification, VerdictName } from '../../schemas/records.ts'
import { bestFirst, isWhole, type Candidate } from './candidates.ts'
import { refuse, type Choice } from './choice.ts'

export interface AnswerRules {
  /** Name of the primary reward, for refusals. */
  readonly reward: string
  readonly verdicts: readonly VerdictName[]
  readonly minAgreement: number
  readonly minReward: number | null
  readonly prefer: 'answer' | 'reward'
}

/** The cool answer if it passes (unless `prefer` is reward), else the passing response with the highest primary reward. */
export function chooseAnswer(
  candidates: readonly Candidate[],
  verification: Verification,
  rules: AnswerRules,
): Choice<Candidate> {
  const complete = candidates.filter(({ verdict }) => verdict.complete)
  if (complete.length === 0)
    return refuse('no-complete-answer', `none of ${candidates.length} responses came to an end by itself`)
  const whole = complete.filter(isWhole)
  if (whole.length === 0)
    return refuse('no-final-answer', `none of ${complete.length} complete responses says a final answer`)
  const allowed = whole.filter(({ verdict }) => rules.verdicts.includes(verdict.verdict))
  if (allowed.length === 0) {
    if (verification.against === 'none')
      return refuse(
        'no-majority',
        `${whole.length} final answers, no two or more of which won the vote: ${sizesOf(verification)}`,
      )
    return refuse(
      'no-correct-answer',
      `none of ${whole.length} final answers has verdict ${rules.verdicts.join(' or ')}`,
    )
  }
  const weak = weakVote(verification, rules.minAgreement)
  if (weak !== null) return weak
  const { minReward } = rules
  const rewarded = minReward === null ? allowed : allowed.filter(({ reward }) => reward !== null && reward >= minReward)
  const ranked = bestFirst(rewarded)
  const [best] = ranked
  if (best === undefined) {
    const seen = bestFirst(allowed)[0]?.reward ?? null
    return seen === null
      ? refuse('no-reward', `no response that could be chosen has a value of reward ${rules.reward}`)
      : refuse('below-reward', `best ${rules.reward} ${seen} is below ${minReward ?? -Infinity}`)
  }
  const cool = rewarded.find(({ response }) => response.kind === 'answer')
  return { chosen: rules.prefer === 'answer' ? (cool ?? best) : best }
}

/** Refusal where the vote decides what is right and too few agreed; null otherwise. A reference answer needs no vote. */
export function weakVote(verification: Verification, minAgreement: number): ReturnType<typeof refuse> | null {
  if (verification.against !== 'vote' || verification.winningShare >= minAgreement) return null
  return refuse(
    'low-agreement',
    `${verification.winningShare.toFixed(3)} of the votes agree, ${minAgreement} are asked for`,
  )
}

function sizesOf({ classes }: Verification): string {
  return `${classes.length} classes of sizes ${classes
    .slice(0, 8)
    .map(({ size }) => size)
    .join(', ')}`
}
