// From the raw values of a prompt's tokens to what each kind of reward model replies. Values are float32, as a
// server's are, so that base64 and JSON say the same.

import type { RewardShape } from './front-protocol.ts'
import { STEP_MARK, tokenize } from './tokens.ts'

const STEP_TOKEN = tokenize(STEP_MARK)[0]!

/**
 * What /pooling sends. Activation unless said: none of a token model, softmax of a process model, sigmoid of a
 * sequence model. A process model sends nothing for a text without marks; a sequence model's one value is not nested.
 */
export function pooled(
  shape: RewardShape,
  tokens: readonly number[],
  values: readonly number[],
  useActivation: unknown,
): (number | number[])[] {
  if (shape === 'sequence') return [sequenceValue(values, useActivation)]
  if (shape === 'token') return values.map((value) => [Math.fround(useActivation === true ? sigmoid(value) : value)])
  const marks = [...tokens.keys()].filter((at) => tokens[at] === STEP_TOKEN)
  return marks.map((at) => {
    const value = values[at]!
    const pair = useActivation === false ? [-value / 2, value / 2] : [sigmoid(-value), sigmoid(value)]
    return pair.map(Math.fround)
  })
}

/** The reward of a sequence model: the last token's value, as a probability unless the raw one is asked for. */
export function sequenceValue(values: readonly number[], useActivation: unknown): number {
  const reward = values.at(-1) ?? 0
  return Math.fround(useActivation === false ? reward : sigmoid(reward))
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value))
}

/** Little-endian float32, row after row. */
export function base64(rows: readonly (number | number[])[]): string {
  const values = rows.flat()
  const bytes = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) bytes.writeFloatLE(value, 4 * index)
  return bytes.toString('base64')
}
