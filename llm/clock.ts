// Time and chance as llm/ sees them, so that tests own both. Promises: a cancelled timer never fires.

export interface Clock {
  /** Milliseconds since 1970 UTC that never run backwards. */
  now(): number
  /** Calls back once, when at least so many milliseconds have passed by `now`; the returned function cancels. */
  after(milliseconds: number, callback: () => void): () => void
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after: (milliseconds, callback) => {
    // Node counts in whole milliseconds and may fire up to one early.
    const timer = setTimeout(callback, Math.ceil(milliseconds) + 1)
    return () => {
      clearTimeout(timer)
    }
  },
}

/** Resolves after the time, or rejects with the signal's reason as soon as it aborts. */
export function pause(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      cancel()
      reject(signal.reason as Error)
    }
    if (signal.aborted) {
      reject(signal.reason as Error)
      return
    }
    const cancel = clock.after(milliseconds, () => {
      signal.removeEventListener('abort', stop)
      resolve()
    })
    signal.addEventListener('abort', stop, { once: true })
  })
}

/** Resolves with what is awaited, or rejects with the signal's reason as soon as it aborts. */
export async function unlessAborted<T>(awaited: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = (): void => {
    reject(signal.reason as Error)
  }
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([awaited, promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** Delay before try number `tries` + 1: doubles from `base` to `cap`, the upper half of it by chance. */
export function backOff(tries: number, random: () => number, base = 500, cap = 30_000): number {
  const whole = Math.min(cap, base * 2 ** Math.min(tries - 1, 30))
  return whole * (0.5 + random() / 2)
}
