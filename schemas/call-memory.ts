// How a stage lends its memory of finished model calls to whoever makes them: the model client and the stream runtime
// stand side by side and know only this.

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
}

/** Remembers nothing. */
export const noMemory: CallMemory = {
  run: async (_, make) => await make(),
}
