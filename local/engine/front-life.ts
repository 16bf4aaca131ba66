// The life of the server that the front plays: up, dead in one of two manners and back again, loading after each start,
// or wedged. Promises: a death ends all work that was going on; a return is a new start, with the engine's counters at
// zero; what is planned happens by the front's clock.

import type { Socket } from 'node:net'
import type { Logger } from '../../schemas/logger.ts'
import type { Clock } from './clock.ts'
import type { Listener } from './front-listener.ts'
import type { Slots } from './front-slots.ts'
import type { Metrics } from './metrics.ts'

/**
 * How a server goes. `killed`: its connections are reset and its port refuses. `silent`: its port refuses, but its busy
 * connections stay open and nothing comes on them any more, as a vLLM does that gets SIGTERM in the middle of its work.
 */
export type Manner = 'killed' | 'silent'

/** Something that befalls the whole server: a death, or an engine that generates no more while the server answers. */
export interface Outage {
  readonly kind: Manner | 'wedged'
  /** Milliseconds after the start. */
  readonly fromMs: number
  readonly forMs: number
}

export interface Life {
  readonly state: 'loading' | 'up' | 'wedged' | 'dead'
  /** Takes note of a request, which a death will abort; at once when it is dead already. */
  entered(abort: AbortController): void
  /** Forgets a request that has ended. */
  left(abort: AbortController): void
  /** Ends the server; with forMs it comes back. `spared`: the connection that asked for it. Nothing when it is dead. */
  die(manner: Manner, forMs?: number, spared?: Socket | null): void
  /** The engine stops generating; with forMs it goes on after that. Nothing when it is dead. */
  hang(forMs?: number): void
  /** Ends a death or a hanging: the port is open when this resolves. */
  revive(): Promise<void>
  /** Nothing planned happens any more. */
  close(): void
}

export interface LifeOptions {
  readonly listener: Listener
  readonly slots: Slots
  readonly metrics: Metrics
  readonly clock: Clock
  readonly log: Logger
  readonly slowStartMs: number
  readonly outages: readonly Outage[]
}

/** Begins the life of a server whose port has just been opened. */
export function beginLife(options: LifeOptions): Life {
  const { listener, slots, metrics, clock, log, slowStartMs } = options
  const going = new Set<AbortController>()
  const planned = new Set<() => void>()
  /** Forgets the planned end of the death or hanging that goes on. */
  let forgetEnd = (): void => undefined
  let dead = false
  let readyAt = clock.now() + slowStartMs

  const plan = (milliseconds: number, run: () => void): (() => void) => {
    const cancel = clock.after(milliseconds, () => {
      planned.delete(cancel)
      run()
    })
    planned.add(cancel)
    return () => {
      planned.delete(cancel)
      cancel()
    }
  }

  const revive = async (): Promise<void> => {
    forgetEnd()
    slots.unwedge()
    if (!dead) return
    dead = false
    await listener.open()
    metrics.restart()
    readyAt = clock.now() + slowStartMs
    log.warn({ port: listener.port }, 'the server is back')
  }

  const endAfter = (milliseconds: number | undefined): void => {
    forgetEnd()
    if (milliseconds === undefined) return
    forgetEnd = plan(milliseconds, () => {
      revive().catch((error: unknown) => {
        log.error({ error: error instanceof Error ? error.message : error }, 'the server cannot come back')
      })
    })
  }

  const life: Life = {
    get state() {
      if (dead) return 'dead'
      if (clock.now() < readyAt) return 'loading'
      return slots.wedged ? 'wedged' : 'up'
    },
    entered(abort) {
      if (dead) abort.abort(new Error('the server is dead'))
      going.add(abort)
    },
    left(abort) {
      going.delete(abort)
    },
    die(manner, forMs, spared) {
      if (dead) return
      dead = true
      log.warn({ manner, forMs }, 'the server dies')
      if (manner === 'killed') listener.kill(spared)
      else listener.fallSilent()
      for (const abort of going) abort.abort(new Error('the server died'))
      slots.unwedge()
      endAfter(forMs)
    },
    hang(forMs) {
      if (dead) return
      log.warn({ forMs }, 'the engine hangs')
      slots.wedge()
      endAfter(forMs)
    },
    revive,
    close() {
      for (const cancel of planned) cancel()
      planned.clear()
    },
  }
  for (const { kind, fromMs, forMs } of options.outages) {
    plan(fromMs, () => {
      if (kind === 'wedged') life.hang(forMs)
      else life.die(kind, forMs)
    })
  }
  return life
}
