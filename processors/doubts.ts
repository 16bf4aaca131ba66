// Tells a text that cannot be scored, judged or tagged from a model that does not work. Promises: what is a fact about one text
// is recorded and forgotten; faults for one problem after the other, without a single value between them, are a fault of
// the config or the server, and stop loudly.

import { Failure, permanent } from '../schemas/failure.ts'

/** Of the text alone; any number of them says nothing about the model. */
const FACTS = new Set(['incomplete', 'context-too-long', 'no-steps'])

/** So many problems in a row may be left without a value for other reasons. */
const IN_A_ROW = 8

/** What came of one text: a value, or an error with more about it. */
export interface Noted {
  /** Name of the reward, judge or tagger. */
  readonly name: string
  readonly value: unknown
  readonly error: string | null
  readonly detail: string | null
}

export interface Doubts {
  /**
   * Takes note of what came of the problem or one of its responses. Throws a permanent `reward-unusable`,
   * `judge-unusable` or `tagger-unusable` when too many problems in a row were left without a value. Problems are counted, not responses: what the server
   * holds against a problem's text it holds against all of its responses.
   */
  note(problemId: string, noted: Noted): void
}

/** Counts for the models of one stage, by their names. */
export function createDoubts(noun: 'reward' | 'judge' | 'tagger'): Doubts {
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
        `${noun}-unusable`,
        `the ${noun} ${name} gave no value for ${doubted.size} problems in a row; the last: ${error}${detail === null ? '' : ` (${detail})`}; correct the ${noun}'s config or its server and start the run again`,
      )
    },
  }
}

/** Codes of failures by the names that a record's error has for them; other codes stay. */
const ERRORS = new Map([
  ['context-length', 'context-too-long'],
  ['bad-request', 'refused'],
  ['unprocessable', 'refused'],
])

/**
 * What a failed call says of its text, for the record. Rethrown is what another try or another config might mend: what
 * is transient, a reply of the wrong shape, and what is a bug.
 */
export function factOf(error: unknown): { error: string; detail: string } {
  if (!(error instanceof Failure) || error.retry !== 'permanent' || error.code === 'reward-shape') throw error
  return { error: ERRORS.get(error.code) ?? error.code, detail: error.message }
}
