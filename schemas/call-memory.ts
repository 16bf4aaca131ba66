// How a stage lends its memory of finished model calls to whoever makes them, and says when none may begin: the model
// client and the stream runtime stand side by side and know only this.

import type { Generation } from './records.ts'

/** All that decides what a model says, as a record keeps it. */
export type Asked = Pick<
  Generation,
  | 'role'
  | 'model'
  | 'template'
  | 'promptHash'
  | 'temperature'
  | 'topP'
  | 'topK'
  | 'minP'
  | 'repetitionPenalty'
  | 'maxTokens'
  | 'seed'
  | 'firstTemperature'
  | 'mannerHash'
>

/** What a model said, untouched, and how it was asked. */
export interface Said {
  readonly text: string
  readonly reasoning: string | null
  readonly generation: Generation
}

/** The finished model calls of one record that is not done. */
export interface CallMemory {
  /**
   * Gives what the call gave before a crash, where it is known; else makes it and may keep what it gives.
   *
   * call: says all that the call asks, so that another question has another name. Of calls with one name inside a record
   * each keeps its own result. Results must survive JSON (no undefined in arrays, no NaN, no classes). What `make` throws
   * is thrown on, and not kept.
   */
  run<Result>(call: string, make: () => Promise<Result>): Promise<Result>
  /**
   * What another revision has of a model that was asked exactly this, for each choice of one request; null: not of all of
   * them. Left out: nothing is taken over.
   */
  readonly said?: (choices: readonly Asked[]) => Said[] | null
  /**
   * To be asked just before each request to a model server. Null: it may go. Else it may be paid for nothing, as the record
   * may be another process's by now: resolves when to ask again.
   */
  readonly hold?: () => Promise<void> | null
}

/** Remembers nothing. */
export const noMemory: CallMemory = {
  run: async (_, make) => await make(),
}
