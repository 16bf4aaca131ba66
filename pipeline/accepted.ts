// Counts the rows that curation accepted, those of earlier processes included, to know when enough is enough.

import type { Config } from '../configs/schema.ts'
import { topicFor } from '../schemas/topics.ts'
import type { Sender } from '../stream/sender.ts'
import type { ReadRun } from './read-records.ts'
import { keysOf } from './read-records.ts'

export interface Accepted {
  readonly sft: number
  readonly preference: number
}

export interface AcceptedRows {
  /** The sender to use: it counts what is acknowledged. */
  readonly sender: Sender
  counts(): Accepted
  /** Counts on the log again, at most every five seconds: for rows that other processes accept. Only where enough is asked for. */
  recount(): Promise<void>
  /** True once the config's numbers are reached with at least `minimum` problems made. */
  isEnough(made: number): boolean
}

const RECOUNT_MS = 5000

/** Starts from what the topics hold. Throws Failure when Kafka does not answer. */
export async function countAccepted(
  run: ReadRun,
  { sender, accept }: { sender: Sender; accept: Config['accept'] },
  signal: AbortSignal,
): Promise<AcceptedRows> {
  const sftTopic = topicFor('sft', run.revision)
  const preferenceTopic = topicFor('preferences', run.revision)
  const sft = await keysOf(run, 'sft', signal)
  const preference = await keysOf(run, 'preferences', signal)
  let counted = performance.now()
  return {
    sender: {
      ...sender,
      async send(messages) {
        await sender.send(messages)
        for (const { topic, key } of messages) {
          if (topic === sftTopic) sft.add(String(key))
          else if (topic === preferenceTopic) preference.add(String(key))
        }
      },
    },
    counts: () => ({ sft: sft.size, preference: preference.size }),
    async recount() {
      if (accept === null || performance.now() - counted < RECOUNT_MS) return
      counted = performance.now()
      for (const key of await keysOf(run, 'sft', signal)) sft.add(key)
      for (const key of await keysOf(run, 'preferences', signal)) preference.add(key)
    },
    isEnough: (made) =>
      accept !== null &&
      made >= accept.minimum &&
      sft.size >= (accept.sft ?? 0) &&
      preference.size >= (accept.preference ?? 0),
  }
}
