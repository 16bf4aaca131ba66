// The next question of a conversation: the questioner completes its own template's text up to where the user's next
// words begin. Promises: a question is cleaned and judged by the rules of screening before it is asked, and one that holds
// a benchmark problem is refused; a refused one is tried again with another seed; every try is kept.

import type { Completion, Llm } from '../../llm/contract.ts'
import { turnSeed } from '../../llm/seeds.ts'
import type { PastTurn } from '../../llm/templates.ts'
import type { CallMemory } from '../../schemas/call-memory.ts'
import type { QuestionTry } from '../../schemas/records.ts'
import { cleanProblem } from '../screening/clean.ts'
import { contaminatedBy, type Contamination } from '../screening/contamination.ts'
import type { RuleSettings } from '../screening/rule-settings.ts'
import { judgeText } from '../screening/rules.ts'
import { CONTEXT_FULL, type Ending, unlessFull } from './history.ts'

export interface FollowUpParts {
  readonly llm: Llm
  readonly rank: number
  readonly prefix: (past: readonly PastTurn[]) => { readonly prompt: string }
  readonly tries: number
  readonly rules: FollowUpRules
}

/** What a follow-up is judged by. */
export interface FollowUpRules {
  readonly limits: RuleSettings
  /** Knows the problems of benchmarks; null: they are not looked for. */
  readonly contamination: Contamination | null
}

export interface FollowUpRequest {
  readonly problemId: string
  readonly turn: number
  readonly past: readonly PastTurn[]
  readonly signal: AbortSignal
  readonly calls: CallMemory
}

export type AskedFollowUp =
  | { readonly question: string; readonly tries: QuestionTry[] }
  | { readonly question: null; readonly tries: QuestionTry[]; readonly ending: Ending }

/** Name that its cost is counted under. */
export const FOLLOW_UP_ACCOUNT = 'questioner:turns'

/** Returns a function that asks the questioner until a question passes or the tries are used up. */
export function createFollowUp({ llm, rank, prefix, tries: most, rules }: FollowUpParts) {
  return async function askFollowUp({ problemId, turn, past, signal, calls }: FollowUpRequest): Promise<AskedFollowUp> {
    const { prompt } = prefix(past)
    const tries: QuestionTry[] = []
    for (let attempt = 0; attempt < most; attempt += 1) {
      const seed = turnSeed('follow-up', problemId, turn, attempt)
      const context = { role: 'questioner', account: FOLLOW_UP_ACCOUNT, signal, rank, calls } as const
      const completions = await unlessFull(llm.complete({ input: { prompt }, seed }, context))
      if (completions === null) return { question: null, tries, ending: CONTEXT_FULL }
      const [completion] = completions
      if (completion === undefined) throw new Error('the model client returned no completion for a request of one')
      const tried = judgeFollowUp(completion, past, rules)
      tries.push(tried)
      if (tried.refusal === null) return { question: tried.cleaned, tries }
    }
    const { refusal, detail } = tries.at(-1)!
    const ending = { ended: refusal ?? 'refused', detail: `turn ${turn}, ${most} tries; the last: ${detail ?? ''}` }
    return { question: null, tries, ending }
  }
}

/** What the rules make of a follow-up. */
export function judgeFollowUp(
  { text, generation }: Completion,
  past: readonly PastTurn[],
  { limits, contamination }: FollowUpRules,
): QuestionTry {
  const raw = text.slice(0, limits.maxCharacters * 4)
  const { text: cleaned, changes } = cleanProblem(raw)
  const tried = { text, cleaned, changes, generation, collidedWith: null }
  const contaminated = contaminatedBy(raw, contamination)
  if (contaminated !== null) {
    const { reason, detail, collidedWith } = contaminated
    return { ...tried, refusal: reason, detail, collidedWith }
  }
  const judged = judgeText(withoutJoiningWord(cleaned), generation.finishReason, limits)
  if ('reason' in judged) return { ...tried, refusal: judged.reason, detail: judged.detail }
  const before = past.findIndex(({ user }) => sameWords(user) === sameWords(cleaned))
  if (before !== -1) return { ...tried, refusal: 'repeated-question', detail: `the same as in turn ${before + 1}` }
  return { ...tried, refusal: null, detail: null }
}

/** "and what if …" begins in the middle of a sentence, which is no fault here: the sentence stands before it. */
function withoutJoiningWord(text: string): string {
  return text.replace(/^(?:and|or|but|so|then|with|which|where|while)\b[\s,]*/i, '')
}

function sameWords(text: string): string {
  return text.toLowerCase().replace(/\s+/g, ' ').trim()
}
