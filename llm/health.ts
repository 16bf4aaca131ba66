// Whether one engine lives. Promises: it is looked at while calls are in flight there and whenever a call gives
// reason to doubt; once down it is probed with a growing pause until it answers; each change is told once.

import { backOff, type Clock } from './clock.ts'

export interface HealthConfig {
  /** Pause between two looks while calls are in flight. */
  readonly everyMs: number
  /** A look that takes longer has failed. */
  readonly timeoutMs: number
  /** So many failed looks in a row make it down: a busy engine may answer late. */
  readonly failures: number
  /** Calls in flight at an engine that has been down for so long are given up: its sockets may stay silent for ever. */
  readonly graceMs: number
  /** A small call of our own that takes longer has failed. */
  readonly canaryMs: number
  /** Longest pause between two probes of a dead engine. */
  readonly longestProbeMs: number
}

export const defaultHealth: HealthConfig = {
  everyMs: 5_000,
  timeoutMs: 5_000,
  failures: 3,
  graceMs: 10_000,
  canaryMs: 30_000,
  longestProbeMs: 5_000,
}

export interface Health {
  /** When it went down; null while it lives. */
  downSince(): number | null
  /** Somebody found the port closed. */
  unreachable(reason: string): void
  /** It accepts calls and answers none: what is in flight is given up now, and only a small call takes it back. */
  hangs(reason: string): void
  /** Looks now (one look at a time, callers share it); true when it lives. */
  look(): Promise<boolean>
  /** The first call is in flight: begin to watch. */
  watch(): void
  close(): void
}

/**
 * Watches one engine.
 *
 * probe: null when it lives, else the reason; canary: the same by a small call of the model. busy: whether calls are
 * in flight. onDown, onUp: told once a change; onLost: it has been down for graceMs, and what is in flight there will not
 * end by itself.
 */
export function watchHealth(engine: {
  probe: (signal: AbortSignal) => Promise<string | null>
  canary: (signal: AbortSignal) => Promise<string | null>
  busy: () => boolean
  onDown: (reason: string) => void
  onUp: (downMs: number) => void
  onLost: () => void
  clock: Clock
  random: () => number
  config: HealthConfig
}): Health {
  const { clock, config } = engine
  let downSince: number | null = null
  let failures = 0
  let probes = 0
  let closed = false
  let hung = false
  let looking: Promise<boolean> | null = null
  let cancelNext: (() => void) | null = null
  let cancelLost: (() => void) | null = null

  const down = (reason: string): void => {
    if (closed || downSince !== null) return
    downSince = clock.now()
    probes = 0
    engine.onDown(reason)
    cancelLost?.()
    cancelLost = clock.after(config.graceMs, engine.onLost)
    schedule()
  }

  const up = (): void => {
    failures = 0
    if (downSince === null) return
    const since = clock.now() - downSince
    downSince = null
    hung = false
    cancelLost?.()
    engine.onUp(since)
  }

  const probeOnce = async (): Promise<boolean> => {
    let { reason, late } = await within(clock, config.timeoutMs, '/health', engine.probe)
    if (reason === null && hung)
      ({ reason, late } = await within(clock, config.canaryMs, 'a small call', engine.canary))
    if (closed) return false
    if (reason === null) {
      up()
      return true
    }
    failures += 1
    // No answer in time may be an engine that is very busy; an answer that says no is believed at once.
    if (!late || failures >= config.failures) down(reason)
    return false
  }

  const look = (): Promise<boolean> => {
    looking ??= probeOnce().finally(() => {
      looking = null
      if (cancelNext === null) schedule()
    })
    return looking
  }

  const schedule = (): void => {
    cancelNext?.()
    cancelNext = null
    if (closed || (downSince === null && !engine.busy())) return
    probes += 1
    const wait = downSince === null ? config.everyMs : backOff(probes, engine.random, 1_000, config.longestProbeMs)
    cancelNext = clock.after(wait, () => {
      cancelNext = null
      void look()
    })
  }

  return {
    downSince: () => downSince,
    unreachable: down,
    hangs: (reason) => {
      hung = true
      down(reason)
      engine.onLost()
    },
    look,
    watch: () => {
      if (cancelNext === null && downSince === null && looking === null) schedule()
    },
    close: () => {
      closed = true
      cancelNext?.()
      cancelLost?.()
    },
  }
}

/** What a probe says, or that it took longer than it may. */
async function within(
  clock: Clock,
  milliseconds: number,
  name: string,
  probe: (signal: AbortSignal) => Promise<string | null>,
): Promise<{ reason: string | null; late: boolean }> {
  const deadline = new AbortController()
  const cancel = clock.after(milliseconds, () => {
    deadline.abort()
  })
  try {
    return { reason: await probe(deadline.signal), late: false }
  } catch (error) {
    const late = deadline.signal.aborted
    return { reason: late ? `${name} did not answer within ${milliseconds} ms` : String(error), late }
  } finally {
    cancel()
  }
}
