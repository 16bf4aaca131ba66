// Counts the rows that curation accepted, those of earlier starts and of other processes included, to know when
// enough is enough.

import type { Config } from '../configs/schema.ts'
import { Failure } from '../schemas/failure.ts'
import { topicFor } from '../schemas/topics.ts'
import { UNCLEAR } from '../stream/fence.ts'
import { readTopic } from '../stream/read-topic.ts'
import { RUN_HEADER } from '../stream/outgoing.ts'
import type { Sender } from '../stream/sender.ts'
import type { ReadRun } from './read-records.ts'
import { readable } from './read-records.ts'
import type { TopicCounts } from './topic-watch.ts'

export interface Accepted {
  readonly sft: number
  readonly preference: number
}

export interface AcceptedRows {
  /** The sender to use: it counts what is acknowledged. */
  readonly sender: Sender
  counts(): Accepted
  /** Rows that curation of this process has sent since its start, repeats after a crash included: what its work gave. */
  sent(): Accepted
  /** Counts what came to the log since, at most every five seconds: for rows that other processes accept. Only where enough is asked for. */
  recount(): Promise<void>
  /** An answer of the broker was lost: rows of this process may be on the log and not counted, until recount(). */
  mayMiss(): boolean
  /** True once the config's numbers are reached with at least `minimum` problems made. */
  isEnough(made: number): boolean
}

const RECOUNT_MS = 5000

interface DataTopic {
  readonly topic: string
  /** Rows: a repeat after a crash is no new row. A problem has one SFT row, so its key will do; a pair has an id. */
  readonly ids: Set<string>
  /** Where the next look begins, by partition. */
  readonly next: Map<number, number>
}

/** Starts from what the topics hold. Throws Failure when Kafka does not answer. */
export async function countAccepted(
  run: ReadRun,
  { sender, accept, topics }: { sender: Sender; accept: Config['accept']; topics: Pick<TopicCounts, 'has'> },
  signal: AbortSignal,
): Promise<AcceptedRows> {
  const dataTopic = (topic: 'sft' | 'preferences'): DataTopic => ({
    ...{ topic: topicFor(topic, run.revision), ids: new Set(), next: new Map() },
  })
  const [sft, preference] = [dataTopic('sft'), dataTopic('preferences')]
  const look = async (data: DataTopic): Promise<void> => {
    // A replay without curation has none.
    if (!topics.has(data.topic)) return
    for await (const message of readTopic(run.connection, { topic: data.topic, from: data.next, signal })) {
      data.next.set(message.partition, Number(message.offset) + 1)
      if ((message.headers[RUN_HEADER] ?? run.runId) !== run.runId) continue
      const id = data === sft ? message.key : readable(run, 'PreferenceRecord', message)?.id
      if (id !== undefined) data.ids.add(id)
    }
  }
  await look(sft)
  await look(preference)
  let counted = performance.now()
  let mayMiss = false
  const sent = { sft: 0, preference: 0 }
  return {
    sender: {
      ...sender,
      async send(messages, mayGo) {
        try {
          await sender.send(messages, mayGo)
        } catch (error) {
          // Kafka may have them; then they are not sent again.
          mayMiss ||= error instanceof Failure && error.code === UNCLEAR
          throw error
        }
        for (const { topic, key, value } of messages) {
          if (value === null) continue
          if (topic === sft.topic) {
            sft.ids.add(String(key))
            sent.sft += 1
          } else if (topic === preference.topic) {
            preference.ids.add(run.codec.decode('PreferenceRecord', value).id)
            sent.preference += 1
          }
        }
      },
    },
    counts: () => ({ sft: sft.ids.size, preference: preference.ids.size }),
    sent: () => ({ ...sent }),
    async recount() {
      if (accept === null || performance.now() - counted < RECOUNT_MS) return
      counted = performance.now()
      await look(sft)
      await look(preference)
      mayMiss = false
    },
    mayMiss: () => mayMiss,
    isEnough: (made) =>
      accept !== null &&
      made >= accept.minimum &&
      sft.ids.size >= (accept.sft ?? 0) &&
      preference.ids.size >= (accept.preference ?? 0),
  }
}
