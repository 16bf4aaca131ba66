// One message as a sink gets it.

import { Failure } from '../schemas/failure.ts'

/**
 * value may be a view on what was fetched with it: whoever keeps it longer than a write takes copies it. headers are decoded
 * as UTF-8. timestamp: milliseconds since 1970 UTC.
 */
export interface Delivered {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  readonly timestamp: number
  readonly key: string
  readonly value: Buffer
  readonly headers: Readonly<Record<string, string>>
}

/** An end of the stream. One write at a time for each sink; batches come in offset order within a partition. */
export interface Sink {
  open(): Promise<void>
  /**
   * Returned = durable: only then are the offsets committed. Throws transient to be called again with the same batch,
   * permanent where a record can never be written, permanent STORE_LOST where the sink must end.
   */
  write(batch: readonly Delivered[]): Promise<void>
  close(): Promise<void>
}

/** Code of the permanent Failure that says: what was written before is gone. The next start reads it again. */
export const STORE_LOST = 'store-lost'

/** Must the sink end, instead of calling its batch unwritable? */
export function isStoreLost(error: unknown): boolean {
  return error instanceof Failure && error.code === STORE_LOST
}
