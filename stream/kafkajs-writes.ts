// Asks whether messages may still go in the turn in which kafkajs 2.2.4 writes them. Upstream finds brokers, packs, waits
// for its turn and tries again between the call and the write, and the process may be stopped there (SIGSTOP) until
// another member has sent other texts for the same records.

import { AsyncLocalStorage } from 'node:async_hooks'
import { type Failure, transient } from '../schemas/failure.ts'
import { UNCLEAR, WITHHELD } from './fence.ts'

interface PushedRequest {
  readonly entry: {
    readonly apiKey: number
    readonly correlationId: number
    reject(error: Error): void
  }
  /** Writes it to the socket. */
  readonly sendRequest: () => void
}

interface RequestQueue {
  inflight: Map<number, unknown>
  push: (this: RequestQueue, pushed: PushedRequest) => void
}

/** What is written for one call, by all its requests and tries. */
interface Writing {
  /** Null: never more. It was said once that nothing may be written, or the call has ended. */
  mayWrite: (() => boolean) | null
  /** Some of it may be on the broker. */
  isBegun: boolean
}

/** Kafka's number of the request that carries messages. */
const PRODUCE = 0

const writing = new AsyncLocalStorage<Writing>()

/**
 * Does `work`, whose messages are written to the broker only while `mayWrite`, asked in the turn of each write, says so.
 * Else it fails: with transient `send-withheld` when nothing was written, with `send-unclear` when something was before.
 */
export async function writingIf<Result>(mayWrite: () => boolean, work: () => Promise<Result>): Promise<Result> {
  const written: Writing = { mayWrite, isBegun: false }
  try {
    return await writing.run(written, work)
  } finally {
    // Of several brokers one may still be asked when another has failed the call.
    written.mayWrite = null
  }
}

/** Corrects the queue of requests inside kafkajs; `require` is one that finds it. */
export function patchWrites(require: NodeJS.Require): void {
  const queue = (require('kafkajs/src/network/requestQueue') as { prototype: RequestQueue }).prototype
  const { push } = queue
  queue.push = function (this: RequestQueue, pushed): void {
    const { entry, sendRequest } = pushed
    const written = writing.getStore()
    if (entry.apiKey !== PRODUCE || written === undefined) {
      push.call(this, pushed)
      return
    }
    const sendIfStillTrue = (): void => {
      const refusal = refusalOf(written)
      if (refusal === null) {
        sendRequest()
        return
      }
      this.inflight.delete(entry.correlationId)
      entry.reject(refusal)
    }
    push.call(this, { ...pushed, sendRequest: sendIfStillTrue })
  }
}

/** Null: it is written now. */
function refusalOf(written: Writing): Failure | null {
  if (written.mayWrite?.() !== true) {
    written.mayWrite = null
    return transient(written.isBegun ? UNCLEAR : WITHHELD, 'the partitions may have gone to another member by now')
  }
  written.isBegun = true
  return null
}
