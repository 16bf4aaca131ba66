// Tells a text that cannot be scored from a reward that does not work. Promises: what is a fact about one text is
// recorded and forgotten; faults for one problem after the other, without a single score between them, are a fault of
// the config or the server, and stop loudly.

import { permanent } from '../../schemas/failure.ts'
import type { RewardScore } from '../../schemas/records.ts'

/** Of the text alone; any number of them says nothing about the reward. */
const FACTS = new Set(['incomplete', 'context-too-long', 'no-steps'])

/** So many problems in a row may be left without a value for other reasons. */
const IN_A_ROW = 8

export interface Doubts {
  /**
   * Takes note of a score of one of the problem's responses. Throws a permanent `reward-unusable` when the reward has
   * left too many problems in a row without a value. Problems are counted, not responses: what the server holds
   * against a problem's text it holds against all of its responses.
   */
  note(problemId: string, score: Pick<RewardScore, 'name' | 'value' | 'error' | 'detail'>): void
}

/** Counts for the rewards of one stage, by their names. */
export function createDoubts(): Doubts {
  const inARow = new Map<string, Set<string>>()
  return {
    note: (problemId, { name, value, error, detail }) => {
      if (value !== null) {
        inARow.delete(name)
        return
      }
      if (error === null || FACTS.has(error)) return
      const doubted = inARow.get(name) ?? new Set()
      inARow.set(name, doubted.add(problemId))
      if (doubted.size < IN_A_ROW) return
      throw permanent(
        'reward-unusable',
        `the reward ${name} gave no value for ${doubted.size} problems in a row; the last: ${error}${detail === null ? '' : ` (${detail})`}; correct the reward's config or its server, then redrive`,
      )
    },
  }
}
