// Reward sequence-rm: a reward model that gives the whole text one value (Skywork-Reward-V2); raw, never a sigmoid's.

import { z } from 'zod'
import { rewardModelConfig, rewardVersion, systemVersion } from './reward-models.ts'
import { rewardName } from './reward-name.ts'

export const sequenceRmConfig = rewardModelConfig.extend({
  name: rewardName.default('sequence-rm'),
  kind: z.literal('sequence-rm'),
})

export type SequenceRmConfig = z.infer<typeof sequenceRmConfig>

/** Version as it stands in the record: a score is only comparable with scores of the same one. */
export function sequenceRmVersion({ model, system }: SequenceRmConfig): string {
  return rewardVersion('sequence-rm@1', model, ...systemVersion(system))
}
