// Does the reward model send what its kind in the config says, and raw values where raw ones are asked for?

import type { Pooled } from '../reply-scores.ts'
import type { Remark } from './finding.ts'

export type RewardKind = 'token-rm' | 'process-rm' | 'sequence-rm' | 'reward-model'

export interface RewardLook {
  readonly kind: RewardKind
  /** Replies to a right and a wrong solution, by the route that the kind is asked on. */
  readonly replies: readonly Pooled[]
  /** All values lie between 0 and 1, and no way of asking changes them (raw-values.ts). */
  readonly doubted: boolean
}

type Shape = 'one value for each token' | 'one value for the text' | 'a pair for each step' | 'another shape'

const NEEDED: Readonly<Record<Exclude<RewardKind, 'reward-model'>, Shape>> = {
  'token-rm': 'one value for each token',
  'process-rm': 'a pair for each step',
  'sequence-rm': 'one value for the text',
}

/** No remark where shape and values are as the kind needs them. */
export function checkReward({ kind, replies, doubted }: RewardLook): Remark[] {
  const shapes = new Set(replies.map(shapeOf))
  const [shape = 'another shape'] = shapes
  const needed = kind === 'reward-model' ? shape : NEEDED[kind]
  if (shapes.size > 1 || shape !== needed || shape === 'another shape') {
    const fitting = Object.entries(NEEDED).find(([, each]) => each === shape)?.[0]
    return [
      {
        severity: 'error',
        check: 'reward',
        seen: `it sends ${shape}${shape === 'another shape' ? ` (${described(replies)})` : ''}; the kind ${kind} needs ${needed}`,
        advice:
          fitting === undefined
            ? 'serve a reward model of this kind'
            : `set its kind to ${fitting} in the config, or serve a reward model of this kind`,
      },
    ]
  }
  if (shape === 'a pair for each step') {
    const pairs = replies.flatMap(({ rows }) => rows)
    const isShare = ([wrong = 0, right = 0]: readonly number[]): boolean =>
      wrong >= 0 && right >= 0 && Math.abs(wrong + right - 1) < 0.02
    if (pairs.every(isShare)) return []
    return [remark('its pairs are no probabilities', 'serve it with its own activation (softmax) on')]
  }
  if (!doubted) return []
  return [
    remark(
      'all its values lie between 0 and 1, and neither use_activation: false nor activation: false changes them: it answers sigmoids, whose differences vanish among good answers',
      'turn the activation off at the server (--pooler-config), or use a release of vLLM that knows use_activation',
    ),
  ]
}

/** Of the reply to a text that has step marks. */
function shapeOf({ rows, flat, tokens }: Pooled): Shape {
  if (rows.length === 0 || rows.every((row) => row.length === 2)) return 'a pair for each step'
  if (rows.some((row) => row.length !== 1)) return 'another shape'
  if (rows.length === 1) return 'one value for the text'
  return !flat && (tokens === 0 || rows.length === tokens) ? 'one value for each token' : 'another shape'
}

function described(replies: readonly Pooled[]): string {
  const [first] = replies
  return first === undefined
    ? 'nothing'
    : `${first.rows.length} rows of ${first.rows[0]?.length ?? 0} values for ${first.tokens} tokens`
}

function remark(seen: string, advice: string): Remark {
  return { severity: 'error', check: 'reward', seen, advice }
}
