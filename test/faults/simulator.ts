// The stand-in for the model servers as a process of its own, that can be killed and started again on its port: it
// varies what it is asked again, and a file keeps what it had answered.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FrontStats } from '../../local/engine/front-stats.ts'
import type { Running, Workshop } from '../support/end-to-end.ts'

export interface SimulatorOptions {
  readonly slots?: number
  /** Time of a sequence, milliseconds. */
  readonly latencyMs?: number
  /** Spread of the log-normal time; 0: all alike. */
  readonly sigma?: number
  /** More words for `magpie simulate`. */
  readonly more?: readonly string[]
}

export interface Simulator {
  readonly url: string
  readonly port: number
  /** The process that serves now. */
  process(): Running
  /** What the process that serves now has counted. */
  stats(): Promise<FrontStats>
  /** Calls answered, and of these those that had been answered before, by all processes. */
  paid(): { readonly answered: number; readonly repeated: number }
  /** Starts a new process on the port, after the last one has ended. */
  startAgain(): Promise<void>
  /** POST to a route of /simulator: die, hang. */
  control(route: string, body: object): Promise<void>
}

/** Starts it; its answers are kept in `folder`/NAME. */
export async function startSimulator(
  workshop: Workshop,
  name: string,
  { slots = 16, latencyMs = 100, sigma = 0.5, more = [] }: SimulatorOptions = {},
): Promise<Simulator> {
  const file = join(workshop.folder, name)
  const serve = async (port: number): Promise<{ running: Running; url: string }> => {
    const running = workshop.magpie([
      ...['simulate', '--port', `${port}`, '--vary', '--remember', file],
      ...['--slots', `${slots}`, '--latency-ms', `${latencyMs}`, '--sigma', `${sigma}`, ...more],
    ])
    return { running, url: (await running.says(/ready at (http:\S+)/))[1]! }
  }
  let { running, url } = await serve(0)
  const port = Number(new URL(url).port)
  return {
    ...{ url, port },
    process: () => running,
    stats: async () => (await (await fetch(`${url}/simulator/stats`)).json()) as FrontStats,
    paid() {
      const lines = existsSync(file) ? readFileSync(file, 'latin1').split('\n').slice(0, -1) : []
      return { answered: lines.length, repeated: lines.length - new Set(lines).size }
    },
    async startAgain() {
      await running.ended
      ;({ running, url } = await serve(port))
    },
    async control(route, body) {
      const headers = { 'content-type': 'application/json' }
      const reply = await fetch(`${url}/simulator/${route}`, { method: 'POST', headers, body: JSON.stringify(body) })
      if (!reply.ok) throw new Error(`POST /simulator/${route}: ${reply.status} ${await reply.text()}`)
    },
  }
}
