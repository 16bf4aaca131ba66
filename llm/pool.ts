// Which call goes where and when. Promises: the lowest rank goes first, then the oldest; no endpoint has more
// sequences than its limit in flight (a call larger than the limit runs alone); a call waits as long as no engine
// can take it and never fails for that; an abort ends its wait or its connection at once.

import type { Endpoint } from './endpoint.ts'
import { hasRoom, isUsable } from './endpoint.ts'
import type { Clock } from './clock.ts'
import type { Lane } from './lane.ts'
import { createPriorityQueue, goesBefore, type PriorityQueue, type Ranked } from './queue.ts'

export interface Ticket extends Ranked {
  readonly sequences: number
  /** Where it last failed: taken again only when no other endpoint of the lane has room. */
  readonly avoid: Endpoint | null
}

export interface Pool {
  /** Waits for a place; the caller gives it back with `release`. Rejects with the signal's reason. */
  acquire(lane: Lane, ticket: Ticket, signal: AbortSignal): Promise<Endpoint>
  release(lane: Lane, endpoint: Endpoint, sequences: number): void
  /** Something changed that may let a waiting call go. */
  dispatch(): void
  /** The same, later. */
  dispatchIn(milliseconds: number): void
  /** Sequences that wait. */
  waiting(): number
  close(): void
}

/** Added to the share of an endpoint that is taken only when no other has room, and of one to be avoided. */
const SLOW = 1e6
const AVOID = 1e9

interface Waiting extends Ticket {
  readonly start: (endpoint: Endpoint) => void
}

/** One pool serves all lanes, so that lanes over the same endpoints share them by rank. */
export function createPool(clock: Clock): Pool {
  const queues = new Map<Lane, PriorityQueue<Waiting>>()
  const timers = new Set<() => void>()
  let waiting = 0

  const dispatch = (): void => {
    const blocked = new Set<Lane>()
    // Where a better call waits for room, a worse one must not take the room away piece by piece.
    const reserved = new Set<Endpoint>()
    for (;;) {
      const next = bestHead(queues, blocked)
      if (next === null) return
      const { lane, entry } = next
      const now = clock.now()
      const endpoint = choose(lane, entry, reserved, now)
      if (endpoint === null) {
        blocked.add(lane)
        for (const { endpoint: full } of lane.members()) {
          if (!isUsable(full, lane.name, now)) continue
          full.limit.wanted()
          reserved.add(full)
        }
        continue
      }
      queues.get(lane)?.remove(entry)
      waiting -= entry.sequences
      endpoint.inFlight += entry.sequences
      const refusal = endpoint.refusals.get(lane.name)
      if (refusal !== undefined) refusal.trying = true
      endpoint.watch()
      entry.start(endpoint)
    }
  }

  return {
    acquire: (lane, ticket, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(signal.reason as Error)
          return
        }
        let queue = queues.get(lane)
        if (queue === undefined) {
          queue = createPriorityQueue()
          queues.set(lane, queue)
        }
        const leave = (): void => {
          if (queue.remove(entry)) {
            waiting -= entry.sequences
            dispatch()
          }
          reject(signal.reason as Error)
        }
        const entry: Waiting = {
          ...ticket,
          start: (endpoint) => {
            signal.removeEventListener('abort', leave)
            resolve(endpoint)
          },
        }
        signal.addEventListener('abort', leave, { once: true })
        queue.add(entry)
        waiting += entry.sequences
        dispatch()
      }),
    release: (lane, endpoint, sequences) => {
      endpoint.inFlight -= sequences
      const refusal = endpoint.refusals.get(lane.name)
      if (refusal !== undefined) refusal.trying = false
      dispatch()
    },
    dispatch,
    dispatchIn: (milliseconds) => {
      const cancel = clock.after(milliseconds, () => {
        timers.delete(cancel)
        dispatch()
      })
      timers.add(cancel)
    },
    waiting: () => waiting,
    close: () => {
      for (const cancel of timers) cancel()
      timers.clear()
    },
  }
}

function bestHead(
  queues: ReadonlyMap<Lane, PriorityQueue<Waiting>>,
  blocked: ReadonlySet<Lane>,
): { lane: Lane; entry: Waiting } | null {
  let best: { lane: Lane; entry: Waiting } | null = null
  for (const [lane, queue] of queues) {
    if (blocked.has(lane)) continue
    const entry = queue.first()
    if (entry !== undefined && (best === null || goesBefore(entry, best.entry))) best = { lane, entry }
  }
  return best
}

/** The usable endpoint with room whose share of limit × weight would be the lowest with this call; null: wait. */
function choose(lane: Lane, entry: Waiting, reserved: ReadonlySet<Endpoint>, now: number): Endpoint | null {
  let best: Endpoint | null = null
  let lowest = Infinity
  for (const { endpoint, weight } of lane.members()) {
    if (!isUsable(endpoint, lane.name, now)) continue
    if (reserved.has(endpoint) || !hasRoom(endpoint, entry.sequences)) continue
    const share = (endpoint.inFlight + entry.sequences) / (endpoint.limit.current() * weight)
    // A slow one after all others, the one where it failed after those too.
    const last = (lane.isSlow(endpoint) ? SLOW : 0) + (endpoint === entry.avoid ? AVOID : 0)
    if (share + last < lowest) {
      lowest = share + last
      best = endpoint
    }
  }
  return best
}
