// How a stage sends what came of a record: with its origin, through the fence, and noted for the look back of a restart.

import type { Arrival } from './arrival.ts'
import type { Fence } from './fence.ts'
import { ATTEMPT_HEADER, headerText, type HeaderValue, type Outgoing, type Stamp, stampOrigin } from './outgoing.ts'
import type { Effort } from './patience.ts'
import type { Sender } from './sender.ts'

/** What is known of a record at work. isSent: to be called when it is finished; null until its sending has begun. */
export interface Work extends Effort {
  isSent: (() => void) | null
}

export type Send = (arrival: Arrival, work: Work, messages: readonly Outgoing[]) => Promise<void>

/** Returns the function that sends. It throws what Sender.send and Fence.pass throw. */
export function createSending(owner: Stamp & { readonly stage: string }, sender: Sender, pass: Fence['pass']): Send {
  return async (arrival, work, messages) => {
    const { tenure, offset } = arrival
    const { topic, partition } = tenure
    const stamped = stampOrigin(messages, { ...owner, topic, partition, offset })
    await pass(arrival, async (mayGo) => {
      work.isSent ??= tenure.lookBack.begin()
      await sender.send(stamped, mayGo)
    })
  }
}

/** A problem has one record in a topic for each pass through it: a second one was sent again. Null: it has no key. */
export function passOf(message: {
  readonly key: Buffer | null
  readonly headers?: Readonly<Record<string, HeaderValue | undefined>>
}): string | null {
  const { key, headers = {} } = message
  return key === null ? null : `${key.toString()}#${headerText(headers, ATTEMPT_HEADER) ?? '1'}`
}
