// Chooses the SFT answer of a problem. Promises: it is complete, has a final answer and an allowed verdict, and passes
// every rule; every refusal names the first gate that left nobody; the order of the candidates makes no difference.

import { z } from 'zod'
import type { Verification } from '../../schemas/records.ts'
import { higherFirst, inOrder, type Candidate } from './candidates.ts'
import type { Choice } from './choice.ts'
import { agreementGate, narrow, WHOLE, type Gate } from './gates.ts'
import { ruleChangesConfig } from './rules.ts'

const CRITERIA = ['verdict', 'vote', 'reward', 'length'] as const

type Criterion = (typeof CRITERIA)[number]

export const answerChoiceConfig = z.strictObject({
  enabled: z.boolean().default(true),
  verdicts: z
    .array(z.enum(['equal', 'different', 'unknown']))
    .min(1)
    .default(['equal'])
    .describe('Verdicts that an SFT answer may have; add unknown to keep answers that nothing could be compared with'),
  minReward: z.number().nullable().default(null).describe('Least value of the ranking reward; null asks for none'),
  prefer: z
    .enum(['answer', 'best', 'reward'])
    .default('answer')
    .describe('The cool answer if it passes, or the best of all: in the order of `by`, or by the reward alone'),
  by: z
    .array(z.enum(CRITERIA))
    .min(1)
    .default(['verdict', 'vote', 'reward'])
    .describe('What makes a response the best, the first that differs decides; length: the shorter one'),
  rules: ruleChangesConfig.prefault({}).describe('Rules for SFT answers, in place of those in curate.rules'),
})

export interface AnswerRules extends Omit<z.infer<typeof answerChoiceConfig>, 'rules' | 'enabled'> {
  /** Name of the primary reward, for refusals. */
  readonly reward: string
  readonly minAgreement: number
  /** The rules that are switched on. */
  readonly gates: readonly Gate[]
}

/** The cool answer if it passes (with `prefer: answer`), else the best that passes. */
export function chooseAnswer(
  candidates: readonly Candidate[],
  verification: Verification,
  rules: AnswerRules,
): Choice<Candidate> {
  const gates = [
    ...WHOLE,
    verdictGate(verification, rules),
    agreementGate(verification, rules.minAgreement),
    ...rules.gates,
    ...rewardGates(rules),
  ]
  const { kept, dropped, refusal } = narrow(candidates.toSorted(inOrder), gates, 1)
  if (refusal !== null) return { refusal, dropped }
  const by = rules.prefer === 'reward' ? (['reward'] as const) : rules.by
  const best = kept.toSorted((left, right) => betterFirst(left, right, by))[0]!
  const cool = kept.find(({ response }) => response.kind === 'answer')
  return { chosen: rules.prefer === 'answer' ? (cool ?? best) : best, dropped }
}

function verdictGate({ against, classes }: Verification, { verdicts }: AnswerRules): Gate {
  const sizes = classes.slice(0, 8).map(({ size }) => size)
  const refused =
    against === 'none'
      ? `no answer won the vote; ${classes.length} classes of sizes ${sizes.join(', ')}`
      : `its verdict is not ${verdicts.join(' or ')}`
  return {
    reason: against === 'none' ? 'no-majority' : 'no-correct-answer',
    refuses: ({ verdict }) => (verdicts.includes(verdict.verdict) ? null : refused),
  }
}

function rewardGates({ reward: name, minReward }: AnswerRules): Gate[] {
  if (minReward === null) return []
  return [
    { reason: 'no-reward', refuses: ({ reward }) => (reward === null ? `it has no value of reward ${name}` : null) },
    {
      reason: 'below-reward',
      refuses: ({ reward }) =>
        reward === null || reward < minReward ? `${name} ${String(reward)} is below ${minReward}` : null,
    },
  ]
}

const VERDICT_RANK = { equal: 2, unknown: 1, different: 0 } as const

function betterFirst(left: Candidate, right: Candidate, by: readonly Criterion[]): number {
  for (const criterion of by) {
    const order = compareBy(criterion, left, right)
    if (order !== 0) return order
  }
  return inOrder(left, right)
}

function compareBy(criterion: Criterion, left: Candidate, right: Candidate): number {
  switch (criterion) {
    case 'verdict':
      return VERDICT_RANK[right.verdict.verdict] - VERDICT_RANK[left.verdict.verdict]
    case 'vote':
      return higherFirst(left.verdict.voteShare, right.verdict.voteShare)
    case 'reward':
      return higherFirst(left.reward, right.reward)
    case 'length':
      return lengthOf(left) - lengthOf(right)
  }
}

/** Characters of thought and solution: what a trainer sees, whatever model wrote it. */
export function lengthOf({ verdict }: Candidate): number {
  return (verdict.reasoning ?? '').length + verdict.solution.length
}
