// The answer to a follow-up question: the answerer is shown the whole conversation, thoughts left out. Promises: an
// answer that did not come to its end is never used; with several votes the turn is kept only where more than half of
// them agree in their final answers.

import type { ChatMessage, Llm } from '../../llm/contract.ts'
import { turnSeed } from '../../llm/seeds.ts'
import type { PastTurn } from '../../llm/templates.ts'
import type { MathPool } from '../../math/contract.ts'
import type { CallMemory } from '../../schemas/call-memory.ts'
import { turnAnswerId } from '../../schemas/ids.ts'
import type { TurnAnswer } from '../../schemas/records.ts'
import { allOrAbort } from '../all-or-abort.ts'
import { askProblem, type Prompting } from '../ask.ts'
import { createMarkers, readText, type VerifyConfig } from '../verify.ts'
import { CONTEXT_FULL, type Ending, unlessFull } from './history.ts'

export interface TurnAnswerParts {
  readonly llm: Llm
  readonly rank: number
  readonly math: Pick<MathPool, 'group'>
  readonly votes: number
  readonly voteTemperature: number
  readonly answerer: Prompting
  /** As `prompt` of the answerer, for the questions after the first. */
  readonly followUpPrompt: string
  readonly read: Pick<VerifyConfig, 'expectsThought' | 'weakestAnswer'>
}

export interface TurnRequest {
  readonly problemId: string
  readonly turn: number
  readonly past: readonly PastTurn[]
  readonly question: string
  readonly signal: AbortSignal
  readonly calls: CallMemory
}

interface Answers {
  readonly answers: TurnAnswer[]
  readonly winningShare: number | null
}

export type AnsweredTurn =
  (Answers & { readonly chosen: TurnAnswer }) | (Answers & { readonly chosen: null; readonly ending: Ending })

/** Name that its cost is counted under. */
export const TURN_ACCOUNT = 'answerer:turns'

/** Returns a function that answers a turn. */
export function createTurnAnswer(parts: TurnAnswerParts) {
  const { llm, rank, math, votes, voteTemperature, read } = parts
  const markersOf = createMarkers()

  const answerOnce = async (request: TurnRequest, index: number, signal: AbortSignal): Promise<TurnAnswer> => {
    const { problemId, turn, calls } = request
    const [completion] = await llm.complete(
      {
        input: { messages: messagesOf(parts, request) },
        seed: turnSeed('turn', problemId, turn, index),
        // The first is cool; votes that are all cool would be one text.
        ...(index === 0 ? {} : { sampling: { temperature: voteTemperature } }),
      },
      { role: 'answerer', account: TURN_ACCOUNT, signal, rank, calls },
    )
    if (completion === undefined) throw new Error('the model client returned no completion for a request of one')
    const { text, reasoning, generation } = completion
    const found = readText(completion, read, markersOf(generation))
    return {
      ...{ id: turnAnswerId(problemId, turn, index), index, text, reasoning, generation },
      ...{ thought: found.thought, complete: found.complete, split: found.reasoning, solution: found.solution },
      ...{ finalAnswer: found.finalAnswer, answerClass: -1 },
    }
  }

  return async function answerTurn(request: TurnRequest): Promise<AnsweredTurn> {
    const tasks = Array.from(
      { length: votes },
      (_, index) => (together: AbortSignal) => answerOnce(request, index, together),
    )
    const answers = await unlessFull(allOrAbort(request.signal, tasks))
    if (answers === null) return { answers: [], winningShare: null, chosen: null, ending: CONTEXT_FULL }
    const complete = answers.find((answer) => answer.complete)
    if (complete === undefined) return { answers, winningShare: null, chosen: null, ending: unfinished(answers) }
    return votes === 1 ? { answers, winningShare: null, chosen: complete } : elected(math, answers)
  }
}

/** The first answer of the class that more than half of the votes are in. */
async function elected(math: Pick<MathPool, 'group'>, given: readonly TurnAnswer[]): Promise<AnsweredTurn> {
  const groups = await math.group(given.map(({ finalAnswer }) => finalAnswer))
  const answers = given.map((answer, index) => ({ ...answer, answerClass: groups.classOf[index] ?? -1 }))
  const [winner] = groups.classes
  const agreeing = winner?.members.length ?? 0
  const winningShare = agreeing / given.length
  const chosen = answers.find(({ answerClass }) => answerClass === 0)
  if (chosen !== undefined && winningShare > 0.5) return { answers, winningShare, chosen }
  const detail = `${agreeing} of ${given.length} answers agree, more than half are asked for`
  return { answers, winningShare, chosen: null, ending: { ended: 'answers-disagree', detail } }
}

/** The conversation as messages, each question as the answerer is asked it. */
function messagesOf({ answerer, followUpPrompt }: TurnAnswerParts, { past, question }: TurnRequest): ChatMessage[] {
  const [first, ...later] = past
  const further = { prompt: followUpPrompt }
  return [
    ...askProblem(answerer, first!.user),
    { role: 'assistant', content: first!.assistant },
    ...later.flatMap(({ user, assistant }): ChatMessage[] => [
      ...askProblem(further, user),
      { role: 'assistant', content: assistant },
    ]),
    ...askProblem(further, question),
  ]
}

function unfinished(answers: readonly TurnAnswer[]): Ending {
  const seen = answers.map(({ thought, generation }) => `${generation.finishReason}, thought ${thought}`)
  const ended = answers.some(({ thought }) => thought === 'unfinished') ? 'thought-unfinished' : 'answer-unfinished'
  return { ended, detail: `none of ${answers.length} answers came to its end (${[...new Set(seen)].join('; ')})` }
}
