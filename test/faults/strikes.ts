// What is known of the moments at which a fault struck: how many model calls were in flight, how many had just been
// answered, how long it took until the next answer came. Promise: moments are chosen by counts, never by the clock.

import { setTimeout as wait } from 'node:timers/promises'
import type { FrontStats } from '../../local/engine/front-stats.ts'
import type { Running } from '../support/end-to-end.ts'
import type { Row } from './scenario.ts'
import type { Simulator } from './simulator.ts'

export interface Strikes {
  /** Notes a fault that strikes now: what is in flight may be paid again. Call it while the victims stand still. */
  note(): Promise<void>
  /** The fault is over: from here on it is measured how long the next answer takes that was not on its way already. */
  over(): Promise<void>
  /**
   * Kills these processes at the same moment, simulators and processes by number among them: those that call are
   * stopped first, so that what is noted is what they leave.
   */
  kill(victims: readonly Running[], pids?: readonly number[]): Promise<void>
  read(): Pick<Row, 'times' | 'inFlight' | 'lately' | 'recovery'>
  /** Ends the watching. */
  close(): void
}

/** Between two looks at the answers, milliseconds. */
const LOOK_MS = 25

/** simulators: those of the scenario at that moment. */
export function createStrikes(simulators: () => readonly Simulator[]): Strikes {
  let times = 0
  let inFlight = 0
  let lately = 0
  let recovery: number | null = null
  const closed = new AbortController()
  const answered = (): number => simulators().reduce((sum, simulator) => sum + simulator.paid().answered, 0)

  const stats = (): Promise<FrontStats[]> => Promise.all(simulators().map((simulator) => simulator.stats()))
  const inFlightNow = async (): Promise<number> => (await stats()).reduce((sum, each) => sum + each.inFlight, 0)

  async function watch(onTheWay: number): Promise<void> {
    const since = performance.now()
    const before = answered() + onTheWay
    while (answered() <= before) {
      await wait(LOOK_MS, undefined, { ref: false })
      if (closed.signal.aborted) return
    }
    recovery = Math.max(recovery ?? 0, (performance.now() - since) / 1000)
  }

  async function note(): Promise<void> {
    times += 1
    for (const each of await stats()) {
      inFlight += each.inFlight
      lately += each.answeredLately
    }
  }

  return {
    note,
    async over() {
      void watch(await inFlightNow())
    },
    async kill(victims, pids = []) {
      const serving = simulators().map((simulator) => simulator.process())
      for (const victim of victims) if (!serving.includes(victim)) victim.signal('SIGSTOP')
      await note()
      for (const pid of pids) process.kill(pid, 'SIGKILL')
      for (const victim of victims) victim.signal('SIGKILL')
      await Promise.all(victims.map(({ ended }) => ended))
      void watch(0)
    },
    read: () => ({ times, inFlight, lately, recovery }),
    close: () => {
      closed.abort()
    },
  }
}
