// Time as the front sees it, so that tests own it. Promises: it never runs backwards; a cancelled timer never fires.

export interface Clock {
  /** Milliseconds since some fixed moment. */
  now(): number
  /** Calls back once after so many milliseconds, give or take one; the returned function cancels. */
  after(milliseconds: number, callback: () => void): () => void
}

/** The machine's monotonic clock. */
export const machineClock: Clock = {
  now: () => performance.now(),
  after: (milliseconds, callback) => {
    const timer = setTimeout(callback, Math.round(milliseconds))
    return () => {
      clearTimeout(timer)
    }
  },
}
