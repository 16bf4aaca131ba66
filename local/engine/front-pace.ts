// How a sequence's time passes in its slot. Promises: times are reckoned from when the seat's time began, not from
// when a timer fired, so lateness never adds up; a lost seat starts again; nothing ends while the engine is wedged.

import type { Clock } from './clock.ts'
import type { Seat, Slots } from './front-slots.ts'

/** Pieces come in steps of this length or longer: a timer a step, not a token. */
const STEP_MS = 25

export interface Pace {
  readonly clock: Clock
  readonly slots: Slots
}

/**
 * Lets the time pass; resolves with the moment when it was over by rights. With `pieces`, passes them to onText
 * meanwhile, each one once. Rejects with the signal's reason on abort.
 */
export async function spend(
  { clock, slots }: Pace,
  seat: Seat,
  milliseconds: number,
  signal: AbortSignal,
  stream?: { readonly pieces: readonly string[]; readonly onText: (piece: string) => void },
): Promise<number> {
  const pieces = stream?.pieces ?? []
  // Two steps at least: a sequence reaches its full size in the middle of its time.
  const steps = Math.max(2, Math.min(pieces.length, Math.floor(milliseconds / STEP_MS)))
  const middle = Math.ceil(steps / 2)
  const stops = stream === undefined ? [middle, steps] : Array.from({ length: steps }, (_, step) => step + 1)
  let given = 0
  const giveUntil = (count: number): void => {
    for (; given < count; given += 1) stream?.onText(pieces[given]!)
  }
  for (;;) {
    const seatLost = watch(slots, seat, signal)
    const dueAt = seat.startedAt + milliseconds
    for (const step of stops) {
      // Without a small cache nothing happens in the middle.
      if (stream === undefined && step === middle && !slots.preempts) continue
      await pauseUntil(clock, seat.startedAt + (milliseconds * step) / steps, signal, seatLost)
      if (slots.wedged) await slots.flowing(signal)
      if (step === middle && seatLost.regained === null) slots.grow()
      if (seatLost.regained !== null) break
      giveUntil(Math.round((pieces.length * step) / steps))
    }
    seat.onLost = null
    if (seatLost.regained === null) return dueAt
    await seatLost.regained
  }
}

/** What becomes of a seat while its time passes. */
interface SeatLoss {
  /** Set when the seat is lost; resolves when it is there again. */
  regained: Promise<void> | null
  /** Ends the pause that is going on. */
  wake: (() => void) | null
}

function watch(slots: Slots, seat: Seat, signal: AbortSignal): SeatLoss {
  const loss: SeatLoss = { regained: null, wake: null }
  seat.onLost = () => {
    loss.regained = slots.regain(seat, signal)
    // Whoever awaits it comes a little later: a rejection in between is theirs all the same.
    loss.regained.catch(() => undefined)
    loss.wake?.()
  }
  return loss
}

/** Resolves at this time, or as soon as the seat is lost; rejects with the signal's reason when it aborts first. */
function pauseUntil(clock: Clock, time: number, signal: AbortSignal, loss: SeatLoss): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason as Error)
  const milliseconds = time - clock.now()
  if (milliseconds <= 0 || loss.regained !== null) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const go = (): void => {
      loss.wake = null
      cancel()
      signal.removeEventListener('abort', stop)
      resolve()
    }
    const stop = (): void => {
      loss.wake = null
      cancel()
      reject(signal.reason as Error)
    }
    const cancel = clock.after(milliseconds, go)
    loss.wake = go
    signal.addEventListener('abort', stop, { once: true })
  })
}
