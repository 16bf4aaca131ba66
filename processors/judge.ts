// Stage judge: a judge model rules on what symbols could not decide: final answers of unknown verdict, and a sample of
// those found different. Promises: one call for each distinct final answer of a problem (one more to repair a reply
// that cannot be read); it emits always, and the verdicts of symbols stay as they are beside the judge's: which of them
// counts is said in schemas/settled.ts. Off by default.

import { z } from 'zod'
import type { Llm } from '../llm/contract.ts'
import { problemSeed } from '../llm/seeds.ts'
import type { Judged, Judgement, Verified } from '../schemas/records.ts'
import type { Process, ProcessContext } from '../stream/outcome.ts'
import { allOrAbort } from './all-or-abort.ts'
import { askJson } from './ask-json.ts'
import { createDoubts, factOf } from './doubts.ts'
import { envelopeOf } from './grow.ts'
import { casesOf } from './judging/cases.ts'
import type { Case } from './judging/cases.ts'
import { judgeQuestion, ruling } from './judging/question.ts'
import { plainWords } from './plain-words.ts'

export const JUDGE_VERSION = 'judge@1'

/** As near to its end as a problem that waits for its rewards. */
const RANK = 0

/** Of a response without a final answer so much is shown in any case. */
const LEAST_SOLUTION = 2000

export const judgeStageConfig = z.strictObject({
  enabled: z.boolean().default(false).describe('Put verdicts that symbols left unknown before the judge role'),
  reasons: z
    .array(z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'a reason as the records have it, such as parse-failed'))
    .min(1, 'needs at least one reason; null takes all')
    .nullable()
    .default(null)
    .describe('Reasons of unknown verdicts that go to the judge; null: all of responses that say a final answer'),
  noAnswer: z
    .boolean()
    .default(false)
    .describe('Complete responses without a final answer go to the judge too, each with the end of its solution'),
  different: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('Share of the answers that symbols find different which the judge sees too, to count disagreements'),
  solution: z
    .int()
    .min(0)
    .max(100_000)
    .default(0)
    .describe('Characters of the end of the solution that the judge is shown; 0: the final answer alone'),
})

export type JudgeStageConfig = z.infer<typeof judgeStageConfig>

export interface JudgeParts {
  readonly llm: Llm
  readonly config: Omit<JudgeStageConfig, 'enabled'>
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
}

/** Returns the stage. Thrown is a permanent `judge-unusable` when no verdict can be had for one problem after the other. */
export function createJudge({ llm, config, now }: JudgeParts): Process<Verified, Judged> {
  const doubts = createDoubts('judge')
  return async function judge(record, { signal, calls }) {
    const { against } = record.verification
    const problem = record.screening.text
    const tasks = casesOf(record.verification, config).map((found) => async (together: AbortSignal) => {
      const judgement = await judgeCase(llm, config, problem, found, { signal: together, calls })
      const { verdict, error, detail } = judgement
      doubts.note(record.id, { name: 'of roles.judge', value: verdict, error, detail })
      return judgement
    })
    const judgements = await allOrAbort(signal, tasks)
    return {
      emit: { ...record, ...envelopeOf(record, now()), judging: { version: JUDGE_VERSION, against, judgements } },
    }
  }
}

/** A reply that says this verdict: one that is taken over goes the way of those that are asked for. */
export function judgementAsReply({ explanation, verdict }: Judgement): string {
  return JSON.stringify({ explanation, verdict })
}

async function judgeCase(
  llm: Llm,
  config: JudgeParts['config'],
  problem: string,
  { reference, answer, verdict, responseIds }: Case,
  context: Pick<ProcessContext, 'signal' | 'calls'>,
): Promise<Judgement> {
  const shown = answer === null ? Math.max(LEAST_SOLUTION, config.solution) : config.solution
  const solutionEnd = shown === 0 ? '' : verdict.solution.slice(-shown).toWellFormed()
  const judgement: Judgement = {
    responseIds: [...responseIds],
    answer,
    reference,
    verdict: null,
    explanation: null,
    symbolicVerdict: verdict.verdict,
    symbolicReason: verdict.reason,
    error: null,
    detail: null,
    generation: null,
  }
  try {
    const reply = await askJson(
      llm,
      {
        name: 'ruling',
        shape: ruling,
        messages: judgeQuestion({ problem, reference, answer, solutionEnd }),
        seed: (attempt) => problemSeed('judge', `${verdict.responseId}/final-answer`, attempt),
      },
      { ...context, role: 'judge', rank: RANK },
    )
    const { generation } = reply
    if ('fault' in reply) return { ...judgement, error: 'judge-unreadable', detail: reply.fault, generation }
    // The reply itself is not kept, so what is kept of it is clean. Its shape bounds the length.
    return { ...judgement, ...reply.value, explanation: plainWords(reply.value.explanation), generation }
  } catch (error) {
    return { ...judgement, ...factOf(error) }
  }
}
