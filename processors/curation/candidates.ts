// What curation chooses from: every response beside its settled verdict, its rewards and what is known of its problem.

import type { JudgeVerdict, Response, Rewarded, Tags, Verdict, VerdictName } from '../../schemas/records.ts'
import { judgementOf, settle } from '../../schemas/settled.ts'
import { difficultyOf, PASS_RATE_LEVELS, type PassRateDifficulty, type PassRateLevels } from './pass-rate.ts'

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
  /** Scores of the steps by reward; only of rewards that score steps. */
  readonly steps: Readonly<Record<string, readonly number[]>>
  /** The primary reward; null where it has no value. */
  readonly reward: number | null
  /** The same for all candidates of a problem. */
  readonly problem: ProblemFacts
}

/** The tags that rules look at. */
export type Labels = Readonly<Pick<Tags, 'difficulty' | 'quality' | 'category' | 'language' | 'safety'>>

/** What rules may ask of the problem. */
export interface ProblemFacts {
  /** ISO 639-1, as tags or screening found it. */
  readonly language: string | null
  /** null where no tag stage ran. */
  readonly tags: Labels | null
  /** Share of the samples that are right; null where nothing could be compared. */
  readonly passRate: number | null
  readonly passRateDifficulty: PassRateDifficulty | null
}

/** What is known of a record's problem. */
export function problemFacts(record: Rewarded, levels: PassRateLevels): ProblemFacts {
  const { tags, screening } = record
  const { passRate } = settle(record)
  return {
    language: tags?.language ?? screening.language,
    tags,
    passRate,
    passRateDifficulty: passRate === null ? null : difficultyOf(passRate, levels),
  }
}

/** Joins responses, verdicts and rewards by response id, in the order of the verdicts (the answer first). primary: name of the reward to rank by. */
export function candidatesOf(record: Rewarded, primary: string, levels = PASS_RATE_LEVELS): Candidate[] {
  const responses = new Map(
    [...(record.answer === null ? [] : [record.answer]), ...record.samples].map((each) => [each.id, each]),
  )
  const problem = problemFacts(record, levels)
  const scoresOf = Map.groupBy(record.rewards, ({ responseId }) => responseId)
  return settle(record).verdicts.map((verdict, index) => {
    const response = responses.get(verdict.responseId)
    if (response === undefined) throw new Error(`verdict about ${verdict.responseId}, which the record does not hold`)
    const scores = (scoresOf.get(verdict.responseId) ?? []).filter(({ value }) => value !== null)
    const rewards = Object.fromEntries(scores.map(({ name, value }) => [name, value!]))
    const steps = Object.fromEntries(
      scores.filter((each) => each.steps.length > 0).map((each) => [each.name, each.steps]),
    )
    return {
      response,
      verdict,
      symbolicVerdict: record.verification.verdicts[index]!.verdict,
      judgeVerdict: judgementOf(record.judging, verdict.responseId)?.verdict ?? null,
      rewards,
      steps,
      reward: rewards[primary] ?? null,
      problem,
    }
  })
}

/** The cool answer, then the samples by index: decides what nothing else does, in whatever order they come. */
export function inOrder(left: Candidate, right: Candidate): number {
  const place = ({ response }: Candidate): number => (response.kind === 'answer' ? -1 : response.index)
  return place(left) - place(right)
}

/** Higher first, no value last. Not a subtraction: -Infinity minus itself is NaN, which no sort can order. */
export function higherFirst(left: number | null, right: number | null): number {
  const [one, other] = [left ?? -Infinity, right ?? -Infinity]
  return one === other ? 0 : one > other ? -1 : 1
}
