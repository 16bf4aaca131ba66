// The limit of one engine for work that must not slow down others there: a share of the engine's slots. Promises: never
// more than that share of the slots that are known, at least 1; each request of others that waits at the engine takes
// one from it; refusals and preemptions bring it down as they do any limit. Work whose calls wait behind those of others
// keeps no queue of its own beside them: others would take it for a full engine, and their own queue would run dry.
//
// How many slots an engine has, no page of it says. Beside others it is what runs there while somebody waits, or the
// most that was seen to run. Alone there, the slots are found out once as any run finds them out, and left again.

import { createLimit, type Limit, type LimitChange, type LimitConfig } from './limit.ts'
import { othersAt, type EngineLoad } from './load.ts'

/** Behind others the room grows by so much at each look that finds nobody waiting. */
const STEP = 0.1

/** The limit of a share (over 0, up to 1) of an engine. now: milliseconds. isBehind: its calls wait behind those of others. */
export function createSharedLimit(
  share: number,
  config: LimitConfig,
  now: () => number,
  { isBehind = false }: { readonly isBehind?: boolean } = {},
): Limit {
  const whole = createLimit(config, now)
  if (share === 1 && !isBehind) return whole
  const { most, adaptive } = config
  /** Known slots; nothing is known where the engine tells nothing but by the config. */
  const atFirst = adaptive ? Math.min(config.start, most) : most
  let slots = atFirst
  let isFound = !adaptive
  let isAlone = false
  let othersWait = 0
  /** Behind others: what they leave free. */
  let room = Infinity
  let change: LimitChange = { at: now(), reason: `share ${share} of ${slots}` }

  const ofShare = (): number => (share === 1 ? Infinity : Math.max(1, Math.floor(share * slots) - othersWait))
  const current = (): number => (isAlone && !isFound ? whole.current() : Math.min(whole.current(), ofShare(), room))

  /** Whoever waits goes first, or is ours: then no more than what runs of ours. */
  const leftFree = (waiting: number, inFlight: number): number => {
    const had = Math.min(room, Math.max(1, inFlight))
    return waiting > 0 ? Math.max(1, Math.min(had, inFlight - waiting)) : had + Math.ceil(had * STEP)
  }

  const learn = (load: EngineLoad, inFlight: number): void => {
    const { running, waiting } = load
    const others = othersAt(load, inFlight)
    isAlone = others === 0
    othersWait = isAlone ? 0 : Math.round(waiting * (others / (running + waiting)))
    if (isBehind) room = isAlone ? Infinity : leftFree(waiting, inFlight)
    if (!adaptive) return
    if (waiting > 0) slots = Math.min(most, running)
    else slots = Math.max(slots, Math.min(most, running))
    if (!isAlone || waiting > 0 || whole.current() === most) isFound = true
  }

  return {
    ...whole,
    current,
    lastChange: () => (change.at >= whole.lastChange().at ? change : whole.lastChange()),
    observe: (load, inFlight) => {
      const before = current()
      whole.observe(load, inFlight)
      learn(load, inFlight)
      if (current() === before) return
      const giving = othersWait === 0 ? '' : `, ${othersWait} of others wait`
      const place = room === Infinity ? '' : ', behind others'
      change = {
        at: now(),
        reason: isFound || !isAlone ? `share ${share} of ${slots}${giving}${place}` : 'alone: finds the slots',
      }
    },
    observeNothing: () => {
      whole.observeNothing()
      othersWait = 0
      room = Infinity
      isAlone = false
    },
    restart: () => {
      whole.restart()
      slots = atFirst
      isFound = !adaptive
      room = Infinity
      isAlone = false
    },
  }
}
