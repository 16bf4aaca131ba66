// The finished model calls of one record while it is at work: which are known from before, which must be written.
// Promises: a call that is known is not made again; what a call gave is handed out for writing as soon as another call of
// the record is open or begins, so that a crash at any moment loses at most the newest one, whose record was about to
// end; a record with one call writes nothing.

import type { CallMemory } from '../schemas/call-memory.ts'

export interface RecordCalls {
  /** The memory for one try of the record's Process. A further try asks the same calls anew, so it needs its own. */
  memory(): CallMemory
  /** The record is left before its end: its newest answer is handed out too. */
  leave(): void
}

/**
 * known: results by name, from before. write: puts one on the log; it returns at once and does not throw. The name of a
 * call that was asked before in the same try ends with its number: call, call/1, call/2.
 */
export function createRecordCalls(
  known: ReadonlyMap<string, unknown>,
  write: (name: string, result: unknown) => void,
): RecordCalls {
  let open = 0
  /** Has its answer and is not written, because no other call was open. */
  let last: { readonly name: string; readonly result: unknown } | null = null

  function writeLast(): void {
    if (last !== null) write(last.name, last.result)
    last = null
  }

  function begin(): void {
    open += 1
    writeLast()
  }

  function end(name: string, result: unknown): void {
    open -= 1
    if (open > 0) write(name, result)
    else last = { name, result }
  }

  return {
    leave: writeLast,
    memory() {
      const asked = new Map<string, number>()
      return {
        async run<Result>(call: string, make: () => Promise<Result>): Promise<Result> {
          const times = asked.get(call) ?? 0
          asked.set(call, times + 1)
          const name = times === 0 ? call : `${call}/${times}`
          // The one who asks named everything that its result depends on, its shape too.
          if (known.has(name)) return known.get(name) as Result
          begin()
          let result: Result
          try {
            result = await make()
          } catch (error) {
            open -= 1
            throw error
          }
          end(name, result)
          return result
        },
      }
    },
  }
}
