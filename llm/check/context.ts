// Is the server's context long enough for what is asked? vLLM shortens an answer without a word.

import type { Remark } from './finding.ts'

/** Tokens left for a problem and its instruction, where the prompt is not known yet. */
const ROOM = 1024

export interface ContextLook {
  /** Tokens of prompt and text together at the server; null: not told. */
  readonly maxModelLen: number | null
  /** Tokens that a call may make. */
  readonly maxTokens: number
  /** Tokens of the prompt; null: not known yet. */
  readonly promptTokens: number | null
  /** The setting that says maxTokens. */
  readonly setting: string
}

/** No remark where all fits. */
export function checkContext({ maxModelLen, maxTokens, promptTokens, setting }: ContextLook): Remark[] {
  if (maxModelLen === null) return []
  const room = promptTokens ?? ROOM
  const advice = `lower ${setting} to at most ${Math.max(1, maxModelLen - room)}, or serve with a longer --max-model-len`
  if (maxTokens >= maxModelLen || room >= maxModelLen)
    return [
      {
        severity: 'error',
        check: 'context',
        seen: `its context is ${maxModelLen} tokens, and ${setting} is ${maxTokens}: it would refuse every call`,
        advice,
      },
    ]
  if (maxTokens + room <= maxModelLen) return []
  const prompt = promptTokens === null ? `a prompt of ${ROOM}` : `the prompt's ${promptTokens}`
  return [
    {
      severity: 'warning',
      check: 'context',
      seen: `its context is ${maxModelLen} tokens, less than ${prompt} and ${setting} ${maxTokens}: long texts would be cut short`,
      advice,
    },
  ]
}

/** A reward model must take the problem and the longest solution; longestAnswer: maxTokens of the answering roles. */
export function checkRewardContext(look: { maxModelLen: number | null; longestAnswer: number }): Remark[] {
  const { maxModelLen, longestAnswer } = look
  if (maxModelLen === null || longestAnswer + ROOM <= maxModelLen) return []
  return [
    {
      severity: 'note',
      check: 'context',
      seen: `its context is ${maxModelLen} tokens, and answers may have ${longestAnswer}: a solution that is too long for it gets no score, and the record says so`,
      advice: '',
    },
  ]
}
