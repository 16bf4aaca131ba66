// One question to a server, whose failure is an answer too. Promises: nothing is thrown but what ends the whole check
// (the signal's reason) and bugs.

import { Failure } from '../../schemas/failure.ts'
import type { Clock } from '../clock.ts'
import { withDeadline } from '../deadline.ts'

/** The server did not give the answer; code and message as of Failure. */
export interface Unanswered {
  readonly failed: { readonly code: string; readonly message: string }
}

/** Asks within the time. */
export type Ask = <T extends object | string | null>(
  question: (signal: AbortSignal) => Promise<T>,
) => Promise<T | Unanswered>

/** Makes an Ask; timeoutMs: of each question. */
export function createAsk(limits: { signal: AbortSignal; timeoutMs: number; clock: Clock }): Ask {
  return async (question) => {
    try {
      return await withDeadline(limits, question)
    } catch (error) {
      limits.signal.throwIfAborted()
      if (error instanceof Failure) return { failed: { code: error.code, message: error.message } }
      throw error
    }
  }
}

/** Whether there is an answer. */
export function answered<T>(answer: T | Unanswered): answer is T {
  return typeof answer !== 'object' || answer === null || !('failed' in answer)
}
