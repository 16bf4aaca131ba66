// How a stage sends what came of a record: with its origin, through the fence, and noted for the look back of a restart.

import type { Arrival } from './arrival.ts'
import type { Fence } from './fence.ts'
import {
  attemptOf,
  headerText,
  type HeaderValue,
  type Outgoing,
  RUN_HEADER,
  type Stamp,
  stampOrigin,
} from './outgoing.ts'
import type { Effort } from './patience.ts'
import type { Sender } from './sender.ts'

/** First byte of every record of ours (schemas/codec.ts). */
const FRAMED = 0

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

/**
 * A problem has one record in a topic for each pass through it: a second one was sent again. Null: nobody's of this run,
 * so it is neither a repeat nor what others repeat. A stranger may have written a key of ours, before our record too.
 */
export function passOf(
  message: {
    readonly key: Buffer | null
    readonly value: Buffer | null
    readonly headers?: Readonly<Record<string, HeaderValue | undefined>>
  },
  runId: string,
): string | null {
  const { key, value, headers = {} } = message
  const isOurs = headerText(headers, RUN_HEADER) === runId && value?.[0] === FRAMED
  return key === null || !isOurs ? null : `${key.toString()}#${attemptOf(headers)}`
}
