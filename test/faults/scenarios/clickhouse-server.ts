// A ClickHouse server that refuses, hangs, says what an overloaded one says, writes without saying so, and is killed in
// the middle of an insert: the run says that it waits, and goes on within seconds each time.

import { join } from 'node:path'
import { until } from '../../support/stream.ts'
import type { Running } from '../../support/end-to-end.ts'
import type { Ground } from '../ground.ts'
import type { Scenario } from '../scenario.ts'

const TOTAL = 480
/** Calls that are answered between two faults. */
const STRIDE = 40
/** What the server says to inserts for a while, one after another. */
const SAID = ['error', 'too-many-parts', 'memory', 'read-only', 'rights', 'login'] as const

interface Server {
  readonly url: string
  running(): Running
  /** The next requests meet this; -1: all of them. Returns how many inserts it has taken. */
  fault(kind: string, requests: number): Promise<number>
  startAgain(): Promise<void>
}

async function startClickhouse({ workshop }: Ground): Promise<Server> {
  const serve = async (port: number): Promise<{ running: Running; url: string }> => {
    const file = join(import.meta.dirname, '..', 'clickhouse-server.ts')
    const running = workshop.start(process.execPath, [file, join(workshop.folder, 'server'), `${port}`])
    return { running, url: (await running.says(/ready at (http:\S+)/))[1]! }
  }
  let { running, url } = await serve(0)
  return {
    url,
    running: () => running,
    async fault(kind, requests) {
      const reply = await fetch(new URL('/fault', url), { method: 'POST', body: JSON.stringify({ kind, requests }) })
      return ((await reply.json()) as { inserts: number }).inserts
    },
    async startAgain() {
      await running.ended
      ;({ running, url } = await serve(Number(new URL(url).port)))
    },
  }
}

export const clickhouseServer: Scenario = {
  fault: 'a ClickHouse server refuses, hangs, is full, is mute, is killed in an insert',
  form: 'long',
  broker: 'shared',
  mayRepeat: false,
  async play(ground) {
    const runId = ground.name('clickhouse-server')
    const simulator = await ground.simulator({ slots: 8, latencyMs: 100 })
    const server = await startClickhouse(ground)
    const environment = { CLICKHOUSE_URL: server.url }
    // A server that is not there yet is waited for.
    server.running().signal('SIGKILL')
    await server.running().ended
    const worker = ground.run({ runId, total: TOTAL, simulator, environment })
    const says = async (pattern: RegExp, from: number): Promise<void> => {
      await until(
        () => pattern.test(worker.said().slice(from)),
        () => `not said: ${String(pattern)}\n${worker.said()}`,
        180,
      )
    }
    const around = async (begin: () => Promise<unknown>, end: () => Promise<unknown>): Promise<void> => {
      await ground.answered(simulator.paid().answered + STRIDE, worker)
      const from = worker.said().length
      await begin()
      await says(/Waiting for ClickHouse/, from)
      await ground.strikes.note()
      await end()
      await ground.strikes.over()
      await says(/ClickHouse is back/, from)
    }
    await says(/Waiting for ClickHouse/, 0)
    await server.startAgain()
    await says(/ClickHouse is back/, 0)
    const nothing = (): Promise<void> => Promise.resolve()
    for (const kind of SAID) {
      await around(
        () => server.fault(kind, -1),
        () => server.fault('', 0),
      )
    }
    await around(() => server.fault('mute', 2), nothing)
    await around(
      () => server.fault('torn', 1),
      () => server.startAgain(),
    )
    // Accepts, and never answers: until it is ended.
    await ground.answered(simulator.paid().answered + STRIDE, worker)
    await server.fault('hang', -1)
    await ground.answered(simulator.paid().answered + STRIDE, worker)
    await ground.strikes.note()
    server.running().signal('SIGKILL')
    await server.startAgain()
    await ground.strikes.over()
    await ground.ended(worker)
    return { runId, total: TOTAL, environment }
  },
}
