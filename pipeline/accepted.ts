// Counts the rows that curation accepted, those of earlier starts and of other processes included, to know when
// enough is enough.

import type { Config } from '../configs/schema.ts'
import type { RecordName } from '../schemas/records.ts'
import { topicFor } from '../schemas/topics.ts'
import { readTopic } from '../stream/read-topic.ts'
import { RUN_HEADER } from '../stream/outgoing.ts'
import type { Sender } from '../stream/sender.ts'
import type { ReadRun } from './read-records.ts'
import { readable } from './read-records.ts'

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
  /** True once the config's numbers are reached with at least `minimum` problems made. */
  isEnough(made: number): boolean
}

const RECOUNT_MS = 5000

interface DataTopic {
  readonly topic: string
  readonly record: RecordName & ('SftRecord' | 'PreferenceRecord')
  /** Rows by id: a repeat after a crash is no new row. */
  readonly ids: Set<string>
  /** Where the next look begins, by partition. */
  readonly next: Map<number, number>
}

/** Starts from what the topics hold. Throws Failure when Kafka does not answer. */
export async function countAccepted(
  run: ReadRun,
  { sender, accept }: { sender: Sender; accept: Config['accept'] },
  signal: AbortSignal,
): Promise<AcceptedRows> {
  const dataTopic = (topic: 'sft' | 'preferences', record: DataTopic['record']): DataTopic => ({
    ...{ topic: topicFor(topic, run.revision), record, ids: new Set(), next: new Map() },
  })
  const [sft, preference] = [dataTopic('sft', 'SftRecord'), dataTopic('preferences', 'PreferenceRecord')]
  const look = async (data: DataTopic): Promise<void> => {
    for await (const message of readTopic(run.connection, { topic: data.topic, from: data.next, signal })) {
      data.next.set(message.partition, Number(message.offset) + 1)
      if ((message.headers[RUN_HEADER] ?? run.runId) !== run.runId) continue
      const row = readable(run, data.record, message)
      if (row !== null) data.ids.add(row.id)
    }
  }
  await look(sft)
  await look(preference)
  let counted = performance.now()
  const sent = { sft: 0, preference: 0 }
  return {
    sender: {
      ...sender,
      async send(messages) {
        await sender.send(messages)
        for (const { topic, value } of messages) {
          const data = [sft, preference].find((each) => each.topic === topic)
          if (data === undefined || value === null) continue
          data.ids.add(run.codec.decode(data.record, value).id)
          sent[data === sft ? 'sft' : 'preference'] += 1
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
    },
    isEnough: (made) =>
      accept !== null &&
      made >= accept.minimum &&
      sft.ids.size >= (accept.sft ?? 0) &&
      preference.ids.size >= (accept.preference ?? 0),
  }
}
