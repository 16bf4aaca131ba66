// Stage reward: every configured reward of every response, side by side and all at once. Promises: each score
// names its reward and version; an incomplete response is never scored (null with the error `incomplete`), and a
// text that a model cannot score is a null with its error, not a lost record; the thought is shown to no reward. Scores
// that another revision has of the same text by the same reward are taken over where that is asked for.

import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { Llm } from '../llm/contract.ts'
import type { PastOf, PastRecord } from '../schemas/past.ts'
import type { Judged, Rewarded, RewardScore, Verdict, Verified } from '../schemas/records.ts'
import { settle } from '../schemas/settled.ts'
import type { Process, ProcessContext } from '../stream/outcome.ts'
import { allOrAbort } from './all-or-abort.ts'
import { createDoubts, factOf } from './doubts.ts'
import { asJudged, envelopeOf } from './grow.ts'
import { AGREEMENT_VERSION, agreementConfig, agreementOf } from './rewards/agreement.ts'
import { anyRewardModelConfig, anyRewardModelVersion } from './rewards/any-reward-model.ts'
import { judge, judgeConfig, judgeVersion } from './rewards/judge.ts'
import type { Judged as Shown } from './rewards/judge-prompt.ts'
import { processRmConfig, processRmVersion } from './rewards/process-rm.ts'
import { conversationOf } from './rewards/reward-models.ts'
import { sequenceRmConfig, sequenceRmVersion } from './rewards/sequence-rm.ts'
import { tokenRmConfig, tokenRmVersion } from './rewards/token-rm.ts'

/** First in the models' queue: these problems are nearest to their end. */
const RANK = 0

const oneReward = z.discriminatedUnion('kind', [
  agreementConfig,
  tokenRmConfig,
  processRmConfig,
  sequenceRmConfig,
  anyRewardModelConfig,
  judgeConfig,
])

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
  /** Where scores are taken over from; left out: every one is asked for. */
  readonly past?: PastOf | undefined
  /** Told of each score that is taken over, by its role `reward:NAME`. */
  readonly taken?: ((role: string, scores: number) => void) | undefined
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
}

/**
 * Returns the stage. It emits always. A record that has scores already keeps those of rewards that are not in the config.
 * Thrown are permanent failures that no other text would be spared: a reply of
 * another shape than the kind's (`reward-shape`), a reward that gives one problem after the other no value
 * (`reward-unusable`).
 */
export function createReward(parts: RewardParts): Process<Verified | Judged | Rewarded, Rewarded> {
  const { llm, config, past, taken, now } = parts
  const doubts = createDoubts('reward')
  return async function reward(record, { signal, calls }) {
    const before = (await past?.(record, signal)) ?? null
    const tasks = settle(asJudged(record)).verdicts.flatMap((verdict) =>
      config.rewards.map((each) => async (together: AbortSignal): Promise<RewardScore> => {
        const empty = emptyScore(each, verdict)
        if (!verdict.complete) return { ...empty, error: 'incomplete' }
        const kept = before === null ? null : keptScore(before, each, record, verdict)
        if (kept !== null) {
          taken?.(roleOf(each), 1)
          return kept
        }
        const score = {
          ...empty,
          ...(await scoreOne(llm, each, record, verdict, { signal: together, calls }).catch(factOf)),
        }
        doubts.note(record.id, score)
        return score
      }),
    )
    const others = 'rewards' in record ? record.rewards.filter(({ name }) => !isIn(config.rewards, name)) : []
    const rewards = [...others, ...(await allOrAbort(signal, tasks))]
    return { emit: { ...asJudged(record), ...envelopeOf(record, now()), rewards } }
  }
}

/** The version of a reward: scores are only comparable where it is the same. */
export function versionOf(reward: OneReward): string {
  switch (reward.kind) {
    case 'agreement':
      return AGREEMENT_VERSION
    case 'token-rm':
      return tokenRmVersion(reward)
    case 'process-rm':
      return processRmVersion(reward)
    case 'sequence-rm':
      return sequenceRmVersion(reward)
    case 'reward-model':
      return anyRewardModelVersion(reward)
    case 'judge':
      return judgeVersion(reward)
  }
}

function isIn(rewards: readonly OneReward[], name: string): boolean {
  return rewards.some((each) => each.name === name)
}

function roleOf({ name }: OneReward): string {
  return `reward:${name}`
}

/** What a reward model or a judge is shown. */
function shownTo(
  reward: OneReward,
  { screening, verification }: Pick<Verified, 'screening' | 'verification'>,
  { solution }: Verdict,
): Shown {
  const reference = reward.kind === 'judge' && reward.showReference ? verification.referenceAnswer : null
  return { problem: screening.text, solution, reference }
}

/**
 * The score of the same response there, if it has a value and neither the reward, its version (model, system text,
 * rubric, …) nor what it is shown has changed. What costs no call is reckoned anew.
 */
function keptScore(past: PastRecord, reward: OneReward, record: Verified, verdict: Verdict): RewardScore | null {
  if (reward.kind === 'agreement') return null
  const { screening, verification, rewards } = past
  const score = rewards?.find(({ responseId, name }) => responseId === verdict.responseId && name === reward.name)
  const scored = verification?.verdicts.find(({ responseId }) => responseId === verdict.responseId)
  if (score === undefined || scored === undefined || screening === undefined || verification === undefined) return null
  if (score.value === null || score.error !== null) return null
  if (score.version !== versionOf(reward) || score.model !== reward.model) return null
  const shown = shownTo(reward, { screening, verification }, scored)
  if (!isDeepStrictEqual(shown, shownTo(reward, record, verdict))) return null
  return { ...score, keptFrom: score.keptFrom ?? past.revision }
}

function emptyScore(reward: OneReward, { responseId }: Verdict): RewardScore {
  return {
    responseId,
    name: reward.name,
    version: versionOf(reward),
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
    keptFrom: null,
  }
}

async function scoreOne(
  llm: Llm,
  reward: OneReward,
  record: Verified,
  verdict: Verdict,
  asking: Pick<ProcessContext, 'signal' | 'calls'>,
): Promise<Partial<RewardScore>> {
  const { responseId } = verdict
  const shown = shownTo(reward, record, verdict)
  switch (reward.kind) {
    case 'agreement':
      return { value: agreementOf(verdict) }
    case 'token-rm':
    case 'process-rm':
    case 'sequence-rm':
    case 'reward-model': {
      const messages = conversationOf(reward.system, shown.problem, shown.solution)
      const scored = await llm.score(messages, { ...asking, role: roleOf(reward), rank: RANK })
      return { ...scored, steps: [...scored.steps] }
    }
    case 'judge':
      return judge(llm, reward, shown, { ...asking, responseId, rank: RANK })
  }
}
