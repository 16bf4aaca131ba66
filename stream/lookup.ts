// The newest record of a problem in a topic, by the problem's id. Promises: keys and headers are read once, what came
// since when an id is missing; a million ids take about 50 MB outside the JavaScript heap; records are fetched when
// they are asked for, with their neighbours (pieces.ts).

import { createIdTable, readUuid } from '../schemas/id-table.ts'
import type { KafkaConnection } from './kafka.ts'
import { headerText, REVISION_HEADER, RUN_HEADER } from './outgoing.ts'
import { createPieces } from './pieces.ts'
import { readBatches } from './read-topic.ts'

export interface LookupOptions {
  readonly connection: KafkaConnection
  /** Name on the broker. */
  readonly topic: string
  /** Only records of this run and revision. */
  readonly runId: string
  readonly revision: string
  /** Ends the reading of the topic. */
  readonly signal: AbortSignal
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number
}

export interface Lookup {
  /** Problems that it knows; 0 before it is first asked. */
  readonly size: number
  /** Bytes of the index. */
  readonly bytes: number
  /**
   * The newest record of the problem as bytes (a view on a whole fetch: whoever keeps some of it copies); null where the
   * topic has none. Of a problem in two partitions (a topic that was widened) it is either. Throws Failure, and the
   * reason of either signal.
   */
  get(id: string, signal: AbortSignal): Promise<Buffer | null>
}

/** An id that is missing makes the topic's new records be read, but not again within so long. */
const CATCH_UP_MS = 5000
/** A fetch may come to this in memory, about. */
const HELD_BYTES = 16 * 1024 * 1024

/** Notes of an id: the partition (15 bits) and the offset (48 bits) of its newest record, below the table's own bit. */
const KEY_WORDS = 4
const NOTE_WORDS = 2
const OWN_BIT = 0x80000000
const WORD = 2 ** 32

/** Makes the lookup; nothing is read before it is first asked. */
export function createLookup(options: LookupOptions): Lookup {
  const { connection, topic, runId, revision, signal: whole, now = () => performance.now() } = options
  const table = createIdTable({ key: KEY_WORDS, notes: NOTE_WORDS })
  const pieces = createPieces(connection, topic)
  const next = new Map<number, number>()
  let readAt = -Infinity
  let reading: Promise<void> | null = null

  async function readNew(): Promise<void> {
    const words = new Uint32Array(KEY_WORDS)
    const from = new Map(next)
    const batches = readBatches(connection, { topic, from, signal: whole, heldBytes: HELD_BYTES })
    for await (const [partition, batch] of batches) {
      for (const { key, headers = {}, offset } of batch) {
        next.set(partition, Number(offset) + 1)
        if (key === null || !readUuid(key, words)) continue
        if (headerText(headers, RUN_HEADER) !== runId) continue
        if ((headerText(headers, REVISION_HEADER) ?? 'main') !== revision) continue
        note(table.take(words), partition, Number(offset))
      }
    }
  }

  function note(at: number, partition: number, offset: number): void {
    const words = table.words()
    const high = partition * 2 ** 16 + Math.floor(offset / WORD)
    words[at + KEY_WORDS] = OWN_BIT + high
    words[at + KEY_WORDS + 1] = offset % WORD
  }

  function find(id: string): { partition: number; offset: number } | null {
    const key = new Uint32Array(KEY_WORDS)
    if (!readUuid(Buffer.from(id), key)) return null
    const at = table.find(key)
    if (at === -1) return null
    const words = table.words()
    const high = words[at + KEY_WORDS]! - OWN_BIT
    return { partition: high >>> 16, offset: (high & 0xffff) * WORD + words[at + KEY_WORDS + 1]! }
  }

  async function catchUp(): Promise<void> {
    if (reading === null && now() - readAt < CATCH_UP_MS) return
    reading ??= readNew()
      .then(() => {
        readAt = now()
      })
      .finally(() => {
        reading = null
      })
    await reading
  }

  return {
    get size() {
      return table.size
    },
    get bytes() {
      return table.bytes
    },
    async get(id, signal) {
      let place = find(id)
      if (place === null) {
        await catchUp()
        signal.throwIfAborted()
        place = find(id)
      }
      return place === null ? null : await pieces.read(place.partition, place.offset, signal)
    },
  }
}
