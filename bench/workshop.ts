// What the benches of whole runs share: a Kafka (that of KAFKA_BROKERS, or one of its own), `magpie` and simulators as
// processes of their own, what a simulator counted, and problems to ask about. close() ends and removes all of it.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { FrontStats } from '../local/engine/front-stats.ts'
import { createInventor } from '../local/engine/invented.ts'
import { startKafka } from '../local/kafka.ts'
import { silentLogger } from '../schemas/logger.ts'

export const home = join(import.meta.dirname, '..')

export interface Simulator {
  readonly url: string
  readonly port: number
  readonly process: ChildProcess
  /** What was counted since the last reset. */
  stats(): Promise<FrontStats>
  reset(): Promise<void>
  /** POST to a route of /simulator. */
  control(route: string, body: object): Promise<void>
}

export interface BenchWorkshop {
  readonly folder: string
  readonly brokers: string
  /** null where the Kafka is somebody else's. */
  readonly kafkaPid: number | null
  /** Starts `magpie` with these words, in the folder. */
  magpie(
    argv: readonly string[],
    environment?: Record<string, string>,
  ): { child: ChildProcess; exit: Promise<unknown[]> }
  simulator(argv: readonly string[]): Promise<Simulator>
  close(): Promise<void>
}

/** Opens it; without Kafka for benches of the model layer alone. */
export async function openBenchWorkshop({ withKafka = true } = {}): Promise<BenchWorkshop> {
  const folder = await mkdtemp(join(tmpdir(), 'magpie-bench-'))
  const given = process.env['KAFKA_BROKERS']
  const kafka =
    withKafka && given === undefined
      ? await startKafka({ stateDir: folder, log: silentLogger, heapMegabytes: 1024 })
      : null
  const brokers = kafka?.brokers ?? given ?? ''
  const ends: (() => Promise<unknown>)[] = []
  const magpie: BenchWorkshop['magpie'] = (argv, environment = {}) => {
    const child = spawn(process.execPath, [join(home, 'cli', 'main.ts'), ...argv], {
      cwd: folder,
      env: { UV_THREADPOOL_SIZE: '8', ...process.env, KAFKA_BROKERS: brokers, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exit = once(child, 'exit')
    ends.push(async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await exit
    })
    return { child, exit }
  }
  return {
    ...{ folder, brokers, magpie, kafkaPid: kafka?.pid ?? null },
    simulator: async (argv) => {
      const { child } = magpie(['simulate', '--port', '0', ...argv])
      const said = String((await once(child.stdout!, 'data'))[0])
      const url = /http:\/\/[^\s]+:\d+/.exec(said)![0]
      child.stdout!.resume()
      const post = async (route: string, body: object): Promise<void> => {
        const headers = { 'content-type': 'application/json' }
        const reply = await fetch(`${url}/simulator/${route}`, { method: 'POST', headers, body: JSON.stringify(body) })
        if (!reply.ok) throw new Error(`POST /simulator/${route}: ${reply.status} ${await reply.text()}`)
      }
      return {
        ...{ url, port: Number(new URL(url).port), process: child },
        stats: async () => (await (await fetch(`${url}/simulator/stats`)).json()) as FrontStats,
        reset: () => post('stats', {}),
        control: post,
      }
    },
    close: async () => {
      for (const end of ends.reverse()) await end()
      await kafka?.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** CPU seconds, user and system, that a process of this machine has used; null when it is gone. Linux only. */
export async function cpuSecondsOf(pid: number): Promise<number | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  if (stat === null) return null
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Looks at a child's CPU seconds until it has ended; resolves with the last that was seen. */
export async function cpuUntilExit(child: ChildProcess): Promise<number> {
  let last = 0
  while (child.exitCode === null && child.signalCode === null) {
    last = (await cpuSecondsOf(child.pid!)) ?? last
    await wait(100)
  }
  return last
}

/** So many different problems, as lines of a file for `magpie import`. */
export function problemLines(count: number): string {
  const inventor = createInventor()
  return Array.from(
    { length: count },
    (_, seed) => `${JSON.stringify({ problem: inventor.problem(seed, '') })}\n`,
  ).join('')
}
