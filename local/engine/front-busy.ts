// How busy the slots were: the exact integral of the number of busy slots over time, as a total and second by second.
// Promises: the total is the sum of the times that the slots were held; costs one number a second.

import type { Clock } from './clock.ts'

export interface Busy {
  /** Slots times seconds since the reset, up to now. */
  readonly busySlotSeconds: number
  /** The same for each whole second since the reset; the second that is going on is not in it. */
  readonly busyPerSecond: readonly number[]
}

export interface BusyLedger {
  /** So many slots are busy from now on. */
  set(running: number): void
  read(): Busy
  /** Starts again at zero; the slots that are busy stay so. */
  reset(): void
}

const SECOND_MS = 1000

/** A ledger without busy slots. */
export function createBusyLedger(clock: Clock): BusyLedger {
  let running = 0
  let startedAt = clock.now()
  /** Up to here all is in the books. */
  let bookedUntil = startedAt
  let total = 0
  let perSecond: number[] = []
  let thisSecond = 0
  const book = (): void => {
    const now = clock.now()
    total += running * (now - bookedUntil)
    let edge = startedAt + (perSecond.length + 1) * SECOND_MS
    while (now >= edge) {
      perSecond.push((thisSecond + running * (edge - bookedUntil)) / SECOND_MS)
      thisSecond = 0
      bookedUntil = edge
      edge = startedAt + (perSecond.length + 1) * SECOND_MS
    }
    thisSecond += running * (now - bookedUntil)
    bookedUntil = now
  }
  return {
    set(count) {
      if (count === running) return
      book()
      running = count
    },
    read() {
      book()
      return { busySlotSeconds: total / SECOND_MS, busyPerSecond: [...perSecond] }
    },
    reset() {
      startedAt = clock.now()
      bookedUntil = startedAt
      total = 0
      perSecond = []
      thisSecond = 0
    },
  }
}
