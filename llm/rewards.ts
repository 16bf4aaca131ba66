// Reads scores out of what a reward model sent. Promises: a number is only taken from a reply whose shape says that
// it is what was asked for; any other shape is named, beside the one that the reward's kind needs.

import { type Failure, permanent } from '../schemas/failure.ts'
import type { Summary } from './config.ts'
import type { Pooled } from './reply-scores.ts'

/** What a reward model scores: each token, each step, or the whole text. */
export type RewardShape = 'token' | 'process' | 'sequence'

/**
 * The shape of the model that sent this for a text without step marks; null for none of the three.
 *
 * One value for each token: a token model. One value for the text: a sequence model. Nothing, or pairs: a process
 * model, which scores nothing but marks.
 */
export function shapeOf({ rows, tokens }: Pooled): RewardShape | null {
  const first = rows[0]
  if (first === undefined) return 'process'
  if (rows.every((row) => row.length === 2)) return rows.length > 1 ? 'process' : null
  if (rows.some((row) => row.length !== 1)) return null
  if (rows.length === 1) return tokens === 1 ? null : 'sequence'
  return tokens === 0 || rows.length === tokens ? 'token' : null
}

/**
 * The reward of a token outcome model (Qwen2.5-Math-RM, InternLM2-reward): one raw value for each token, the last
 * token's value is the reward. Throws a permanent `reward-shape` for other shapes.
 */
export function tokenReward(pooled: Pooled): number {
  const { rows, tokens } = pooled
  const whole = rows.every((row) => row.length === 1) && (tokens === 0 || rows.length === tokens)
  const last = rows.at(-1)?.[0]
  if (!whole || last === undefined) throw misfit(pooled, 'token-rm needs one for each token')
  return last
}

/** The reward of a sequence model (Skywork-Reward-V2): one value. Throws a permanent `reward-shape` for other shapes. */
export function sequenceReward(pooled: Pooled): number {
  const value = pooled.rows[0]?.[0]
  if (value === undefined || pooled.rows.length !== 1 || pooled.rows[0]?.length !== 1)
    throw misfit(pooled, 'sequence-rm needs one value for the text')
  return value
}

/**
 * The probabilities that each step is right, from the pairs [wrong, right] of a process model (Qwen2.5-Math-PRM).
 * How many there are is for the caller to check: it knows the steps.
 *
 * Throws a permanent `reward-shape` for rows that are no pairs, or no probabilities (a server with its activation off).
 */
export function stepRewards(pooled: Pooled): number[] {
  return pooled.rows.map((row) => {
    const [wrong, right] = row
    if (wrong === undefined || right === undefined || row.length !== 2)
      throw misfit(pooled, 'process-rm needs a pair for each step')
    if (wrong < 0 || right < 0 || Math.abs(wrong + right - 1) > 0.02)
      throw permanent(
        'reward-shape',
        `the reward model sent the pair [${wrong}, ${right}], which is no pair of probabilities; process-rm needs the server's own activation (softmax) on`,
      )
    return right
  })
}

/** One value for the steps' scores, of which there is at least one. */
export function summarize(steps: readonly number[], summary: Summary): number {
  switch (summary) {
    case 'min':
      return Math.min(...steps)
    case 'mean':
      return steps.reduce((sum, step) => sum + step, 0) / steps.length
    case 'last':
      return steps.at(-1) ?? NaN
    case 'product':
      return steps.reduce((product, step) => product * step, 1)
  }
}

/** A reply that does not fit the reward's kind: a fault of the config, so it is never recorded as a text's own. */
export function misfit(pooled: Pooled, needs: string): Failure {
  return permanent('reward-shape', `the reward model sent ${described(pooled)}; ${needs}`)
}

function described({ rows, flat, tokens }: Pooled): string {
  const last = rows.at(-1)
  if (last === undefined) return 'no values (a process reward model sends none for a text without steps)'
  if (rows.some((row) => row.length !== 1))
    return rows.length === 1
      ? `one row of ${last.length} values (a classifier of ${last.length} classes, or a process reward model's one step)`
      : `rows of ${last.length} values (a process reward model sends pairs for each step)`
  if (rows.length === 1 && tokens !== 1) return `one value for ${tokens} tokens (a sequence reward model)`
  if (rows.length === tokens) return `one value for each of ${tokens} tokens (a token reward model)`
  return `${rows.length} values${flat ? ' in one list' : ''} for ${tokens} tokens`
}
