// A time limit for one piece of work with a model server. Promises: work that takes longer is aborted and fails as
// `timeout`; the outer signal ends it as well, with its own reason.

import type { Clock } from './clock.ts'
import { EngineFailure } from './engine-failure.ts'

/** Runs work under a signal that aborts after `timeoutMs` or with `signal`. */
export async function withDeadline<T>(
  { signal, timeoutMs, clock }: { signal: AbortSignal; timeoutMs: number; clock: Clock },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const deadline = new AbortController()
  const stop = (): void => {
    deadline.abort(signal.reason)
  }
  signal.addEventListener('abort', stop, { once: true })
  const cancel = clock.after(timeoutMs, () => {
    deadline.abort(new EngineFailure('doubtful', 'timeout', `no answer within ${timeoutMs / 1000} s`))
  })
  try {
    return await work(deadline.signal)
  } finally {
    cancel()
    signal.removeEventListener('abort', stop)
  }
}
