// The contract between a stage and the stage runtime. A stage is a factory that returns a Process;
// everything about topics, offsets, retries and shutdown is the runtime's.

import type { Logger } from '../schemas/logger.ts'

/** What became of a record. Expected ends are values; errors are thrown (see schemas/failure.ts). */
export type Outcome<Out> =
  | { readonly emit: Out }
  | { readonly reject: { readonly reason: string; readonly detail?: string; readonly collidedWith?: string } }

export interface ProcessContext {
  /** Aborted when the drain's deadline has passed: stop calling, throw the signal's reason. */
  readonly signal: AbortSignal
  readonly log: Logger
}

/**
 * Handles one record. Called for many records at once (unless the stage is ordered), never twice at once for
 * the same offset. Must be safe to repeat: a crash before the commit brings the record again.
 */
export type Process<In, Out> = (record: In, context: ProcessContext) => Promise<Outcome<Out>>
