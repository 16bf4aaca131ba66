// Work of a command that Ctrl-C ends in order.

import { transient } from '../schemas/failure.ts'

/**
 * Does the work with a signal that an interrupt aborts. Whatever an interrupted work throws, what is thrown on is a Failure
 * `interrupted` with these words: the command ends with 130 (main.ts).
 */
export async function interruptible<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
  words = 'interrupted',
): Promise<Result> {
  const controller = new AbortController()
  const interrupt = (): void => {
    controller.abort(transient('interrupted', words))
  }
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  try {
    return await work(controller.signal)
  } catch (error) {
    throw controller.signal.aborted ? transient('interrupted', words, { cause: error }) : error
  } finally {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
  }
}
