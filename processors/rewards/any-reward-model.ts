// Reward reward-model: a reward model of whatever shape; which of the three it has is found out from its first reply.
// For a model that is not known yet: a config that is kept says the kind, so that a wrong server is noticed.

import { z } from 'zod'
import { rewardModelConfig, rewardVersion, summaryConfig, systemVersion } from './reward-models.ts'
import { rewardName } from './reward-name.ts'

export const anyRewardModelConfig = rewardModelConfig.extend({
  name: rewardName.default('reward-model'),
  kind: z.literal('reward-model'),
  summary: summaryConfig,
})

export type AnyRewardModelConfig = z.infer<typeof anyRewardModelConfig>

/** Version as it stands in the record: a score is only comparable with scores of the same one. */
export function anyRewardModelVersion({ model, summary, system }: AnyRewardModelConfig): string {
  return rewardVersion('reward-model@1', model, summary, ...systemVersion(system))
}
