// Can the server's own defaults (the model's generation_config.json) get into the sampling? What is sent with every
// call cannot be replaced by them.

import type { SamplingConfig } from '../config.ts'
import type { Remark } from './finding.ts'

/** What vLLM takes from generation_config.json, by its names there, and the setting that is sent in its place. */
export const TAKEN_BY_VLLM: Readonly<Record<string, keyof SamplingConfig>> = {
  temperature: 'temperature',
  top_p: 'topP',
  top_k: 'topK',
  min_p: 'minP',
  repetition_penalty: 'repetitionPenalty',
  max_new_tokens: 'maxTokens',
}

/** Sampling that we never send; vLLM has fixed values for it, other servers may not. */
export const NEVER_SENT = ['presence_penalty', 'frequency_penalty', 'min_tokens', 'length_penalty'] as const

/** version: of /version; null: the server has no such route. */
export function checkDefaults({ version }: { readonly version: string | null }): Remark[] {
  const sent = Object.values(TAKEN_BY_VLLM).join(', ')
  if (version !== null) return []
  return [
    {
      severity: 'note',
      check: 'defaults',
      seen: `it does not say its version, so it may be no vLLM: ${sent} go with every call and cannot be replaced by its defaults, but ${NEVER_SENT.join(', ')} are not sent`,
      advice: 'see that the server has no defaults of its own for them',
    },
  ]
}
