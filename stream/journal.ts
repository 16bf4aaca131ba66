// The journal: finished model calls of records that are not done wait on topic `calls`, so that a crash in the middle of
// a record with 64 long samples repeats only the calls without an answer. Promises: what is written is taken away when a
// commit says that its record is done, and what a crash has left in between at the next assignment; memory and what is
// read back are bounded by what is open. Losing the journal loses money, never a record: nothing here ends a stage.

import type { Codec } from '../schemas/codec.ts'
import { Failure } from '../schemas/failure.ts'
import type { Logger } from '../schemas/logger.ts'
import type { Arrival } from './arrival.ts'
import { type Outgoing, stamp } from './outgoing.ts'
import { callKey, type JournalPlace, type JournalTopic, type LeftCalls, readCalls } from './read-calls.ts'
import { createRecordCalls, type RecordCalls } from './record-calls.ts'
import { isSenderClosed, type Sender } from './sender.ts'
import type { Tenure } from './tenure.ts'

/** The journal of a process: all its stages write to one topic through one sender. */
export interface Journal {
  forStage(place: JournalPlace): StageJournal
}

export interface StageJournal {
  /** Takes up what others have left for these partitions, which are at their committed positions. Throws Failure. */
  load(fresh: readonly Tenure[], signal: AbortSignal): Promise<void>
  /** A record begins. */
  open(arrival: Arrival, problemId: string): RecordCalls
  /** The record is finished in its ledger; its calls go once a commit says so. */
  finish(arrival: Arrival): void
  /** A drain has cut the record off: all its answers are written now, for the next start. */
  leave(arrival: Arrival): void
}

/** One record with entries, or one that may get some. */
interface Open {
  /** No entry of it lies before this offset of the journal; null: it has none. */
  since: number | null
  /** What is known of it from before, until it is delivered. */
  left: LeftCalls | null
  /** Names of the calls that this process has written. */
  readonly written: Set<string>
  /** Of this process; null before it is delivered. */
  calls: RecordCalls | null
  isDone: boolean
}

export interface JournalParts {
  readonly topic: JournalTopic
  readonly sender: Pick<Sender, 'send' | 'acknowledged'>
  readonly codec: Codec
  readonly log: Logger
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
  /** Runs what writes a moment later (default: WRITE_MS); tests shorten it. */
  readonly later?: (run: () => void) => void
}

/** An answer is written so long after it has come, milliseconds: records that are done by then cost nothing. */
const WRITE_MS = 500

/** Makes the journal of a process. Nothing is read before the first load. */
export function createJournal({ topic, sender, codec, log, now, later = afterAMoment }: JournalParts): Journal {
  /** What is to be written, in the order of the answers. */
  let due: (() => void)[] = []

  function writeDue(): void {
    const all = due
    due = []
    for (const write of all) write()
  }

  function writeLater(write: () => void): void {
    due.push(write)
    if (due.length === 1) later(writeDue)
  }

  /** By partition: the ends that were seen at the newest assignment. */
  const ends = new Map<number, number>()
  const nothingKnown: ReadonlyMap<string, unknown> = new Map()

  /** Whatever is written to the partition from now on lies at this offset or behind it. */
  const reached = (partition: number): number =>
    Math.max(ends.get(partition) ?? 0, sender.acknowledged(topic.name, partition) ?? 0)

  function send(messages: readonly Outgoing[], place: JournalPlace): Promise<boolean> {
    return sender.send(messages.map((message) => stamp(message, place))).then(
      () => true,
      (error: unknown) => {
        if (!isSenderClosed(error)) log.warn({ error: String(error) }, 'finished model calls were not kept')
        return false
      },
    )
  }

  function forStage(place: JournalPlace): StageJournal {
    /** The records of each partition by their offset. Partitions that the journal does not have are left out. */
    const pages = new WeakMap<Tenure, Map<number, Open>>()

    function recordOf(page: Map<number, Open>, offset: number): Open {
      let record = page.get(offset)
      if (record === undefined) page.set(offset, (record = openRecord(null)))
      return record
    }

    function write({ tenure, offset }: Arrival, problemId: string, record: Open, name: string, result: unknown): void {
      if (record.isDone) return
      const { partition } = tenure
      record.written.add(name)
      record.since ??= reached(partition)
      const { runId, revision, stage } = place
      const key = callKey(place, partition, offset, name)
      const envelope = { id: key, runId, revision, createdAt: now() }
      const about = { stage, problemId, topic: tenure.topic, offset, call: name }
      try {
        const value = codec.encode('Call', { ...envelope, ...about, result: JSON.stringify(result) })
        void send([{ topic: topic.name, partition, key, value }], place)
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        log.warn({ key, error: error.message }, 'a finished model call is not kept')
      }
    }

    /** Takes the entries of a finished record away. */
    async function clear({ partition }: Tenure, page: Map<number, Open>, offset: number, names: Iterable<string>) {
      const tombstones = [...names].map((name) => {
        const key = callKey(place, partition, offset, name)
        return { topic: topic.name, partition, key, value: null }
      })
      // What was not taken away is found at the next assignment: the record stays on the page, and so does the mark.
      if (tombstones.length === 0 || (await send(tombstones, place))) page.delete(offset)
    }

    /** From where on the journal holds what is open in a partition. */
    function floorOf(partition: number, page: ReadonlyMap<number, Open>): number {
      let floor = reached(partition)
      for (const { since } of page.values()) if (since !== null && since < floor) floor = since
      return floor
    }

    async function loadPages(fresh: readonly Tenure[], signal: AbortSignal): Promise<void> {
      for (const { partition, high } of await topic.ends()) ends.set(partition, high)
      const known = fresh.filter(({ partition }) => ends.has(partition))
      if (known.length < fresh.length)
        log.warn(
          { topic: topic.name, partitions: ends.size },
          'the journal has too few partitions; some calls are not kept',
        )
      const tenures = new Map(known.map((tenure) => [tenure.partition, tenure]))
      const from = new Map(known.map(({ partition, journalFrom }) => [partition, journalFrom() ?? 0]))
      const isFinished = (partition: number, offset: number) => tenures.get(partition)!.ledger.isFinished(offset)
      const found = await readCalls(topic, { codec, place, from, isFinished, signal, log })
      for (const [partition, tenure] of tenures) {
        const left = found.get(partition)!
        const page = new Map<number, Open>()
        for (const [offset, each] of left) page.set(offset, openRecord(each))
        pages.set(tenure, page)
        tenure.journalFrom = () => floorOf(partition, page)
        // A drain, or another member takes over: what has its answer is written now.
        tenure.signal.addEventListener('abort', writeDue, { once: true })
        for (const [offset, { names }] of left) {
          if (tenure.ledger.isFinished(offset)) void clear(tenure, page, offset, names)
        }
      }
    }

    return {
      async load(fresh, signal) {
        try {
          await loadPages(fresh, signal)
        } catch (error) {
          if (!(error instanceof Failure) || error.retry === 'transient' || signal.aborted) throw error
          log.warn({ topic: topic.name, error: error.message }, 'the journal cannot be read; calls are not kept')
        }
      },

      open(arrival, problemId) {
        const page = pages.get(arrival.tenure)
        if (page === undefined) return createRecordCalls(nothingKnown, () => undefined)
        const record = recordOf(page, arrival.offset)
        record.calls = createRecordCalls(record.left?.results ?? nothingKnown, (name, result) => {
          writeLater(() => {
            write(arrival, problemId, record, name, result)
          })
        })
        return record.calls
      },

      leave({ tenure, offset }) {
        pages.get(tenure)?.get(offset)?.calls?.leave()
        writeDue()
      },

      finish({ tenure, offset }) {
        const page = pages.get(tenure)
        const record = page?.get(offset)
        if (page === undefined || record === undefined) return
        const names = new Set([...(record.left?.names ?? []), ...record.written])
        record.left = null
        record.isDone = true
        if (names.size === 0) page.delete(offset)
        else tenure.onceCommitted.push(() => void clear(tenure, page, offset, names))
      },
    }
  }

  return { forStage }
}

/** A record with what is known of it from before. */
function openRecord(left: LeftCalls | null): Open {
  return { since: left?.since ?? null, left, written: new Set(), calls: null, isDone: false }
}

/** An unwritten answer keeps no process alive. */
function afterAMoment(run: () => void): void {
  setTimeout(run, WRITE_MS).unref()
}
