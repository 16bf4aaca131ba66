// Reward agreement: the share of the votes that a response's final answer got. Needs no model; between 0 and 1.

import { z } from 'zod'
import type { Verdict } from '../../schemas/records.ts'
import { rewardName } from './reward-name.ts'

export const AGREEMENT_VERSION = 'agreement@1'

export const agreementConfig = z.strictObject({
  name: rewardName.default('agreement'),
  kind: z.literal('agreement'),
})

export type AgreementConfig = z.infer<typeof agreementConfig>

/** 0 where the response has no final answer. */
export function agreementOf(verdict: Verdict): number {
  return verdict.voteShare
}
