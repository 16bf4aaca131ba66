// Reward process-rm: a process reward model (Qwen2.5-Math-PRM) that says for each step how probably it is right.
// The steps are what blank lines part (llm/steps.ts); the reward is their summary.

import { z } from 'zod'
import { rewardModelConfig, rewardVersion, summaryConfig, systemVersion } from './reward-models.ts'
import { rewardName } from './reward-name.ts'

export const processRmConfig = rewardModelConfig.extend({
  name: rewardName.default('prm'),
  kind: z.literal('process-rm'),
  summary: summaryConfig,
})

export type ProcessRmConfig = z.infer<typeof processRmConfig>

/** Version as it stands in the record: a score is only comparable with scores of the same one. */
export function processRmVersion({ model, summary, system }: ProcessRmConfig): string {
  return rewardVersion('process-rm@1', model, summary, ...systemVersion(system))
}
