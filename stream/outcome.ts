// The contract between a stage and the stage runtime. A stage is a factory that returns a Process;
// everything about topics, offsets, retries and shutdown is the runtime's.

import type { CallMemory } from '../schemas/call-memory.ts'
import type { Logger } from '../schemas/logger.ts'
import type { Curation } from '../schemas/records.ts'

/** What became of a record. Expected ends are values; errors are thrown (see schemas/failure.ts). */
export type Outcome<Out> = { readonly emit: Out } | { readonly reject: Reject }

export interface Reject {
  /** kebab-case; counted and shown. */
  readonly reason: string
  /** What was seen. */
  readonly detail?: string
  /** Id of the record it collided with. */
  readonly collidedWith?: string
  readonly curation?: Curation
}

export interface ProcessContext {
  /** Aborted when the drain's deadline has passed: stop calling, throw the signal's reason. */
  readonly signal: AbortSignal
  readonly log: Logger
  /** To be handed on with every model call about the record: a crash then repeats only calls without an answer. */
  readonly calls: CallMemory
}

/**
 * Handles one record. Called for many records at once (unless the stage is ordered), never twice at once for
 * the same offset. Must be safe to repeat: a crash before the commit brings the record again.
 *
 * seen: what the stage's LookAhead found out about this record; undefined in a stage without one.
 */
export type Process<In, Out, Seen = undefined> = (
  record: In,
  context: ProcessContext,
  seen?: Seen,
) => Promise<Outcome<Out>>

/**
 * Finds out about a record what takes long and needs no other record, before its turn has come. Called for many records
 * at once, in an ordered stage too. What it throws is treated as what a Process throws.
 */
export type LookAhead<In, Seen> = (record: In, context: ProcessContext) => Promise<Seen>
