// Candidates for tests of choosing, with what matters given.

import fc from 'fast-check'
import type { Candidate } from '../../../processors/curation/candidates.ts'
import { rulesConfig, gatesOf } from '../../../processors/curation/rules.ts'
import { pairChoiceConfig, type PairRules } from '../../../processors/curation/choose-pairs.ts'
import type { VerdictName, Verification } from '../../../schemas/records.ts'
import { response } from '../../support/problems.ts'

export interface Given {
  readonly kind?: 'answer' | 'sample'
  readonly verdict?: VerdictName
  readonly complete?: boolean
  readonly finalAnswer?: string | null
  readonly answerClass?: number
  readonly voteShare?: number
  readonly reward?: number | null
  readonly steps?: readonly number[]
  readonly solution?: string
  readonly reasoning?: string | null
}

/** The candidate of a sample (or of the answer) of problem `p`, with the reward rm and the steps of prm. */
export function candidate(index: number, given: Given = {}): Candidate {
  const { kind = 'sample', verdict = 'equal', complete = true, finalAnswer = '5', reward = index } = given
  const made = response('p', kind, kind === 'answer' ? 0 : index, '')
  return {
    response: made,
    verdict: {
      ...{ responseId: made.id, complete, thought: 'none', reasoning: given.reasoning ?? null, finalAnswer, verdict },
      ...{ solution: given.solution ?? `solution ${index}`, reason: null, voteShare: given.voteShare ?? 0.5 },
      answerClass: given.answerClass ?? (finalAnswer === null ? -1 : verdict === 'different' ? 1 : 0),
    },
    rewards: reward === null ? {} : { rm: reward },
    steps: given.steps === undefined ? {} : { prm: given.steps },
    reward,
    symbolicVerdict: verdict,
    judgeVerdict: null,
    problem: { language: 'en', tags: null, passRate: null, passRateDifficulty: null },
  }
}

export function verification(over: Partial<Verification> = {}): Verification {
  return {
    ...{ version: 'verify@2', against: 'vote', referenceAnswer: null, verdicts: [], classes: [], winningAnswer: '5' },
    ...{ winningShare: 0.5, passRate: null },
    ...over,
  }
}

/** Rules as the config gives them. */
export function pairRules(settings: object = {}, rules: object = {}): PairRules {
  const gates = gatesOf(rulesConfig.parse(rules))
  return { ...pairChoiceConfig.parse(settings), reward: 'rm', minAgreement: 0.5, gates, rejectedGates: gates }
}

/** Candidates of a problem, the answer first where there is one. */
export const candidates: fc.Arbitrary<Candidate[]> = fc
  .tuple(
    fc.boolean(),
    fc.array(
      fc.record({
        verdict: fc.constantFrom<VerdictName>('equal', 'different', 'unknown'),
        complete: fc.nat({ max: 9 }).map((number) => number > 0),
        finalAnswer: fc.constantFrom('5', '6', '7', '8', null),
        answerClass: fc.integer({ min: -1, max: 2 }),
        voteShare: fc.constantFrom(0, 0.25, 0.5),
        reward: fc.option(fc.integer({ min: -3, max: 3 }), { freq: 9 }),
        steps: fc.array(fc.constantFrom(0.1, 0.4, 0.6, 0.9), { minLength: 1, maxLength: 4 }),
        solution: fc.constantFrom('a', 'bb', 'cccc', 'dddddddd', 'it is:'),
        reasoning: fc.constantFrom(null, 'hm', 'a longer thought'),
      }),
      { maxLength: 9, size: 'max' },
    ),
  )
  .map(([hasAnswer, all]) =>
    all.map((given, index) => candidate(index, { ...given, kind: hasAnswer && index === 0 ? 'answer' : 'sample' })),
  )
