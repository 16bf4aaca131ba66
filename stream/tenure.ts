// The time during which this process owns one partition: its ledger, its signal, and what was last committed.
// A tenure ends when the partition goes to another member: its work is aborted and never committed.

import { createLedger, type Ledger, type Position } from './ledger.ts'
import { createLookBack, type LookBack } from './look-back.ts'
import { createRepeats } from './repeats.ts'

export interface Tenure {
  readonly topic: string
  readonly partition: number
  /** Aborted when the partition is lost or the drain's deadline has passed. */
  readonly signal: AbortSignal
  /** Replaced once, when the committed position is known. */
  ledger: Ledger
  /** Replaced with it. */
  lookBack: LookBack
  /** Says of an id whether a record with it was delivered shortly before. */
  readonly isRepeat: (id: string) => boolean
  /** new: the committed position is not known yet. checked: owned, but maybe not without a break. ready: at work. */
  phase: 'new' | 'checked' | 'ready'
  /** What the broker has acknowledged, and what was sent to it last (its answer may have been lost). */
  acknowledged: Position | null
  attempted: Position | null
  /** To be run when a commit is acknowledged that holds all that is finished when it is added. */
  onceCommitted: (() => void)[]
  /** From which offset on the journal may hold calls of unfinished records; null: not known. Replaced by the journal. */
  journalFrom: () => number | null
  end(reason: Error): void
}

/** Begins a tenure whose committed position is not known yet. */
export function beginTenure(topic: string, partition: number): Tenure {
  const controller = new AbortController()
  return {
    topic,
    partition,
    ledger: createLedger(null),
    lookBack: createLookBack(null, () => null),
    isRepeat: createRepeats(),
    signal: controller.signal,
    phase: 'new',
    acknowledged: null,
    attempted: null,
    onceCommitted: [],
    journalFrom: () => null,
    end(reason) {
      controller.abort(reason)
    },
  }
}

/** Name of a partition in maps and log lines: topic/partition. */
export function partitionName(topic: string, partition: number): string {
  return `${topic}/${partition}`
}

/** Do both say the same: offset and the set of finished records above it? */
export function isSamePosition(one: Position | null, other: Position | null): boolean {
  if (one === null || other === null) return one === other
  return one.offset === other.offset && one.metadata === other.metadata
}
