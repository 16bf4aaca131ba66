// Follows, for one tenure, from where a restart would have to look for outputs that its commit does not know: pure
// bookkeeping, no Kafka in it. Promise: whatever was sent for a record that is not finished lies at or above places().

import type { OutputPlaces } from './output-places.ts'

export interface LookBack {
  /** What came of a record is about to be sent; returns what to call in the turn in which the record is finished. */
  begin(): () => void
  /**
   * The places that belong to a commit of this turn; null: not known, all is to be read. isWhole: the commit says of
   * every record that is finished that it is.
   */
  places(isWhole: boolean): OutputPlaces | null
}

/**
 * Begins at `known` (what the last commit had) and goes over to `current()`, which is how far the outputs are filled
 * now, once all is finished whose sending had begun when that was asked. What begins later lands above it, because the
 * sender had acknowledged all below.
 */
export function createLookBack(known: OutputPlaces | null, current: () => OutputPlaces | null): LookBack {
  const open = new Set<number>()
  let next = 0
  let kept = known
  let candidate = { places: current(), from: 0 }
  return {
    begin() {
      const ticket = next
      next += 1
      open.add(ticket)
      return () => {
        open.delete(ticket)
      }
    },
    places(isWhole) {
      if (!isWhole) return kept
      const [oldest = next] = open
      if (oldest >= candidate.from) {
        kept = candidate.places
        candidate = { places: current(), from: next }
        if (oldest >= candidate.from) kept = candidate.places
      }
      return kept
    },
  }
}
