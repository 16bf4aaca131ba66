// The server's slots, counted in sequences: so many are generated at once, the others wait in one queue, first come
// first served. Who gives up while waiting leaves the queue at once; a slot that is given back is handed over in the
// same turn of the event loop. Two ways of going wrong are here too: a wedged engine, which takes no one in and lets
// no one out, and a KV cache that is too small, which sends the youngest back to the head of the queue.

import type { Clock } from './clock.ts'
import { createBusyLedger } from './front-busy.ts'
import type { Busy } from './front-busy.ts'

/** One sequence's place in a slot. */
export interface Seat {
  /** When its time began: when the one before it was due to go, which may be a timer's lateness before it came. */
  startedAt: number
  /** Set by whoever can start again: called when the seat is lost to older ones, and has to call `regain`. */
  onLost: (() => void) | null
  /** Whether it is lost and not regained. */
  lost: boolean
}

export interface Slots {
  readonly size: number
  readonly running: number
  readonly waiting: number
  /** Whether a seat can be lost: the KV cache holds fewer sequences than there are slots. */
  readonly preempts: boolean
  /** The most there ever were of both. */
  peaks(): { peakRunning: number; peakWaiting: number }
  busy(): Busy
  resetBusy(): void
  /** Share of the KV cache that is in use, from 0 to 1. */
  cacheUsage(): number
  /** Resolves when a slot is this caller's; rejects with the signal's reason when it aborts first. */
  acquire(signal: AbortSignal): Promise<Seat>
  /** Gives a slot back. `dueAt`: when its work was over by rights; the next sequence's time begins then. */
  release(seat: Seat, dueAt?: number): void
  /** This sequence's cache has grown to its full size: if too many run, the youngest of them loses its seat. */
  grow(): void
  /** For the owner of a lost seat: resolves when it has one again, ahead of all that never ran. */
  regain(seat: Seat, signal: AbortSignal): Promise<void>
  /** From now on nothing comes in and nothing goes out. */
  wedge(): void
  /** Ends that; what was to go out meanwhile goes. */
  unwedge(): void
  readonly wedged: boolean
  /** Resolves when the engine is not wedged: at once, as a rule. */
  flowing(signal: AbortSignal): Promise<void>
}

export interface SlotsOptions {
  readonly size: number
  readonly clock: Clock
  /** Sequences of full size that the KV cache holds; as many as there are slots unless said. */
  readonly kvSlots?: number | undefined
  readonly onPreempted?: () => void
}

/** `size` slots, all free. */
export function createSlots(options: SlotsOptions): Slots {
  const { size, clock } = options
  const kvSlots = options.kvSlots ?? size
  const preempts = kvSlots < size
  const ledger = createBusyLedger(clock)
  // A Set keeps the order of insertion and deletes from its middle in no time.
  const queue = new Set<(dueAt: number) => void>()
  /** Those who lost their seats, the head of the queue last. */
  const lost: ((dueAt: number) => void)[] = []
  /** Seats in the order of their coming; kept only where the youngest may have to go. */
  const seats = new Set<Seat>()
  const held = new Set<() => void>()
  let running = 0
  let isWedged = false
  let owed = 0
  let unwedgedAt = Number.NEGATIVE_INFINITY
  let peakRunning = 0
  let peakWaiting = 0

  const hasRoom = (): boolean => !isWedged && running < size

  const occupy = (seat: Seat): void => {
    running += 1
    if (running > peakRunning) peakRunning = running
    if (preempts) seats.add(seat)
  }

  /** Lets in whoever may come now. A sequence that lost its seat needs room for all of its cache. */
  const admit = (dueAt: number): void => {
    while (hasRoom()) {
      const returning = lost.at(-1)
      if (returning !== undefined) {
        if (running >= kvSlots) break
        lost.pop()
        returning(dueAt)
        continue
      }
      const next = queue.values().next()
      if (next.done === true) break
      queue.delete(next.value)
      next.value(dueAt)
    }
    ledger.set(running)
  }

  return {
    size,
    preempts,
    get running() {
      return running
    },
    get waiting() {
      return queue.size + lost.length
    },
    get wedged() {
      return isWedged
    },
    peaks: () => ({ peakRunning, peakWaiting }),
    busy: () => ledger.read(),
    resetBusy() {
      ledger.reset()
    },
    cacheUsage: () => Math.min(1, running / kvSlots),
    acquire(signal) {
      if (signal.aborted) return Promise.reject(signal.reason as Error)
      const queuedAt = clock.now()
      const seat: Seat = { startedAt: queuedAt, onLost: null, lost: false }
      if (hasRoom() && queue.size === 0 && lost.length === 0) {
        occupy(seat)
        ledger.set(running)
        return Promise.resolve(seat)
      }
      return new Promise((resolve, reject) => {
        const enter = (dueAt: number): void => {
          signal.removeEventListener('abort', leave)
          seat.startedAt = Math.max(queuedAt, dueAt)
          occupy(seat)
          resolve(seat)
        }
        const leave = (): void => {
          queue.delete(enter)
          reject(signal.reason as Error)
        }
        queue.add(enter)
        peakWaiting = Math.max(peakWaiting, queue.size + lost.length)
        signal.addEventListener('abort', leave, { once: true })
      })
    },
    release(seat, dueAt) {
      if (seat.lost) return
      if (preempts) seats.delete(seat)
      if (isWedged) {
        owed += 1
        return
      }
      running -= 1
      admit(Math.max(dueAt ?? clock.now(), unwedgedAt))
    },
    grow() {
      if (running <= kvSlots || isWedged) return
      const youngest = [...seats].findLast((seat) => seat.onLost !== null)
      if (youngest === undefined) return
      options.onPreempted?.()
      running -= 1
      seats.delete(youngest)
      ledger.set(running)
      youngest.lost = true
      youngest.onLost?.()
    },
    regain(seat, signal) {
      if (signal.aborted) return Promise.reject(signal.reason as Error)
      const lostAt = clock.now()
      return new Promise((resolve, reject) => {
        const enter = (dueAt: number): void => {
          signal.removeEventListener('abort', leave)
          seat.lost = false
          seat.startedAt = Math.max(lostAt, dueAt)
          occupy(seat)
          resolve()
        }
        const leave = (): void => {
          lost.splice(lost.indexOf(enter), 1)
          reject(signal.reason as Error)
          admit(clock.now())
        }
        lost.push(enter)
        peakWaiting = Math.max(peakWaiting, queue.size + lost.length)
        signal.addEventListener('abort', leave, { once: true })
      })
    },
    wedge() {
      isWedged = true
    },
    unwedge() {
      if (!isWedged) return
      isWedged = false
      unwedgedAt = clock.now()
      running -= owed
      owed = 0
      admit(unwedgedAt)
      for (const flow of held) flow()
      held.clear()
    },
    flowing(signal) {
      if (!isWedged) return Promise.resolve()
      if (signal.aborted) return Promise.reject(signal.reason as Error)
      return new Promise((resolve, reject) => {
        const flow = (): void => {
          signal.removeEventListener('abort', leave)
          resolve()
        }
        const leave = (): void => {
          held.delete(flow)
          reject(signal.reason as Error)
        }
        held.add(flow)
        signal.addEventListener('abort', leave, { once: true })
      })
    },
  }
}
