// Reward token-rm: an outcome reward model that scores every token (Qwen2.5-Math-RM, InternLM2-reward); the last
// token's score is the reward, raw.

import { z } from 'zod'
import { rewardModelConfig, rewardVersion, systemVersion } from './reward-models.ts'
import { rewardName } from './reward-name.ts'

export const tokenRmConfig = rewardModelConfig.extend({ name: rewardName.default('rm'), kind: z.literal('token-rm') })

export type TokenRmConfig = z.infer<typeof tokenRmConfig>

/** Version as it stands in the record: a score is only comparable with scores of the same one. */
export function tokenRmVersion({ model, system }: TokenRmConfig): string {
  return rewardVersion('token-rm@1', model, ...systemVersion(system))
}
