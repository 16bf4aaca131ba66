// Stage converse: further turns after the answer that curation would choose for SFT. The questioner goes on from its own
// template's text after that answer (processors/conversing/follow-up.ts), the answerer answers the whole conversation
// (turn-answer.ts). Promises: only problems whose answer passes pay for turns; every text is kept untouched beside what
// was made of it; a conversation with fewer turns than wished says why, and its record goes on. Off by default.

import { z } from 'zod'
import type { Llm } from '../llm/contract.ts'
import { MOST_TURNS, SEEDS_PER_TURN } from '../llm/seeds.ts'
import type { PastTurn } from '../llm/templates.ts'
import type { MathPool } from '../math/contract.ts'
import { turnId } from '../schemas/ids.ts'
import type { Conversation, Conversed, FollowUp, Judged, Rewarded, Verified } from '../schemas/records.ts'
import type { Process, ProcessContext } from '../stream/outcome.ts'
import type { Prompting } from './ask.ts'
import { createFollowUp } from './conversing/follow-up.ts'
import { safeTurn } from './conversing/history.ts'
import { createTurnAnswer } from './conversing/turn-answer.ts'
import { chooseForSft, type CurateConfig } from './curate.ts'
import { asRewarded, envelopeOf } from './grow.ts'
import type { Contamination } from './screening/contamination.ts'
import type { RuleSettings } from './screening/rule-settings.ts'
import type { VerifyConfig } from './verify.ts'

export const CONVERSE_VERSION = 'converse@1'

/** Beside rewards: these problems are nearest to their end. */
const RANK = 0

export const converseConfig = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .describe('Make conversations of several turns of the problems with a good answer'),
  turns: z
    .int()
    .min(2)
    .max(MOST_TURNS)
    .default(2)
    .describe('Turns wished in all; the problem with its answer is the first'),
  tries: z
    .int()
    .min(1)
    .max(SEEDS_PER_TURN)
    .default(3)
    .describe('Tries of the questioner for each turn; a follow-up that the rules refuse is tried again'),
  minCharacters: z.int().min(1).default(4).describe('Least length of a follow-up question; it may refer to before'),
  votes: z
    .int()
    .min(1)
    .max(SEEDS_PER_TURN)
    .default(1)
    .describe('Answers to each follow-up; with several, more than half must agree in their final answers'),
  voteTemperature: z
    .number()
    .gt(0)
    .max(2)
    .default(0.7)
    .describe("Temperature of the second and further answers to a follow-up; the first has the answerer's own"),
  prompt: z
    .string()
    .includes('{problem}')
    .nullable()
    .default(null)
    .describe("How a follow-up is put to the answerer; {problem} is replaced by it; null: by the answerer's prompt"),
})

export type ConverseConfig = z.infer<typeof converseConfig>

export interface ConverseParts {
  readonly llm: Llm
  readonly math: Pick<MathPool, 'group'>
  readonly config: Omit<ConverseConfig, 'enabled'>
  /** The config of the stages whose judgement is asked here. */
  readonly screen: RuleSettings
  /** Knows the problems of benchmarks; null: they are not looked for. */
  readonly contamination: Contamination | null
  readonly verify: Pick<VerifyConfig, 'expectsThought' | 'weakestAnswer'>
  readonly curate: CurateConfig
  readonly answerer: Prompting
  /** The questioner's exact prompt after these turns. */
  readonly prefix: (past: readonly PastTurn[]) => { readonly prompt: string }
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
}

type Asking = Pick<ProcessContext, 'signal' | 'calls'>

/** The rules of screening for a question that may be short and speak of what stands before it. */
function followUpRules(screen: RuleSettings, { minCharacters }: Pick<ConverseConfig, 'minCharacters'>): RuleSettings {
  return { ...screen, minCharacters, minMathShare: 0, outsideReferences: 'keep' }
}

/** Returns the stage. It emits always; a permanent Failure of a call (but that the context is full) is thrown. */
export function createConverse(parts: ConverseParts): Process<Verified | Judged | Rewarded, Conversed> {
  const { config, curate, now } = parts
  const call = { llm: parts.llm, rank: RANK }
  const askFollowUp = createFollowUp({
    ...call,
    prefix: parts.prefix,
    tries: config.tries,
    rules: { limits: followUpRules(parts.screen, config), contamination: parts.contamination },
  })
  const answerTurn = createTurnAnswer({
    ...call,
    math: parts.math,
    votes: config.votes,
    voteTemperature: config.voteTemperature,
    answerer: parts.answerer,
    followUpPrompt: config.prompt ?? parts.answerer.prompt,
    read: parts.verify,
  })

  const converseAbout = async (record: Rewarded, asking: Asking): Promise<Conversation> => {
    const choice = chooseForSft(record, curate)
    const begun = { version: CONVERSE_VERSION, responseId: null, wished: config.turns, ended: null, detail: null }
    if ('refusal' in choice) {
      const { reason, detail } = choice.refusal
      return { ...begun, followUps: [], ended: reason, detail }
    }
    const { response, verdict } = choice.chosen
    const conversation = { ...begun, responseId: response.id }
    const past = [safeTurn(record.screening.text, verdict.solution)]
    const followUps: FollowUp[] = []
    for (let turn = 2; turn <= config.turns; turn += 1) {
      const asked = await askFollowUp({ ...asking, problemId: record.id, turn, past })
      const followUp = { id: turnId(record.id, turn), turn, question: asked.question, tries: asked.tries }
      if (asked.question === null) {
        followUps.push({ ...followUp, answers: [], chosen: null, winningShare: null })
        return { ...conversation, followUps, ...asked.ending }
      }
      const answered = await answerTurn({ ...asking, problemId: record.id, turn, past, question: asked.question })
      const { answers, chosen, winningShare } = answered
      followUps.push({ ...followUp, answers, chosen: chosen?.index ?? null, winningShare })
      if (chosen === null) return { ...conversation, followUps, ...answered.ending }
      past.push(safeTurn(asked.question, chosen.solution))
    }
    return { ...conversation, followUps }
  }

  return async function converse(record, { signal, calls }) {
    const rewarded = asRewarded(record)
    const conversation = await converseAbout(rewarded, { signal, calls })
    return { emit: { ...rewarded, ...envelopeOf(record, now()), conversation } }
  }
}
