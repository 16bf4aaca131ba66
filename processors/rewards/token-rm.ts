// Reward token-rm: an outcome reward model that scores every token (Qwen2.5-Math-RM, InternLM2-reward); the last
// token's score is the reward, raw. The thought is not shown to it: reward models have short contexts.

import { z } from 'zod'
import { rewarderConfig } from '../../llm/config.ts'
import type { ChatMessage } from '../../llm/contract.ts'

const VERSION = 'token-rm@1'

export const tokenRmConfig = rewarderConfig.extend({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and hyphens')
    .default('rm'),
  kind: z.literal('token-rm'),
  system: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('System text before the problem; null leaves it to the template'),
})

export type TokenRmConfig = z.infer<typeof tokenRmConfig>

/** Version as it stands in the record: a score is only comparable with scores of the same one. */
export function tokenRmVersion(model: string): string {
  return `${VERSION}:${model}`
}

/** The conversation to be scored. */
export function conversationOf(system: string | null, problem: string, solution: string): ChatMessage[] {
  const turns: ChatMessage[] = [
    { role: 'user', content: problem },
    { role: 'assistant', content: solution },
  ]
  return system === null ? turns : [{ role: 'system', content: system }, ...turns]
}
