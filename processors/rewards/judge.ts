// Reward judge: a model that reads the solution by a rubric and answers in JSON held to a schema: an explanation, then
// a score. Promises: one call, one more to repair an unreadable reply, then no value and the error `judge-unreadable`;
// what the judge said for its score is kept.

import { z } from 'zod'
import { coolSamplingConfig, roleConfig } from '../../llm/config.ts'
import type { CallContext, Llm } from '../../llm/contract.ts'
import { problemSeed } from '../../llm/seeds.ts'
import type { RewardScore } from '../../schemas/records.ts'
import { askJson } from '../ask-json.ts'
import { DEFAULT_RUBRIC, type Judged, judgePrompt } from './judge-prompt.ts'
import { rewardVersion, shortHash } from './reward-models.ts'
import { rewardName } from './reward-name.ts'

export const judgeConfig = roleConfig
  .omit({ template: true, chatTemplate: true, system: true, prompt: true })
  .extend({
    name: rewardName.default('judge'),
    kind: z.literal('judge'),
    sampling: coolSamplingConfig.prefault({}),
    rubric: z.string().trim().min(1).default(DEFAULT_RUBRIC).describe('What the judge goes by'),
    lowest: z.int().default(0).describe('Lowest score that it may give'),
    highest: z.int().default(10).describe('Highest score that it may give'),
    showReference: z
      .boolean()
      .default(false)
      .describe("Show the problem's reference answer to the judge, where there is one"),
  })
  .refine(({ lowest, highest }) => lowest < highest, { path: ['highest'], error: 'must be over lowest' })

export type JudgeConfig = z.infer<typeof judgeConfig>

/** Version as it stands in the record: a score is only comparable with scores of the same one. */
export function judgeVersion({ model, rubric, lowest, highest, showReference, sampling, stop }: JudgeConfig): string {
  const way = JSON.stringify([rubric, lowest, highest, showReference, sampling, stop])
  return rewardVersion('judge@1', model, `rubric-${shortHash(way)}`)
}

/** What a judgement adds to a score. */
export type Judgement = Pick<
  RewardScore,
  'value' | 'error' | 'detail' | 'model' | 'endpoint' | 'tokens' | 'milliseconds' | 'attempts' | 'usd'
>

/**
 * Has one response judged. Tokens, milliseconds, attempts and money are those of all its calls.
 *
 * Throws what Llm.complete throws.
 */
export async function judge(
  llm: Llm,
  config: JudgeConfig,
  judged: Judged,
  { responseId, ...asking }: Omit<CallContext, 'role'> & { readonly responseId: string },
): Promise<Judgement> {
  const { name, rubric, lowest, highest } = config
  const reply = await askJson(
    llm,
    {
      name: 'judgement',
      shape: z.strictObject({ explanation: z.string().max(8000), score: z.int().min(lowest).max(highest) }),
      messages: judgePrompt(rubric, config, judged),
      seed: (attempt) => problemSeed('judge', responseId, attempt),
    },
    { ...asking, role: `reward:${name}` },
  )
  const { model, endpoint, promptTokens, completionTokens, milliseconds, attempts, usd } = reply.generation
  const cost = { model, endpoint, tokens: promptTokens + completionTokens, milliseconds, attempts, usd }
  return 'fault' in reply
    ? { ...cost, value: null, error: 'judge-unreadable', detail: reply.fault }
    : { ...cost, value: reply.value.score, error: null, detail: reply.value.explanation }
}
