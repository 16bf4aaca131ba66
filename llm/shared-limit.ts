// The limit of one engine for work that must not slow down others there: a share of the engine's slots. Promises: never
// more than that share of the slots that are known, at least 1; each request of others that waits at the engine takes
// one from it; refusals and preemptions bring it down as they do any limit. Work whose calls wait behind those of others
// keeps no queue of its own beside them: others would take it for a full engine, and their own queue would run dry. The
// share may change at any time: what is in flight ends, and what was learnt of the engine stays.
//
// How many slots an engine has, no page of it says. Beside others it is what runs there while somebody waits, or the
// most that was seen to run. Alone there, the slots are found out once as any run finds them out, and left again.

import { createLimit, type Limit, type LimitChange, type LimitConfig } from './limit.ts'
import { othersAt, type EngineLoad } from './load.ts'

/** Behind others the room grows by so much at each look that finds nobody waiting. */
const STEP = 0.1

export interface SharedLimit extends Limit {
  /** From now on it is this share, over 0 up to 1. */
  setShare(share: number): void
}

/**
 * The limit of a share (over 0, up to 1) of an engine; of all of it, and behind nobody, it is what any limit is. now:
 * milliseconds. isBehind: its calls wait behind those of others.
 */
export function createSharedLimit(
  atFirst: number,
  config: LimitConfig,
  now: () => number,
  { isBehind = false }: { readonly isBehind?: boolean } = {},
): SharedLimit {
  const whole = createLimit(config, now)
  const { most, adaptive } = config
  /** Known slots; nothing is known where the engine tells nothing but by the config. */
  const slotsAtFirst = adaptive ? Math.min(config.start, most) : most
  let share = atFirst
  let slots = slotsAtFirst
  let isFound = !adaptive
  let isAlone = false
  let othersWait = 0
  /** Behind others: what they leave free. */
  let room = Infinity
  const isWhole = (): boolean => share === 1 && !isBehind
  let change: LimitChange = isWhole() ? whole.lastChange() : { at: now(), reason: `share ${share} of ${slots}` }

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

  const reason = (): string => {
    if (isAlone && !isFound) return 'alone: finds the slots'
    const giving = othersWait === 0 ? '' : `, ${othersWait} of others wait`
    const place = room === Infinity ? '' : ', behind others'
    return `share ${share} of ${slots}${giving}${place}`
  }

  return {
    ...whole,
    current,
    lastChange: () => {
      const ofWhole = whole.lastChange()
      return change.at > ofWhole.at || (change.at === ofWhole.at && !isWhole()) ? change : ofWhole
    },
    wanted: () => {
      // Where the share keeps calls back, that is no reason for the whole to grow: it will be the limit one day.
      if (current() === whole.current()) whole.wanted()
    },
    observe: (load, inFlight) => {
      const before = current()
      whole.observe(load, inFlight)
      learn(load, inFlight)
      if (current() !== before && !isWhole()) change = { at: now(), reason: reason() }
    },
    observeNothing: () => {
      whole.observeNothing()
      othersWait = 0
      room = Infinity
      isAlone = false
    },
    restart: () => {
      whole.restart()
      slots = slotsAtFirst
      isFound = !adaptive
      room = Infinity
      isAlone = false
    },
    setShare: (next) => {
      const before = current()
      share = next
      if (current() !== before) change = { at: now(), reason: reason() }
    },
  }
}
