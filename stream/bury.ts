// Sends a dead letter so that it arrives whatever the record was. Promise: a record that no broker would take a second
// time (too large, too many headers, a time that is none) becomes a letter without it, and nothing else stops.

import { Failure } from '../schemas/failure.ts'
import type { Arrival } from './arrival.ts'
import { deadLetter, letterWithoutRecord } from './dead-letters.ts'
import type { Outgoing } from './outgoing.ts'

/** Resolves when the letter is acknowledged. Rejects with `sender-closed`, or where not even the bare letter is taken. */
export async function bury(
  send: (letter: Outgoing) => Promise<void>,
  arrival: Arrival,
  error: unknown,
  details: Parameters<typeof deadLetter>[2],
): Promise<void> {
  try {
    await send(deadLetter(arrival, error, details))
  } catch (refusal) {
    if (!(refusal instanceof Failure) || refusal.retry === 'transient') throw refusal
    await send(letterWithoutRecord(arrival, error, details))
  }
}
