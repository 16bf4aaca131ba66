// Reads a score out of what a reward model sent. Promises: a number is only taken from a reply whose shape says
// that it is an outcome reward; any other shape is named.

import { permanent } from '../schemas/failure.ts'
import type { Pooled } from './reply-scores.ts'

/**
 * The reward of a token outcome model (Qwen2.5-Math-RM, InternLM2-reward): one raw value for each token, the last
 * token's value is the reward.
 *
 * Throws a permanent failure for other shapes: pairs (a process model), one value for the text (a sequence model),
 * nothing.
 */
export function tokenReward({ rows, flat, tokens }: Pooled): number {
  const last = rows.at(-1)
  if (last === undefined)
    throw permanent(
      'reward-shape',
      'the reward model sent no values (a process reward model sends none for a text without steps); token-rm needs one for each token',
    )
  if (rows.some((row) => row.length !== 1))
    throw permanent(
      'reward-shape',
      `the reward model sent rows of ${last.length} values (a process reward model sends pairs for each step); token-rm needs one for each token`,
    )
  if (tokens > 1 && rows.length === 1)
    throw permanent(
      'reward-shape',
      `the reward model sent one value for ${tokens} tokens (a sequence reward model); token-rm needs one for each token`,
    )
  if (tokens > 0 && rows.length !== tokens)
    throw permanent(
      'reward-shape',
      `the reward model sent ${rows.length} values${flat ? ' in one list' : ''} for ${tokens} tokens; token-rm needs one for each token`,
    )
  const value = last[0]
  if (value === undefined || !Number.isFinite(value))
    throw permanent('reward-shape', 'the last token has no finite value')
  return value
}
