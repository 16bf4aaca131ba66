// How long a stage keeps at a part of a record's work. Promises: a server that is down is waited for, as long as it
// takes; a bug is tried once more; whatever else ends the part, or the signal, is thrown on.

import { Failure } from '../schemas/failure.ts'
import type { Logger } from '../schemas/logger.ts'
import { backOffDelay, pauseFor, type BackOff } from './back-off.ts'
import { isSenderClosed } from './sender.ts'

/** How often the part at work was tried. */
export interface Effort {
  attempts: number
}

export interface Patience {
  /** Works until it succeeds. Throws what ends the record, the signal's reason, or that the sender is closed. */
  persist<T>(work: () => Promise<T>, signal: AbortSignal, effort: Effort): Promise<T>
  /** Records that wait for a server now. */
  waiting(): number
}

/** onError: told of each failed try. */
export function createPatience(parts: { backOff: BackOff; onError: (error: unknown) => void; log: Logger }): Patience {
  const { backOff, onError, log } = parts
  let waiting = 0

  async function waitForServer(outages: number, failure: Failure, signal: AbortSignal): Promise<void> {
    if (outages === 1 && waiting === 0)
      log.warn({ code: failure.code, error: failure.message }, 'a server does not answer; the stage waits for it')
    waiting += 1
    try {
      await pauseFor(backOffDelay(outages, backOff), signal)
    } finally {
      waiting -= 1
    }
  }

  return {
    async persist(work, signal, effort) {
      for (let attempts = 1, bugs = 0, outages = 0; ; attempts += 1) {
        signal.throwIfAborted()
        effort.attempts = attempts
        try {
          return await work()
        } catch (error) {
          if (signal.aborted || isSenderClosed(error)) throw error
          onError(error)
          if (error instanceof Failure && error.retry === 'transient') {
            outages += 1
            await waitForServer(outages, error, signal)
          } else if (error instanceof Failure || ++bugs > 1) throw error
        }
      }
    },
    waiting: () => waiting,
  }
}
