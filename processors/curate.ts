// Stage curate: chooses the SFT answer and the preference pair of each problem by the rules in the config (each
// rule is in curation/). Promises: a row or a named reason for each; a problem that gives neither is rejected with
// the SFT reason, and its detail says both.

import { z } from 'zod'
import type { Conversed, Judged, PreferenceRecord, Rewarded, SftRecord, Verified } from '../schemas/records.ts'
import { settle } from '../schemas/settled.ts'
import type { Process } from '../stream/outcome.ts'
import { candidatesOf, type Candidate } from './curation/candidates.ts'
import { refuse, type Choice } from './curation/choice.ts'
import { chooseAnswer } from './curation/choose-answer.ts'
import { choosePair } from './curation/choose-pair.ts'
import { preferenceRow, sftRow } from './curation/rows.ts'
import { asConversed } from './grow.ts'

export const curateConfig = z.strictObject({
  reward: z.string().min(1).default('agreement').describe('Name of the reward that ranks responses'),
  minAgreement: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('Share of the votes that the winning answer needs, where no reference answer decides (2 of 4 is 0.5)'),
  sft: z
    .strictObject({
      enabled: z.boolean().default(true),
      verdicts: z
        .array(z.enum(['equal', 'different', 'unknown']))
        .min(1)
        .default(['equal'])
        .describe(
          'Verdicts that an SFT answer may have; add unknown to keep answers that nothing could be compared with',
        ),
      minReward: z.number().nullable().default(null).describe('Least value of the ranking reward; null asks for none'),
      prefer: z
        .enum(['answer', 'reward'])
        .default('answer')
        .describe('The cool answer if it passes, or the best by reward'),
    })
    .prefault({}),
  preference: z
    .strictObject({
      enabled: z.boolean().default(true),
      pairs: z
        .enum(['correctness', 'reward'])
        .default('correctness')
        .describe('correctness: right against wrong; reward: best against worst, whatever the verdicts'),
      margin: z
        .number()
        .min(0)
        .default(0)
        .describe('Least difference between the two rewards; equal rewards never pair'),
    })
    .prefault({}),
})

export type CurateConfig = z.infer<typeof curateConfig>

/** At least one of the two is there. */
export interface Curated {
  readonly sft: SftRecord | null
  readonly preference: PreferenceRecord | null
}

export interface CurateParts {
  readonly config: CurateConfig
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
}

/** Returns the stage. */
export function createCurate({ config, now }: CurateParts): Process<Verified | Judged | Rewarded | Conversed, Curated> {
  // eslint-disable-next-line @typescript-eslint/require-await -- the contract of a stage is a promise
  return async function curate(record) {
    const rewarded = asConversed(record)
    const candidates = candidatesOf(rewarded, config.reward)
    const verification = settle(rewarded)
    const shared = { reward: config.reward, minAgreement: config.minAgreement }
    const answer = chooseForSft(rewarded, config)
    const pair = config.preference.enabled
      ? choosePair(candidates, verification, { ...shared, ...config.preference })
      : SWITCHED_OFF
    const at = now()
    const sft = 'chosen' in answer ? sftRow(rewarded, answer.chosen, config.reward, reasonOf(pair), at) : null
    const preference =
      'chosen' in pair ? preferenceRow(rewarded, pair.chosen, config.reward, reasonOf(answer), at) : null
    if (sft !== null || preference !== null) return { emit: { sft, preference } }
    const first = config.sft.enabled ? reasonOf(answer) : reasonOf(pair)
    return { reject: { reason: first ?? 'nothing-wanted', detail: `sft: ${told(answer)}; preference: ${told(pair)}` } }
  }
}

/** The response that the SFT row of a problem takes, or why there is none. Stage converse asks it too. */
export function chooseForSft(record: Rewarded, { reward, minAgreement, sft }: CurateConfig): Choice<Candidate> {
  if (!sft.enabled) return SWITCHED_OFF
  return chooseAnswer(candidatesOf(record, reward), settle(record), { reward, minAgreement, ...sft })
}

const SWITCHED_OFF = refuse('switched-off', 'the config asks for none')

function reasonOf(choice: Choice<unknown>): string | null {
  return 'refusal' in choice ? choice.refusal.reason : null
}

function told(choice: Choice<unknown>): string {
  return 'refusal' in choice ? `${choice.refusal.reason} (${choice.refusal.detail})` : 'chosen'
}
