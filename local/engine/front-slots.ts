// The server's slots, counted in sequences: so many are generated at once, the others wait in one queue, first come
// first served, or by priority (front-line.ts). Who gives up while waiting leaves the queue at once; a slot that is
// given back is handed over in the same turn of the event loop. Two ways of going wrong are here too: a wedged engine,
// which takes no one in and lets no one out, and a KV cache that is too small, which sends the youngest (of the highest
// priority number) back to the head of the queue.

import type { Clock } from './clock.ts'
import { createBusyLedger } from './front-busy.ts'
import type { Busy } from './front-busy.ts'
import { createWaitingLine } from './front-line.ts'
import type { Waiting } from './front-line.ts'

/** One sequence's place in a slot. */
export interface Seat {
  /** Lower is earlier. */
  readonly priority: number
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
  /** Resolves when a slot is this caller's (priority: 0 unless said); rejects with the signal's reason when it aborts first. */
  acquire(signal: AbortSignal, priority?: number): Promise<Seat>
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
  const line = createWaitingLine()
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
      const next = line.first()
      if (next === undefined || (next.isReturning && running >= kvSlots)) break
      line.leave(next)
      next.enter(dueAt)
    }
    ledger.set(running)
  }

  /** Waits for a slot; resolves when `take` was called with the time from which it is free. */
  const queueUp = (
    { priority, isReturning }: Pick<Waiting, 'priority' | 'isReturning'>,
    signal: AbortSignal,
    take: (dueAt: number) => void,
  ): Promise<void> =>
    new Promise((resolve, reject) => {
      const waiting: Waiting = {
        ...{ priority, isReturning },
        enter: (dueAt) => {
          signal.removeEventListener('abort', leave)
          take(dueAt)
          resolve()
        },
      }
      const leave = (): void => {
        line.leave(waiting)
        reject(signal.reason as Error)
        if (isReturning) admit(clock.now())
      }
      line.join(waiting)
      signal.addEventListener('abort', leave, { once: true })
      // It may go before those who wait for more than a slot.
      admit(clock.now())
      peakWaiting = Math.max(peakWaiting, line.size)
    })

  return {
    size,
    preempts,
    get running() {
      return running
    },
    get waiting() {
      return line.size
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
    async acquire(signal, priority = 0) {
      signal.throwIfAborted()
      const queuedAt = clock.now()
      const seat: Seat = { priority, startedAt: queuedAt, onLost: null, lost: false }
      if (hasRoom() && line.size === 0) {
        occupy(seat)
        ledger.set(running)
        return seat
      }
      await queueUp({ priority, isReturning: false }, signal, (dueAt) => {
        seat.startedAt = Math.max(queuedAt, dueAt)
        occupy(seat)
      })
      return seat
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
      const able = [...seats].filter((seat) => seat.onLost !== null)
      const last = Math.max(...able.map(({ priority }) => priority))
      const youngest = able.findLast(({ priority }) => priority === last)
      if (youngest === undefined) return
      options.onPreempted?.()
      running -= 1
      seats.delete(youngest)
      ledger.set(running)
      youngest.lost = true
      youngest.onLost?.()
    },
    async regain(seat, signal) {
      signal.throwIfAborted()
      const lostAt = clock.now()
      await queueUp({ priority: seat.priority, isReturning: true }, signal, (dueAt) => {
        seat.lost = false
        seat.startedAt = Math.max(lostAt, dueAt)
        occupy(seat)
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
