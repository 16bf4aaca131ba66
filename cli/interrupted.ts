// Work of a command that Ctrl-C ends in order.

import { transient } from '../schemas/failure.ts'

/** Does the work with a signal that an interrupt aborts; the reason is a Failure that says so. */
export async function interruptible<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController()
  const interrupt = (): void => {
    controller.abort(transient('interrupted', 'interrupted'))
  }
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  try {
    return await work(controller.signal)
  } finally {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
  }
}
