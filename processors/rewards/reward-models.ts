// What all reward models share: their config, the conversation that they score, and how their version is written.
// The thought is not shown to them: it is not what is rewarded, and their contexts are short.

import { createHash } from 'node:crypto'
import { z } from 'zod'
import { rewarderConfig, SUMMARIES } from '../../llm/config.ts'
import type { ChatMessage } from '../../llm/contract.ts'

/** Config of every reward model; each kind adds its name and kind. */
export const rewardModelConfig = rewarderConfig.extend({
  model: rewarderConfig.shape.model.refine((model) => !/armo-?rm/i.test(model), {
    error:
      'vLLM cannot serve ArmoRM (its gated heads are no pooling model); take a sequence reward model such as Skywork/Skywork-Reward-V2-Llama-3.1-8B with kind: sequence-rm',
  }),
  system: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('System text before the problem; null leaves it to the template'),
})

/** Config of how the scores of steps become one value. */
export const summaryConfig = z
  .enum(SUMMARIES)
  .default('min')
  .describe('How the scores of the steps become one value; the record keeps all of them')

/** The conversation to be scored. */
export function conversationOf(system: string | null, problem: string, solution: string): ChatMessage[] {
  const turns: ChatMessage[] = [
    { role: 'user', content: problem },
    { role: 'assistant', content: solution },
  ]
  return system === null ? turns : [{ role: 'system', content: system }, ...turns]
}

/** A version as it stands in the record: kind, model, and all else that makes scores comparable. */
export function rewardVersion(kind: string, model: string, ...rest: readonly string[]): string {
  return [kind, model, ...rest].join(':')
}

/** The part of a version for a system text; none where there is none. */
export function systemVersion(system: string | null): string[] {
  return system === null ? [] : [`system-${shortHash(system)}`]
}

/** The first 12 hex digits of the text's SHA-256. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
