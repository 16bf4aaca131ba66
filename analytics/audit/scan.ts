// Reads the messages of a run in a topic up to fixed ends, by keys and headers. Promise: every message below the ends
// is looked at, or an error says that it was not.

import { setTimeout as wait } from 'node:timers/promises'
import { transient } from '../../schemas/failure.ts'
import { readUuid } from '../../schemas/id-table.ts'
import { headerText, REVISION_HEADER, RUN_HEADER } from '../../stream/outgoing.ts'
import type { HeaderValue } from '../../stream/outgoing.ts'
import type { KafkaConnection } from '../../stream/kafka.ts'
import { topicEnds } from '../../stream/positions.ts'
import type { PartitionEnds } from '../../stream/positions.ts'
import { readBatches } from '../../stream/read-topic.ts'

/** A message of the run. key, value and headers are views on the fetch: what is kept is copied. */
export interface Seen {
  readonly partition: number
  readonly offset: number
  /** Milliseconds since 1970 UTC. */
  readonly timestamp: number
  /** Words of the problem's id; null where the key is none. Overwritten by the next message. */
  readonly id: Uint32Array | null
  readonly key: Buffer | null
  readonly value: Buffer
  readonly headers: Readonly<Record<string, HeaderValue | undefined>>
  /** The message says that it is of this run. One that says nothing is taken by the stages of every run. */
  readonly isStamped: boolean
}

export interface Scan {
  readonly connection: KafkaConnection
  /** Name on the broker. */
  readonly topic: string
  readonly ends: readonly PartitionEnds[]
  readonly runId: string
  /** Only messages of this revision, where the topic is shared. */
  readonly revision?: string
  readonly signal: AbortSignal
}

/** A fetch may come to this in memory, about. */
const HELD_BYTES = 16 * 1024 * 1024
const TRIES = 5
const PAUSE_MS = 500

/** Shows every message of the run that lies below the ends. Throws what reading throws; see the file's first lines. */
export async function scanTopic(scan: Scan, look: (seen: Seen) => void): Promise<void> {
  const { connection, topic, ends, runId, revision, signal } = scan
  const run = Buffer.from(runId)
  const words = new Uint32Array(5)
  const to = new Map(ends.map(({ partition, high }) => [partition, high]))
  const next = new Map(ends.map(({ partition, low }) => [partition, low]))
  const isThrough = (): boolean => ends.every(({ partition, high }) => (next.get(partition) ?? 0) >= high)
  for (let tries = 0; !isThrough(); tries += 1) {
    if (tries > 0) {
      // A reading also ends at an empty fetch, which a slow broker may answer; and records may expire meanwhile.
      await wait(PAUSE_MS, undefined, { signal })
      for (const { partition, low } of await topicEnds(connection, topic))
        next.set(partition, Math.max(low, next.get(partition) ?? 0))
    }
    const before = [...next.values()].join()
    for await (const [partition, batch, reached] of readBatches(connection, {
      topic,
      from: next,
      to,
      signal,
      heldBytes: HELD_BYTES,
    })) {
      next.set(partition, reached)
      for (const { offset, timestamp, key, value, headers = {} } of batch) {
        const own = headers[RUN_HEADER]
        if (own !== undefined && !(Buffer.isBuffer(own) ? own.equals(run) : headerText(headers, RUN_HEADER) === runId))
          continue
        if (revision !== undefined && (headerText(headers, REVISION_HEADER) ?? 'main') !== revision) continue
        look({
          ...{ partition, offset: Number(offset), timestamp: Number(timestamp), key, headers },
          id: key?.length === 36 && readUuid(key, words) ? words : null,
          value: value ?? NOTHING,
          isStamped: own !== undefined,
        })
      }
    }
    if (before !== [...next.values()].join()) tries = 0
    if (tries >= TRIES) throw transient('log-unreadable', `topic ${topic} could not be read to its end: ask again`)
  }
}

const NOTHING = Buffer.alloc(0)
