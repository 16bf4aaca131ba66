// Calls that stand or fall together: when one fails, the others are aborted instead of paid for.

/**
 * Runs every task at once with a signal of their own and returns their results in order. After the first
 * failure the rest are aborted, and when all have come to rest the first failure is thrown.
 */
export async function allOrAbort<Result>(
  signal: AbortSignal,
  tasks: readonly ((signal: AbortSignal) => Promise<Result>)[],
): Promise<Result[]> {
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  const failures: unknown[] = []
  const running = tasks.map(async (task) => {
    try {
      return await task(both)
    } catch (error) {
      failures.push(error)
      stop.abort(error)
      throw error
    }
  })
  const settled = await Promise.allSettled(running)
  if (failures.length > 0) throw failures[0]
  return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
}
