// How a stage sends what came of a record: with its origin, through the fence, and noted for the look back of a restart.

import type { Arrival } from './arrival.ts'
import type { Fence } from './fence.ts'
import { attemptOf, type HeaderValue, type Outgoing, type Stamp, stampOrigin } from './outgoing.ts'
import type { Effort } from './patience.ts'
import type { Sender } from './sender.ts'

/** What is known of a record at work. isSent: to be called when it is finished; null until its sending has begun. */
export interface Work extends Effort {
  isSent: (() => void) | null
}

export interface Sending {
  /** Adds the origin to the messages and lets them pass. */
  readonly send: (arrival: Arrival, work: Work, messages: readonly Outgoing[]) => Promise<void>
  /** Sends messages that bear their origin already (dead letters). */
  readonly pass: (arrival: Arrival, work: Work, stamped: readonly Outgoing[]) => Promise<void>
}

/** How the stage of this name sends. Both throw what Sender.send and Fence.pass throw. */
export function createSending(
  owner: Stamp & { readonly stage: string },
  sender: Sender,
  passFence: Fence['pass'],
): Sending {
  const pass: Sending['pass'] = async (arrival, work, stamped) => {
    await passFence(arrival, async (mayGo) => {
      work.isSent ??= arrival.tenure.lookBack.begin()
      await sender.send(stamped, mayGo)
    })
  }
  return {
    pass,
    send: async (arrival, work, messages) => {
      const { topic, partition } = arrival.tenure
      await pass(arrival, work, stampOrigin(messages, { ...owner, topic, partition, offset: arrival.offset }))
    },
  }
}

/** A problem has one record in a topic for each pass through it: a second one was sent again. Null: it has no key. */
export function passOf(message: {
  readonly key: Buffer | null
  readonly headers?: Readonly<Record<string, HeaderValue | undefined>>
}): string | null {
  const { key, headers = {} } = message
  return key === null ? null : `${key.toString()}#${attemptOf(headers)}`
}
