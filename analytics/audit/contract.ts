// What an audit says: one line a stage, one line a place where rows end, and everything that is wrong, by id.

import type { RunState } from '../../schemas/records.ts'

/** What became of the inputs of a stage. in = out + rejected + dead + inFlight + missing − doubled ends. */
export interface StageLine {
  /** `produce`, then the stages of the run in the data's way. */
  readonly stage: string
  /** Problems (by id) that it got; of `produce`: slots or lines that were begun. */
  readonly in: number
  readonly out: number
  readonly rejected: number
  /** Dead letters that were not redriven. */
  readonly dead: number
  /** Got, not ended, and not finished by the stage's consumer group: it is at work on them, or will be. */
  readonly inFlight: number
  /** Messages on its output that repeat an id, as a crash leaves them. No fault: ids are deterministic. */
  readonly repeats: number
  /** Got, finished by the group, and without an end. */
  readonly missing: number
  /** With two different ends. */
  readonly doubled: number
  /** With an end here, or on its output, that it never got. */
  readonly stray: number
}

/** A place where rows end, beside the topics that it is made from. */
export interface StoreLine {
  /** `table sft`, `files sft` … */
  readonly store: string
  /** Rows that the topics hold, by id; of responses: rows that they give. */
  readonly expected: number
  /** Rows that the place has for a reader. */
  readonly rows: number
  /** Of these, rows beyond the number that `accept` asks for; they wait beside the segments. */
  readonly surplus: number
  /** On the topics, not in the place yet, and not finished by the sink's group. */
  readonly inFlight: number
  /** Ended as dead letters of the sink. */
  readonly dead: number
  readonly missing: number
  /** Twice for a reader. */
  readonly doubled: number
  /** Held here and not by the topics. */
  readonly stray: number
}

export type FaultKind = 'missing' | 'doubled' | 'stray'

/** Everything of one kind that is wrong at one place. */
export interface FaultGroup {
  /** Name of the stage or store. */
  readonly at: string
  readonly kind: FaultKind
  readonly count: number
  /** The first twenty by id. */
  readonly first: readonly FaultExample[]
}

export interface FaultExample {
  readonly id: string
  /** What is wrong, in words. */
  readonly says: string
  /** topic/partition/offset where the log has it last; null where it has not. */
  readonly seen: string | null
}

export interface Audit {
  readonly run: string
  readonly revision: string
  readonly state: RunState
  /** True where nothing is missing, doubled, stray or overdue. */
  readonly whole: boolean
  readonly counts: {
    /** Problems begun, and how they ended. */
    readonly problems: number
    readonly accepted: number
    readonly rejected: number
    readonly dead: number
    readonly inFlight: number
    /** Sums over all lines. */
    readonly lost: number
    readonly doubled: number
    readonly stray: number
    readonly repeats: number
    /** In flight, problems and rows, when the run had finished, and no dead letter was sent again that would say why. */
    readonly overdue: number
  }
  readonly stages: readonly StageLine[]
  readonly stores: readonly StoreLine[]
  readonly faults: readonly FaultGroup[]
  /** What was not compared, and what a reader must know of the log. */
  readonly notes: readonly string[]
  /** How often the log was read, each time for a share of the ids. */
  readonly passes: number
}
