// What a stage is started with, and what runs then.

import type { Codec } from '../schemas/codec.ts'
import type { Logger } from '../schemas/logger.ts'
import type { RecordName, Records } from '../schemas/records.ts'
import type { BackOff } from './back-off.ts'
import type { RecordPlace } from './consumer.ts'
import type { Journal } from './journal.ts'
import type { KafkaConnection } from './kafka.ts'
import type { LookAhead, Process } from './outcome.ts'
import type { Outgoing } from './outgoing.ts'
import type { StageState } from './running-state.ts'
import type { Sender } from './sender.ts'

export interface StageOptions<Name extends RecordName, Out, Seen = undefined> {
  readonly connection: KafkaConnection
  readonly sender: Sender
  readonly codec: Codec
  /** The verb: screen, answer … */
  readonly name: string
  /** Consumer group. */
  readonly group: string
  /** Topic on the broker (see topicFor) and what it holds. */
  readonly from: string
  readonly reads: Name
  readonly runId: string
  /** The revision that this stage writes: records of another one that it takes are this one's from here on. */
  readonly revision: string
  /** Which records of the topic it takes; all of the run unless said. One that is redriven to it is taken wherever it lies. */
  readonly takes?: (place: RecordPlace) => boolean
  /** Records at work at once; asked again and again, so it may change. */
  readonly inFlight: () => number
  /**
   * Processes one record at a time, in log order; a record keeps its place while it is tried again. What came of a
   * record is sent while the next one is processed, so a Process that keeps a state must not need to know that its last
   * output has arrived.
   */
  readonly ordered?: boolean
  /** It waits for nobody but processors (see ConsumerOptions.isQuick). */
  readonly isQuick?: boolean
  /** Runs for every record at work, before its Process. In an ordered stage it is what does not wait for its turn. */
  readonly lookAhead?: LookAhead<Records[Name], Seen>
  /** Runs after each assignment that brings new partitions, before their first record (screen: its index). */
  readonly prepare?: (signal: AbortSignal) => Promise<void>
  readonly process: Process<Records[Name], Out, Seen>
  /** Keeps the model calls that the Process makes through its context's `calls`; they are not kept where it is left out. */
  readonly journal?: Journal
  /** What the emitted value becomes on the topics. Headers for run and revision are added. */
  readonly route: (out: Out) => readonly Outgoing[]
  /**
   * Every topic on the broker that the stage writes; they exist. After an assignment they are looked through for what
   * was sent and not committed. Undefined: a restart processes such records again.
   */
  readonly writes?: readonly string[]
  /** The stage stops when more than this share of its last 50 records became dead letters. Default 0.2. */
  readonly deadLetterShare?: number
  readonly log: Logger
  /** Waits between tries of a record whose server is down; tests shorten them. */
  readonly backOff?: BackOff
  /** See ConsumerOptions. */
  readonly sessionTimeoutMs?: number
}

/** What runs until it is drained. */
export interface RunningStage {
  state(): StageState
  /** Takes no more, lets running records end for so long, aborts the rest, commits, leaves the group. */
  drain(deadlineMs: number): Promise<void>
  /** Resolves after drain; rejects with the Failure that ended the stage. */
  readonly stopped: Promise<void>
}
