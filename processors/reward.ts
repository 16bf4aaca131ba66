// Stage reward: every configured reward of every response, side by side and all at once. Promises: each score
// names its reward and version; an incomplete response is never scored (null with the error `incomplete`), and a
// text that a model cannot score is a null with its error, not a lost record.

import { z } from 'zod'
import type { Llm } from '../llm/contract.ts'
import type { Rewarded, RewardScore, Verdict, Verified } from '../schemas/records.ts'
import type { Process } from '../stream/outcome.ts'
import { allOrAbort } from './all-or-abort.ts'
import { envelopeOf } from './grow.ts'
import { AGREEMENT_VERSION, agreementConfig, agreementOf } from './rewards/agreement.ts'
import { conversationOf, tokenRmConfig, tokenRmVersion } from './rewards/token-rm.ts'

/** First in the models' queue: these problems are nearest to their end. */
const RANK = 0

const oneReward = z.discriminatedUnion('kind', [agreementConfig, tokenRmConfig])

export const rewardConfig = z.strictObject({
  enabled: z.boolean().default(true).describe('Score the responses'),
  rewards: z
    .array(oneReward)
    .min(1, 'needs at least one reward; to have none, set enabled: false')
    .superRefine((rewards, context) => {
      rewards.forEach(({ name }, index) => {
        if (rewards.findIndex((other) => other.name === name) !== index)
          context.addIssue({
            code: 'custom',
            path: [index, 'name'],
            message: `the name ${name} is taken; give each reward its own`,
          })
      })
    })
    .prefault([{ name: 'agreement', kind: 'agreement' }])
    .describe('Rewards side by side; the name is what the record, the tables and curate.reward call it'),
})

export type RewardConfig = z.infer<typeof rewardConfig>
export type OneReward = z.infer<typeof oneReward>

export interface RewardParts {
  readonly llm: Llm
  readonly config: Pick<RewardConfig, 'rewards'>
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
}

/** Returns the stage. It emits always; a permanent Failure of a reward server (as a wrong reply shape) is thrown. */
export function createReward({ llm, config, now }: RewardParts): Process<Verified, Rewarded> {
  return async function reward(record, { signal }) {
    const tasks = record.verification.verdicts.flatMap((verdict) =>
      config.rewards.map((each) => (together: AbortSignal) => scoreOne(llm, each, record, verdict, together)),
    )
    const rewards = await allOrAbort(signal, tasks)
    return { emit: { ...record, ...envelopeOf(record, now()), rewards } }
  }
}

async function scoreOne(
  llm: Llm,
  reward: OneReward,
  record: Verified,
  verdict: Verdict,
  signal: AbortSignal,
): Promise<RewardScore> {
  const score: RewardScore = {
    responseId: verdict.responseId,
    name: reward.name,
    version: reward.kind === 'agreement' ? AGREEMENT_VERSION : tokenRmVersion(reward.model),
    value: null,
    steps: [],
    error: null,
    model: reward.kind === 'agreement' ? null : reward.model,
    endpoint: null,
    tokens: 0,
    milliseconds: 0,
    attempts: 1,
    usd: null,
    detail: null,
  }
  if (!verdict.complete) return { ...score, error: 'incomplete' }
  switch (reward.kind) {
    case 'agreement':
      return { ...score, value: agreementOf(verdict) }
    case 'token-rm': {
      const messages = conversationOf(reward.system, record.screening.text, verdict.solution)
      const scored = await llm.score(messages, { role: `reward:${reward.name}`, signal, rank: RANK })
      return { ...score, ...scored, steps: [...scored.steps] }
    }
  }
}
