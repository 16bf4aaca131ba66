// Stage curate: chooses the SFT answer and the preference pairs of each problem by the rules in the config (the rules
// are in curation/). Promises: rows or a named reason for each; a problem that gives neither is rejected with the SFT
// reason, and its detail says both; every row and rejection says what each rule took out.

import { z } from 'zod'
import type { Conversed, Judged, PreferenceRecord, Rewarded, SftRecord, Verified } from '../schemas/records.ts'
import { settle } from '../schemas/settled.ts'
import type { Process } from '../stream/outcome.ts'
import { candidatesOf, problemFacts, type Candidate } from './curation/candidates.ts'
import type { Choice } from './curation/choice.ts'
import { answerChoiceConfig, chooseAnswer, type AnswerRules } from './curation/choose-answer.ts'
import { choosePairs, pairChoiceConfig, type PairRules } from './curation/choose-pairs.ts'
import { passRateLevelsConfig } from './curation/pass-rate.ts'
import { preferenceRow, sftRow, type RowParts } from './curation/rows.ts'
import { changed, forRejected, gatesOf, rulesConfig, type SharedGates } from './curation/rules.ts'
import { asConversed } from './grow.ts'

export const curateConfig = z.strictObject({
  reward: z.string().min(1).default('agreement').describe('Name of the reward that ranks responses'),
  minAgreement: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('Share of the votes that the winning answer needs, where no reference answer decides (2 of 4 is 0.5)'),
  passRateLevels: passRateLevelsConfig.prefault({}),
  rules: rulesConfig.prefault({}).describe('What keeps a response out of both data sets; null or false: nothing'),
  sft: answerChoiceConfig.prefault({}),
  preference: pairChoiceConfig.prefault({}),
})

export type CurateConfig = z.infer<typeof curateConfig>

/** At least one row is there. */
export interface Curated {
  readonly sft: SftRecord | null
  readonly preferences: readonly PreferenceRecord[]
}

export interface CurateParts {
  readonly config: CurateConfig
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
}

/** How the config wants the SFT answer chosen. */
export function answerRules({ reward, minAgreement, rules, sft }: CurateConfig, shared?: SharedGates): AnswerRules {
  return { ...sft, reward, minAgreement, gates: gatesOf(changed(rules, sft.rules), shared) }
}

/** How the config wants pairs chosen. */
export function pairRules({ reward, minAgreement, rules, preference }: CurateConfig, shared?: SharedGates): PairRules {
  const both = changed(rules, preference.rules)
  const rejected = changed(forRejected(both), preference.rejectedRules)
  return { ...preference, reward, minAgreement, gates: gatesOf(both, shared), rejectedGates: gatesOf(rejected, shared) }
}

/** Returns the stage. */
export function createCurate({ config, now }: CurateParts): Process<Verified | Judged | Rewarded | Conversed, Curated> {
  const shared: SharedGates = new Map()
  const forAnswer = answerRules(config, shared)
  const forPairs = pairRules(config, shared)
  // eslint-disable-next-line @typescript-eslint/require-await -- the contract of a stage is a promise
  return async function curate(verified) {
    const record = asConversed(verified)
    const candidates = candidatesOf(record, config.reward, config.passRateLevels)
    const verification = settle(record)
    const answer = config.sft.enabled ? chooseAnswer(candidates, verification, forAnswer) : SWITCHED_OFF
    const pairs = config.preference.enabled ? choosePairs(candidates, verification, forPairs) : SWITCHED_OFF
    const curation = {
      ...{ sftRefusal: reasonOf(answer), pairRefusal: reasonOf(pairs) },
      ...{ sftDropped: { ...answer.dropped }, pairDropped: { ...pairs.dropped } },
    }
    if ('refusal' in answer && 'refusal' in pairs) {
      const reason = config.sft.enabled ? answer.refusal.reason : pairs.refusal.reason
      return { reject: { reason, detail: `sft: ${told(answer)}; preference: ${told(pairs)}`, curation } }
    }
    const parts: RowParts = { record, facts: problemFacts(record, config.passRateLevels), curation, now: now() }
    return {
      emit: {
        sft: 'chosen' in answer ? sftRow(parts, answer.chosen, config.reward) : null,
        preferences: 'chosen' in pairs ? pairs.chosen.map((pair, index) => preferenceRow(parts, pair, index)) : [],
      },
    }
  }
}

/** The response that the SFT row of a problem takes, or why there is none. Stage converse asks it too. */
export function chooseForSft(record: Rewarded, config: CurateConfig): Choice<Candidate> {
  if (!config.sft.enabled) return SWITCHED_OFF
  const candidates = candidatesOf(record, config.reward, config.passRateLevels)
  return chooseAnswer(candidates, settle(record), answerRules(config))
}

const SWITCHED_OFF = {
  refusal: { reason: 'switched-off', detail: 'the config asks for none' },
  dropped: {},
} satisfies Choice<never>

function reasonOf(choice: Choice<unknown>): string | null {
  return 'refusal' in choice ? choice.refusal.reason : null
}

function told(choice: Choice<unknown>): string {
  return 'refusal' in choice ? `${choice.refusal.reason} (${choice.refusal.detail})` : 'chosen'
}
