// A journal's topic in memory, with the sender before it: what is sent waits until it is taken, and a crash loses it.

import type { Delivered } from '../../stream/delivered.ts'
import { splitJournalMark, withJournalMark } from '../../stream/journal-mark.ts'
import { createLedger, type Position } from '../../stream/ledger.ts'
import type { Outgoing } from '../../stream/outgoing.ts'
import type { JournalTopic } from '../../stream/read-calls.ts'
import type { Sender } from '../../stream/sender.ts'
import { beginTenure, type Tenure } from '../../stream/tenure.ts'

export interface MemoryJournal {
  readonly topic: JournalTopic
  readonly sender: Pick<Sender, 'send' | 'acknowledged'>
  /** Messages that are sent and not on the log. */
  waiting(): readonly Outgoing[]
  /** Puts so many of them on the log, and tells their senders. */
  acknowledge(count?: number): Promise<void>
  /** What is not on the log is lost; the senders hear nothing. */
  crash(): void
  /** Keys whose newest value is not empty. */
  live(): Set<string>
  /** Keys that ever had a value. */
  ever(): Set<string>
  /** Offsets from which read() was asked to read, by partition, newest last. */
  readonly readFrom: ReadonlyMap<number, number>[]
  /** Puts a message on the log as it is. */
  append(message: Outgoing): void
}

export function createMemoryJournal(partitions: number): MemoryJournal {
  const logs = Array.from({ length: partitions }, (): Delivered[] => [])
  let queue: { readonly message: Outgoing; readonly taken: () => void }[] = []
  const newest = new Map<number, number>()
  const readFrom: ReadonlyMap<number, number>[] = []

  function append(message: Outgoing): number {
    const log = logs[message.partition!]!
    const offset = log.length
    log.push({
      topic: message.topic,
      partition: message.partition!,
      offset: BigInt(offset),
      timestamp: 0,
      key: String(message.key),
      value: message.value ?? Buffer.alloc(0),
      headers: {},
    })
    return offset
  }

  return {
    topic: {
      name: 'calls',
      ends: () => Promise.resolve(logs.map((log, partition) => ({ partition, low: 0, high: log.length }))),
      // eslint-disable-next-line @typescript-eslint/require-await -- the contract is a stream
      async *read(from) {
        readFrom.push(from)
        for (const [partition, offset] of from) yield* logs[partition]!.slice(offset)
      },
    },
    sender: {
      send: (messages) =>
        Promise.all(
          messages.map(
            (message) =>
              new Promise<void>((taken) => {
                queue.push({ message, taken })
              }),
          ),
        ).then(() => undefined),
      acknowledged: (_, partition) => newest.get(partition) ?? null,
    },
    waiting: () => queue.map(({ message }) => message),
    async acknowledge(count = queue.length) {
      const batch = queue.slice(0, count)
      queue = queue.slice(count)
      for (const { message, taken } of batch) {
        newest.set(message.partition!, append(message))
        taken()
      }
      // Those who wait for them go on.
      await new Promise(setImmediate)
    },
    crash() {
      queue = []
    },
    live() {
      const live = new Set<string>()
      for (const { key, value } of logs.flat()) {
        if (value.length === 0) live.delete(key)
        else live.add(key)
      }
      return live
    },
    ever: () => new Set(logs.flat().flatMap(({ key, value }) => (value.length === 0 ? [] : [key]))),
    readFrom,
    append(message) {
      append(message)
    },
  }
}

/** A partition at a committed position, as the assignment begins it; null: nothing is committed. */
export function tenureAt(topic: string, partition: number, committed: Position | null): Tenure {
  const tenure = beginTenure(topic, partition)
  if (committed === null) return tenure
  const { from, rest } = splitJournalMark(committed.metadata)
  const position = { offset: committed.offset, metadata: rest }
  tenure.ledger = createLedger(position)
  tenure.acknowledged = position
  tenure.journalFrom = () => from
  return tenure
}

/** What the committer commits now, once the broker has taken it. */
export function commitOf(tenure: Tenure): Position {
  const { offset, metadata } = tenure.ledger.position()!
  const then = tenure.onceCommitted
  tenure.onceCommitted = []
  const position = { offset, metadata: withJournalMark(metadata, tenure.journalFrom()) }
  for (const run of then) run()
  return position
}
