// Stage verify: no model is asked. Splits thought from solution, extracts final answers, groups them into classes
// that mean the same, votes, and compares each with the reference answer, or with the vote's winner where there is
// none. Promises: every response gets a verdict with a reason; what cannot be decided is unknown, never wrong.

import { z } from 'zod'
import { type Markers, splitReasoning } from '../llm/reasoning.ts'
import { findTemplate, loadTemplates } from '../llm/templates.ts'
import type { AnswerGroups, Comparison, MathPool } from '../math/contract.ts'
import { extractFinalAnswer } from '../math/extract.ts'
import type {
  Answered,
  Generation,
  Response,
  Sampled,
  Screened,
  Tagged,
  Verdict,
  Verification,
  Verified,
} from '../schemas/records.ts'
import type { Process } from '../stream/outcome.ts'
import { asSampled, envelopeOf } from './grow.ts'

export const VERIFY_VERSION = 'verify@3'

export const verifyConfig = z.strictObject({
  workers: z.int().min(1).max(256).default(1).describe('Worker threads that compare answers'),
  timeoutMs: z.int().min(10).max(600_000).default(2000).describe('Time limit of one comparison, milliseconds'),
  voters: z
    .enum(['all', 'samples'])
    .default('all')
    .describe('Who votes where there is no reference answer: the answer and the samples, or the samples alone'),
  weakestAnswer: z
    .enum(['boxed', 'phrase', 'formula', 'number'])
    .default('number')
    .describe(
      'Weakest place a final answer may come from: a box, words such as "the answer is", the last formula, the last number',
    ),
  expectsThought: z
    .boolean()
    .nullable()
    .default(null)
    .describe(
      'Whether a text without a closed thought is an unfinished one; null: where the template of the model opens the thought in the prompt (DeepSeek-R1). false for a gateway that cuts thoughts off',
    ),
})

export type VerifyConfig = z.infer<typeof verifyConfig>

export interface VerifyParts {
  readonly math: MathPool
  readonly config: Pick<VerifyConfig, 'voters' | 'weakestAnswer' | 'expectsThought'>
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
}

/** A response as extraction sees it. */
interface Read {
  readonly response: Response
  readonly complete: boolean
  readonly thought: Verdict['thought']
  readonly reasoning: string | null
  readonly solution: string
  readonly finalAnswer: string | null
}

/** Returns the stage. It emits always: refusing is curation's work. */
export function createVerify({
  math,
  config,
  now,
}: VerifyParts): Process<Screened | Tagged | Answered | Sampled, Verified> {
  const markersOf = createMarkers()
  return async function verify(record) {
    const sampled = asSampled(record)
    const responses = [...(sampled.answer === null ? [] : [sampled.answer]), ...sampled.samples]
    const read = responses.map((response) => ({
      response,
      ...readText(response, config, markersOf(response.generation)),
    }))
    const verification = await judge(math, config.voters, read, referenceOf(sampled))
    return { emit: { ...sampled, ...envelopeOf(record, now()), verification } }
  }
}

/** Thought, solution and final answer of what a model said; the last is null where it did not come to its end. */
export function readText(
  { text, reasoning, generation }: Pick<Response, 'text' | 'reasoning' | 'generation'>,
  { expectsThought, weakestAnswer }: Pick<VerifyConfig, 'expectsThought' | 'weakestAnswer'>,
  markers: Markers | null,
): Omit<Read, 'response'> {
  const split = splitReasoning({ text, reasoning, finishReason: generation.finishReason }, { expectsThought, markers })
  const finalAnswer = split.complete ? extractFinalAnswer(split.solution, { weakest: weakestAnswer }) : null
  return { ...split, finalAnswer }
}

/** How the model of a generation marks its thoughts, by its template or its name; null where none is known. */
export function createMarkers(): (generation: Generation) => Markers | null {
  const templates = loadTemplates()
  const known = new Map<string, Markers | null>()
  return ({ template, model }) => {
    const name = template ?? model
    const found = known.get(name)
    if (found !== undefined) return found
    const markers = findTemplate(name, templates)?.reasoning ?? null
    known.set(name, markers)
    return markers
  }
}

/** The reference answer; of a whole worked solution with a box or GSM8K's ####, what that holds. */
function referenceOf(record: Sampled): string | null {
  const reference = record.problem.referenceAnswer?.trim() ?? ''
  if (reference === '') return null
  return /\\boxed|####/.test(reference) ? (extractFinalAnswer(reference) ?? reference) : reference
}

async function judge(
  math: MathPool,
  voters: VerifyConfig['voters'],
  read: readonly Read[],
  reference: string | null,
): Promise<Verification> {
  const groups = await math.group(read.map((each) => each.finalAnswer))
  const mayVote = read.map((each) => voters === 'all' || each.response.kind === 'sample')
  const votes = groups.classes.map((group) => group.members.filter((member) => mayVote[member]).length)
  const cast = votes.reduce((sum, count) => sum + count, 0)
  const winner = winnerOf(votes)
  // One voter alone has nobody who agrees: that is no vote.
  const elected = winner !== -1 && votes[winner]! >= 2 ? winner : -1
  const against = reference !== null ? 'reference' : elected !== -1 ? 'vote' : 'none'
  const compared = await comparisons(math, groups, read, reference, elected)

  const verdicts = read.map((each, index): Verdict => {
    const answerClass = groups.classOf[index] ?? -1
    const { verdict, reason } = each.complete
      ? each.finalAnswer === null
        ? { verdict: 'unknown' as const, reason: 'no-answer' }
        : (compared[index] ?? { verdict: 'unknown' as const, reason: 'no-majority' })
      : { verdict: 'unknown' as const, reason: 'incomplete' }
    return {
      responseId: each.response.id,
      complete: each.complete,
      thought: each.thought,
      reasoning: each.reasoning,
      solution: each.solution,
      finalAnswer: each.finalAnswer,
      answerClass,
      voteShare: answerClass === -1 || cast === 0 ? 0 : votes[answerClass]! / cast,
      verdict,
      reason,
    }
  })
  const samples = verdicts.filter((_, index) => read[index]!.response.kind === 'sample')
  const right = samples.filter((sample) => sample.verdict === 'equal').length
  return {
    version: VERIFY_VERSION,
    against,
    referenceAnswer: reference,
    verdicts,
    classes: groups.classes.map(({ answer, members }) => ({ answer, size: members.length })),
    winningAnswer: winner === -1 ? null : groups.classes[winner]!.answer,
    winningShare: cast === 0 ? 0 : Math.max(...votes) / cast,
    passRate: samples.length === 0 || against === 'none' ? null : right / samples.length,
  }
}

/** Index of the class with most votes; -1 where there is none, or two are equally large. */
function winnerOf(votes: readonly number[]): number {
  const most = Math.max(0, ...votes)
  const first = votes.indexOf(most)
  return most === 0 || first !== votes.lastIndexOf(most) ? -1 : first
}

/** What each response is against the reference, or else against the elected class; null where there is neither. */
async function comparisons(
  math: MathPool,
  groups: AnswerGroups,
  read: readonly Read[],
  reference: string | null,
  elected: number,
): Promise<(Comparison | null)[]> {
  const known = new Map<string, Promise<Comparison>>()
  const compare = (gold: string, pred: string): Promise<Comparison> => {
    const running = known.get(pred) ?? math.compare(gold, pred)
    known.set(pred, running)
    return running
  }
  return Promise.all(
    read.map(async ({ finalAnswer }, index): Promise<Comparison | null> => {
      if (finalAnswer === null) return null
      if (reference !== null) return compare(reference, finalAnswer)
      if (elected === -1) return null
      const ownClass = groups.classOf[index]!
      if (ownClass === elected) return { verdict: 'equal', reason: 'vote' }
      // Another class: different only where the checker can say so. An "equal" against its own grouping is a doubt.
      const against = await compare(groups.classes[elected]!.answer, groups.classes[ownClass]!.answer)
      return against.verdict === 'equal' ? { verdict: 'unknown', reason: 'ambiguous-class' } : against
    }),
  )
}
