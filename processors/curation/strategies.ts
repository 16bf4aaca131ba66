// How a preference pair may be decided. A strategy gives candidates a value, says who may be chosen and who rejected,
// and which two may not meet.

import { z } from 'zod'
import type { Verification } from '../../schemas/records.ts'
import type { Candidate } from './candidates.ts'
import type { Gate } from './gates.ts'

/** Why two candidates do not meet, where they do not. */
export interface Meeting {
  readonly reason: string
  readonly detail: string
  readonly allows: (chosen: Candidate, rejected: Candidate) => boolean
}

export interface Strategy {
  readonly name: 'correctness' | 'reward' | 'process'
  /** What the value is called in the row. */
  readonly valueName: string
  /** Higher is better; null: it has none and makes no pair. */
  readonly valueOf: (candidate: Candidate) => number | null
  readonly chosen: readonly Gate[]
  readonly rejected: readonly Gate[]
  /** Whether the vote must be strong enough for it. */
  readonly asksVote: boolean
  readonly meetings: readonly Meeting[]
}

export const processConfig = z.strictObject({
  reward: z.string().min(1).nullable().default(null).describe('A reward that scores steps; null: curate.reward'),
  measure: z
    .enum(['minimum-step', 'first-bad-step'])
    .default('minimum-step')
    .describe('The least score of a step, or the share of the steps before the first bad one (1: none is bad)'),
  badBelow: z.number().min(0).max(1).default(0.5).describe('A step with a lower score is bad'),
})

export type ProcessRules = z.infer<typeof processConfig>

/** Right against wrong: chosen is equal, rejected different, of two classes; `unknown` is neither. */
export function correctness(reward: string, { against }: Verification): Strategy {
  const nobodyWon = against === 'none'
  return {
    ...{ name: 'correctness', valueName: reward, valueOf: (candidate) => candidate.reward, asksVote: true },
    chosen: [
      {
        reason: nobodyWon ? 'no-majority' : 'no-correct-answer',
        refuses: ({ verdict }) =>
          verdict.verdict === 'equal' ? null : nobodyWon ? 'no answer won the vote' : 'it is not equal',
      },
    ],
    rejected: [
      {
        reason: 'no-wrong-answer',
        refuses: ({ verdict }) => (verdict.verdict === 'different' ? null : 'it is not different'),
      },
    ],
    meetings: [
      {
        reason: 'same-class',
        detail: 'right and wrong answers are of one class',
        allows: (chosen, rejected) =>
          chosen.verdict.answerClass === -1 || chosen.verdict.answerClass !== rejected.verdict.answerClass,
      },
    ],
  }
}

/** The better against the worse by the reward, whatever the verdicts. */
export function byReward(reward: string): Strategy {
  return {
    ...{ name: 'reward', valueName: reward, valueOf: (candidate) => candidate.reward, asksVote: false },
    ...{ chosen: [], rejected: [], meetings: [] },
  }
}

/** The better against the worse by the scores of their steps; never a wrong one chosen, nor an undecided one over a right one. */
export function byProcess(reward: string, { measure, badBelow }: ProcessRules): Strategy {
  return {
    ...{ name: 'process', valueName: `${reward}.${measure}`, asksVote: false },
    valueOf: ({ steps }) => {
      const scores = steps[reward]
      if (scores === undefined) return null
      if (measure === 'minimum-step') return Math.min(...scores)
      const bad = scores.findIndex((score) => score < badBelow)
      return bad === -1 ? 1 : bad / scores.length
    },
    chosen: [
      {
        reason: 'no-correct-answer',
        refuses: ({ verdict }) => (verdict.verdict === 'different' ? 'it is different' : null),
      },
    ],
    rejected: [],
    meetings: [NEVER_WORSE],
  }
}

const RANK = { equal: 2, unknown: 1, different: 0 } as const

const NEVER_WORSE: Meeting = {
  reason: 'worse-verdict',
  detail: 'the better ones by value have the worse verdicts',
  allows: (chosen, rejected) => RANK[chosen.verdict.verdict] >= RANK[rejected.verdict.verdict],
}

/** By reward where verdicts do not speak against it: what stands in where there is no right against wrong. */
export function byRewardUnlessWorse(reward: string): Strategy {
  return { ...byReward(reward), meetings: [NEVER_WORSE] }
}
