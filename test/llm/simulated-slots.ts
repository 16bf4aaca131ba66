// An engine of so many slots in simulated time: log-normal answers, a queue, perhaps a gateway that answers 429. It
// drives a Limit as the pool does, with always more calls waiting than the limit lets go, and notes what becomes of it.

import type { Limit } from '../../llm/limit.ts'
import { createDice } from '../../local/engine/random.ts'

export interface SlotsRun {
  /** The limit after each answer, from a given share of all answers on. */
  readonly limits: readonly number[]
  /** Share of the slots' time that was used in the same while. */
  readonly busy: number
  readonly refusals: number
}

export interface SlotsOptions {
  readonly slots: number
  readonly calls: number
  readonly seed: number
  /** Whether it tells its queue. */
  readonly tells: boolean
  /** More sequences than this in it are refused. */
  readonly gateway?: number
  /** More running than this are preempted, and the page says so. */
  readonly cache?: number
  /** Share of the calls after which the noting begins. */
  readonly from?: number
}

const MEDIAN_MS = 200
const SIGMA = 0.8

/** Runs it. makeLimit gets the simulated clock. */
export function runSlots(makeLimit: (now: () => number) => Limit, options: SlotsOptions): SlotsRun {
  const { slots, calls, seed, tells, gateway = Infinity, cache = Infinity, from = 0.5 } = options
  const dice = createDice(seed)
  const events: { at: number; act: () => void }[] = []
  let now = 0
  let [sent, done, inFlight, running, refusals, preemptions] = [0, 0, 0, 0, 0, 0]
  let waiting = 0
  let busy = 0
  let busyAt = 0
  const noted: { busy: number; at: number }[] = []
  let refusedUntil = 0
  const limits: number[] = []
  const limit = makeLimit(() => now)

  /** Sorted by time; insertion from the end is short, since most events are late ones. */
  const plan = (delay: number, act: () => void): void => {
    const at = now + delay
    let place = events.length
    while (place > 0 && events[place - 1]!.at < at) place -= 1
    events.splice(place, 0, { at, act })
  }
  const account = (): void => {
    busy += running * (now - busyAt)
    busyAt = now
  }
  const start = (): void => {
    account()
    running += 1
    if (running > cache) preemptions += 1
    plan(MEDIAN_MS * Math.exp(SIGMA * dice.normal()), end)
  }
  const end = (): void => {
    account()
    running -= 1
    if (waiting > 0) {
      waiting -= 1
      start()
    }
    inFlight -= 1
    done += 1
    limit.answered(1)
    fill()
    if (done >= from * calls && sent < calls) {
      limits.push(limit.current())
      noted.push({ busy, at: now })
    }
  }
  const fill = (): void => {
    while (now >= refusedUntil && inFlight < limit.current() && sent < calls) {
      if (inFlight >= gateway) {
        refusals += 1
        limit.refused({ inFlight, sentAt: now })
        refusedUntil = now + 500
        plan(500, fill)
        break
      }
      sent += 1
      inFlight += 1
      if (running < slots) start()
      else waiting += 1
    }
    if (sent < calls) limit.wanted()
  }
  const look = (): void => {
    const cacheUsage = Math.min(1, running / Math.min(cache, slots))
    limit.observe({ running, waiting, cacheUsage, preemptions, generatedTokens: done }, inFlight)
    fill()
    if (done < calls) plan(limit.isRamping() ? 200 : 1000, look)
  }
  if (tells) plan(200, look)
  fill()
  for (let next = events.pop(); next !== undefined && done < calls; next = events.pop()) {
    now = next.at
    next.act()
  }
  const [first, last] = [noted[0]!, noted.at(-1)!]
  return { limits, refusals, busy: (last.busy - first.busy) / (last.at - first.at) / slots }
}
