// What became of each record of one partition: pure bookkeeping, no Kafka in it.
// Promises: the position never lies past a record that is not finished, what a position calls done is never
// handed out again, and its metadata always fits a commit.

import { decodeDoneSet, encodeDoneSet, MAX_SPREAD } from './done-set.ts'

/** What a commit says of a partition. offset: the first record (in the delivered sequence) that is not finished. */
export interface Position {
  readonly offset: number
  /** The finished records at or above `offset`, as encodeDoneSet writes them. */
  readonly metadata: string
}

/** new: hand it on. known: it is already queued or running here. done: finished here or before a restart. */
export type Fate = 'new' | 'known' | 'done'

/** The records of one partition since it was assigned. Offsets may have gaps. */
export interface Ledger {
  /** Notes a delivered record. Redelivered ones are recognised; a new one must be above all before it. */
  deliver(offset: number): Fate
  /**
   * All up to this offset was fetched, and what was not delivered will never be: marks of transactions, and what these
   * have taken back. False: that was known.
   */
  passed(offset: number): boolean
  /** May this delivered record start? Not when its being finished could not be written into a commit. */
  mayStart(offset: number): boolean
  /** The record has ended for good: what it gave rise to is acknowledged. Repeats are harmless. */
  finish(offset: number): void
  /** These records (ascending) have ended although nobody said so here: delivered ones are finished, others will be. */
  found(offsets: readonly number[]): void
  /** Has this record been finished, here, elsewhere or before a restart? */
  isFinished(offset: number): boolean
  /** What may be committed now; null before anything was fetched. */
  position(): Position | null
  /** Does the position name every finished record? Not where some lie too far above the others. */
  isWhole(): boolean
  /** Delivered and not finished. */
  open(): number
  /** Offsets from the lowest open record to the newest that was delivered or passed. */
  spread(): number
}

interface Entry {
  readonly offset: number
  done: boolean
}

/** Starts a ledger at a committed position (null: the group has none, or it is not valid any more). */
export function createLedger(committed: Position | null): Ledger {
  /** Delivered records from the watermark on, ascending; entries before `head` are finished and forgotten. */
  let entries: Entry[] = []
  let head = 0
  const byOffset = new Map<number, Entry>()
  /** Finished before a restart, or elsewhere, and not delivered (again) yet, ascending; before `inheritedHead`: used up. */
  let inherited = committed === null ? [] : (decodeDoneSet(committed.offset, committed.metadata) ?? [])
  let inheritedHead = 0
  let floor = committed?.offset ?? null
  let newest: number | null = null
  let openCount = 0

  /** Drops inherited offsets below `offset`, says whether `offset` itself is one. */
  function takeInherited(offset: number): boolean {
    while (inheritedHead < inherited.length && inherited[inheritedHead]! < offset) inheritedHead += 1
    if (inherited[inheritedHead] !== offset) return false
    inheritedHead += 1
    return true
  }

  function watermark(): number | null {
    const first = entries[head]
    if (first !== undefined) return first.offset
    return newest === null ? floor : Math.max(newest + 1, floor ?? 0)
  }

  function advance(): void {
    while (head < entries.length && entries[head]!.done) {
      byOffset.delete(entries[head]!.offset)
      head += 1
    }
    if (head > 1024 && head * 2 > entries.length) {
      entries = entries.slice(head)
      head = 0
    }
  }

  function finish(offset: number): void {
    const entry = byOffset.get(offset)
    if (entry === undefined || entry.done) return
    entry.done = true
    openCount -= 1
    advance()
  }

  return {
    deliver(offset) {
      if (floor !== null && offset < floor) return 'done'
      if (newest !== null && offset <= newest) {
        const entry = byOffset.get(offset)
        return entry === undefined || entry.done ? 'done' : 'known'
      }
      floor ??= offset
      newest = offset
      const done = takeInherited(offset)
      const entry = { offset, done }
      entries.push(entry)
      byOffset.set(offset, entry)
      if (done) advance()
      else openCount += 1
      return done ? 'done' : 'new'
    },

    passed(offset) {
      if (offset <= (newest ?? -1) || (floor !== null && offset < floor)) return false
      newest = offset
      return true
    },

    mayStart(offset) {
      return offset < watermark()! + MAX_SPREAD
    },

    finish,

    found(offsets) {
      const later = offsets.filter((offset) => offset >= (floor ?? 0) && offset > (newest ?? -1))
      for (const offset of offsets) finish(offset)
      if (later.length === 0) return
      inherited = [...new Set([...inherited.slice(inheritedHead), ...later])].sort((one, other) => one - other)
      inheritedHead = 0
    },

    isFinished(offset) {
      return byOffset.get(offset)?.done ?? (offset < (watermark() ?? 0) || inherited.includes(offset))
    },

    position() {
      const offset = watermark()
      if (offset === null) return null
      const done: number[] = []
      for (let index = head; index < entries.length; index += 1) {
        const entry = entries[index]!
        if (entry.done) done.push(entry.offset)
      }
      for (let index = inheritedHead; index < inherited.length; index += 1) {
        const each = inherited[index]!
        if (each >= offset && each < offset + MAX_SPREAD) done.push(each)
      }
      return { offset, metadata: encodeDoneSet(offset, done) }
    },

    isWhole() {
      const offset = watermark()
      const last = inherited.at(-1)
      return offset !== null && (last === undefined || last < offset + MAX_SPREAD)
    },

    open() {
      return openCount
    },

    spread() {
      return newest === null ? 0 : newest + 1 - watermark()!
    },
  }
}
