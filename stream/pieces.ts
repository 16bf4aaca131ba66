// Single records of a topic by their places, for whoever asks for many that lie near one another. Promises: one fetch
// brings a record with its neighbours, which are kept in a bounded cache; one fetch at a time for each partition, so
// that those who ask together for neighbours fetch once.

import type { KafkaMessage } from 'kafkajs'
import { backOffDelay, type BackOff, BROKER_BACK_OFF, pauseFor } from './back-off.ts'
import { CLIENT_RETRY, type KafkaConnection } from './kafka.ts'
import { kafkaErrorType, toFailure } from './kafka-failure.ts'
import { fetchSome } from './read-topic.ts'

export interface Pieces {
  /** The value at this place, a view on what was fetched; null where the log does not hold it (any more). */
  read(partition: number, offset: number, signal: AbortSignal): Promise<Buffer | null>
  /** Fetches so far. */
  fetches(): number
}

/** What one fetch brought: all records from `first` to `last`. */
interface Piece {
  readonly partition: number
  readonly first: number
  readonly last: number
  readonly values: ReadonlyMap<number, Buffer | null>
  readonly bytes: number
}

/** Bytes (compressed) of one fetch, about: the record and what lies behind it. */
const PIECE_BYTES = 1024 * 1024
const CACHE_BYTES = 64 * 1024 * 1024
/** An answer without a record is taken when so many have come one after another, and never remembered: brokers may be slow. */
const EMPTY_TRIES = 4
const EMPTY_BACK_OFF: BackOff = { first: 100, longest: 400 }

/** Makes the reader of a topic (its name on the broker). cacheBytes: what it keeps at most, but for one piece. */
export function createPieces(
  connection: KafkaConnection,
  topic: string,
  { pieceBytes = PIECE_BYTES, cacheBytes = CACHE_BYTES }: { pieceBytes?: number; cacheBytes?: number } = {},
): Pieces {
  /** The one that was used last at the end. */
  const pieces: Piece[] = []
  const turns = new Map<number, Promise<unknown>>()
  let held = 0
  let fetches = 0

  function find(partition: number, offset: number): Piece | undefined {
    const index = pieces.findIndex(
      (piece) => piece.partition === partition && piece.first <= offset && offset <= piece.last,
    )
    if (index === -1) return undefined
    const [piece] = pieces.splice(index, 1)
    pieces.push(piece!)
    return piece
  }

  function keep(piece: Piece): Piece {
    pieces.push(piece)
    held += piece.bytes
    while (held > cacheBytes && pieces.length > 1) held -= pieces.shift()!.bytes
    return piece
  }

  async function fetchAt(partition: number, offset: number, signal: AbortSignal): Promise<readonly KafkaMessage[]> {
    const reading = new Map([[partition, { next: offset, end: offset + 1 }]])
    for (let failures = 0, empty = 0; ;) {
      signal.throwIfAborted()
      try {
        fetches += 1
        const messages = (await fetchSome(await connection.cluster(), topic, reading, pieceBytes)).get(partition) ?? []
        if (messages.length > 0 || ++empty >= EMPTY_TRIES) return messages
        failures = 0
        await pauseFor(backOffDelay(empty, EMPTY_BACK_OFF), signal)
      } catch (error) {
        if (kafkaErrorType(error) === 'OFFSET_OUT_OF_RANGE') return []
        await connection.close()
        failures += 1
        if (failures > CLIENT_RETRY.retries) throw toFailure(error, `reading topic ${topic}`)
        await pauseFor(backOffDelay(failures, BROKER_BACK_OFF), signal)
      }
    }
  }

  async function fetchPiece(partition: number, offset: number, signal: AbortSignal): Promise<Piece> {
    const messages = await fetchAt(partition, offset, signal)
    const values = new Map(messages.map((message) => [Number(message.offset), message.value]))
    const offsets = [offset, ...values.keys()]
    const piece: Piece = {
      ...{ partition, values },
      first: Math.min(...offsets),
      last: Math.max(...offsets),
      bytes: messages.reduce((sum, { value }) => sum + (value?.length ?? 0), 0),
    }
    return messages.length === 0 ? piece : keep(piece)
  }

  return {
    async read(partition, offset, signal) {
      let piece = find(partition, offset)
      if (piece === undefined) {
        const before = turns.get(partition) ?? Promise.resolve()
        const turn = before.then(async () => find(partition, offset) ?? (await fetchPiece(partition, offset, signal)))
        turns.set(
          partition,
          turn.catch(() => undefined),
        )
        piece = await turn
      }
      return piece.values.get(offset) ?? null
    },
    fetches: () => fetches,
  }
}
