// Single askings, sent together. Promises: what is asked for in one turn of the event loop goes in one request (so many
// at most), and nothing waits for more to come; a request is given up when nobody waits for it any more.

interface Asking<Question, Answer> {
  readonly question: Question
  readonly signal: AbortSignal
  readonly resolve: (answer: Answer) => void
  readonly reject: (reason: unknown) => void
}

/** Asks one question of its own; rejects with what the request rejected with, or the signal's reason. */
export type Gathered<Question, Answer> = (question: Question, signal: AbortSignal) => Promise<Answer>

/** send: answers questions together, in their order. */
export function createGatherer<Question, Answer>(
  most: number,
  send: (questions: readonly Question[], signal: AbortSignal) => Promise<readonly Answer[]>,
): Gathered<Question, Answer> {
  let open: Asking<Question, Answer>[] = []

  const flush = (): void => {
    const together = open.filter(({ signal }) => !signal.aborted)
    open = []
    if (together.length === 0) return
    const all = new AbortController()
    let left = together.length
    const leave = (): void => {
      left -= 1
      if (left === 0) all.abort(together[0]!.signal.reason)
    }
    for (const { signal } of together) signal.addEventListener('abort', leave, { once: true })
    send(
      together.map(({ question }) => question),
      all.signal,
    )
      .then(
        (answers) => {
          for (const [at, { resolve }] of together.entries()) resolve(answers[at]!)
        },
        (error: unknown) => {
          for (const { reject } of together) reject(error)
        },
      )
      .finally(() => {
        for (const { signal } of together) signal.removeEventListener('abort', leave)
      })
  }

  return (question, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error)
        return
      }
      const stop = (): void => {
        reject(signal.reason as Error)
      }
      signal.addEventListener('abort', stop, { once: true })
      const ended = <T>(settle: (value: T) => void) => {
        return (value: T): void => {
          signal.removeEventListener('abort', stop)
          settle(value)
        }
      }
      if (open.length === 0) setImmediate(flush)
      open.push({ question, signal, resolve: ended(resolve), reject: ended(reject) })
      if (open.length === most) flush()
    })
}
