// Looks at one engine's /metrics while work is in flight there. Promises: one look at a time; a server without that
// page, or whose page says nothing of its queue, is asked again only now and then; a look that fails harms nobody.

import type { Clock } from './clock.ts'
import { type EngineLoad, readLoad } from './load.ts'

export interface LoadWatch {
  /** Work is in flight: begin to look, or go on. */
  watch(): void
  close(): void
}

const EVERY_MS = 1_000
/** While the limit ramps up. */
const RAMP_MS = 200
/** A server that told nothing is asked again after this. */
const BLIND_MS = 60_000
const TIMEOUT_MS = 5_000

/** page: the text of /metrics, null without one; rejects when it cannot be had. */
export function watchLoad(engine: {
  page: (signal: AbortSignal) => Promise<string | null>
  busy: () => boolean
  isRamping: () => boolean
  onLoad: (load: EngineLoad) => void
  /** The page is not there, or says nothing of a queue. */
  onNothing: () => void
  clock: Clock
}): LoadWatch {
  const { clock } = engine
  let cancelNext: (() => void) | null = null
  let looking: AbortController | null = null
  let closed = false

  const schedule = (milliseconds: number): void => {
    if (closed || looking !== null || cancelNext !== null || !engine.busy()) return
    cancelNext = clock.after(milliseconds, () => {
      cancelNext = null
      void look()
    })
  }

  const look = async (): Promise<void> => {
    const stop = new AbortController()
    looking = stop
    const cancel = clock.after(TIMEOUT_MS, () => {
      stop.abort(new Error('no page in time'))
    })
    let wait = EVERY_MS
    try {
      const page = await engine.page(stop.signal)
      const load = page === null ? null : readLoad(page)
      if (load === null) {
        wait = BLIND_MS
        engine.onNothing()
      } else if (!closed) engine.onLoad(load)
      if (load !== null && engine.isRamping()) wait = RAMP_MS
    } catch {
      // Whether it lives is for its health to say; the limit stays as it is until a page comes.
    } finally {
      cancel()
      looking = null
    }
    schedule(wait)
  }

  return {
    watch: () => {
      schedule(RAMP_MS)
    },
    close: () => {
      closed = true
      cancelNext?.()
      looking?.abort(new Error('closed'))
    },
  }
}
