// Looks at Kafka that a run depends on, and that an outage of the broker must only delay.

import { Failure } from '../schemas/failure.ts'
import { backOffDelay, BROKER_BACK_OFF, pauseFor } from '../stream/back-off.ts'

/** Calls until the call answers: transient Failures are waited out. Throws anything else, and the signal's reason. */
export async function untilAnswered<Result>(call: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    signal.throwIfAborted()
    try {
      return await call()
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof Failure) || error.retry !== 'transient') throw error
      await pauseFor(backOffDelay(tries, BROKER_BACK_OFF), signal)
    }
  }
}
