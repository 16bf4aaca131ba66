// Tells a text that cannot be scored from a reward that does not work. Promises: what is a fact about one text is
// recorded and forgotten; the same fault for one text after the other, without a single score between them, is a
// fault of the config or the server, and stops loudly.

import { permanent } from '../../schemas/failure.ts'
import type { RewardScore } from '../../schemas/records.ts'

/** Of the text alone; any number of them says nothing about the reward. */
const FACTS = new Set(['incomplete', 'context-too-long', 'no-steps'])

/** So many texts in a row may be left without a value for other reasons. */
const IN_A_ROW = 8

export interface Doubts {
  /** Takes note of a score. Throws a permanent `reward-unusable` when the reward's doubts have grown too many. */
  note(score: Pick<RewardScore, 'name' | 'value' | 'error' | 'detail'>): void
}

/** Counts for the rewards of one stage, by their names. */
export function createDoubts(): Doubts {
  const inARow = new Map<string, number>()
  return {
    note: ({ name, value, error, detail }) => {
      if (value !== null) {
        inARow.delete(name)
        return
      }
      if (error === null || FACTS.has(error)) return
      const count = (inARow.get(name) ?? 0) + 1
      inARow.set(name, count)
      if (count < IN_A_ROW) return
      throw permanent(
        'reward-unusable',
        `the reward ${name} gave no value to ${count} texts in a row; the last: ${error}${detail === null ? '' : ` (${detail})`}; correct the reward's config or its server, then redrive`,
      )
    },
  }
}
