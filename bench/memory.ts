// Memory of `magpie run` over a long run: the simulator in a process of its own answers at once, and the resident set
// of the run is printed at 25, 50, 75 and 100 % of its problems, with what it was at its highest between.
//   npm run bench:memory            20,000 problems
//   npm run bench:memory -- 2000
// Needs a Kafka: that of KAFKA_BROKERS, or one of its own that is removed afterwards. Linux only (/proc).

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { startKafka } from '../local/kafka.ts'
import { silentLogger } from '../schemas/logger.ts'
import { connectKafka } from '../stream/kafka.ts'
import { topicEnds } from '../stream/positions.ts'

const LOOK_MS = 250
const total = Number(process.argv[2] ?? 20_000)
if (!Number.isSafeInteger(total) || total < 100) throw new Error('give a number of problems of at least 100')

const home = join(import.meta.dirname, '..')
const folder = await mkdtemp(join(tmpdir(), 'magpie-memory-'))
const given = process.env['KAFKA_BROKERS']
const kafka =
  given === undefined ? await startKafka({ stateDir: folder, log: silentLogger, heapMegabytes: 1024 }) : null
const brokers = given ?? kafka!.brokers
const connection = connectKafka({ brokers: brokers.split(','), log: silentLogger })

/** `magpie` with these words, in the folder. */
function magpie(argv: readonly string[], environment: Record<string, string>) {
  const child = spawn(process.execPath, [join(home, 'cli', 'main.ts'), ...argv], {
    cwd: folder,
    env: { ...process.env, KAFKA_BROKERS: brokers, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return { child, exit: once(child, 'exit') }
}

/** Resident set of a process in MB: now, and at its highest so far; null when it is gone. */
async function memoryOf(pid: number): Promise<{ now: number; highest: number } | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => null)
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status ?? '')?.[1]) / 1024
  return status === null || !status.includes('VmRSS') ? null : { now: field('VmRSS'), highest: field('VmHWM') }
}

/** Problems on the log: at most 128 of them have not come to an end. */
async function made(before: number): Promise<number> {
  const ends = await topicEnds(connection, 'problems').catch(() => [])
  return ends.reduce((sum, { low, high }) => sum + high - low, 0) - before
}

const simulator = magpie(['simulate', '--port', '0', '--slots', '256'], {})
try {
  const said = String((await once(simulator.child.stdout, 'data'))[0])
  const port = /:(?<port>\d+)/.exec(said)!.groups!['port']!
  const before = await made(0)
  const since = performance.now()
  const run = magpie(
    [
      ...['run', '-c', join(home, 'configs', 'simulated.yaml')],
      ...['--set', 'producer.maxWaiting=128', '--run', `memory-${Date.now()}`],
      '--total',
      `${total}`,
    ],
    { SIMULATOR_PORT: port },
  )
  run.child.stdout.resume()
  const rows: { done: string; problems: number; rss: number; highest: number; seconds: number }[] = []
  let last = { now: 0, highest: 0 }
  const note = (done: string, problems: number): void => {
    const seconds = (performance.now() - since) / 1000
    rows.push({ done, problems, rss: Math.round(last.now), highest: Math.round(last.highest), seconds })
    process.stdout.write(
      `${done.padStart(5)}  ${String(problems).padStart(6)} problems  RSS ${last.now.toFixed(0)} MB  highest ${last.highest.toFixed(0)} MB  ${seconds.toFixed(0)} s\n`,
    )
  }
  while (run.child.exitCode === null && run.child.signalCode === null) {
    last = (await memoryOf(run.child.pid!)) ?? last
    const problems = await made(before)
    const next = rows.length + 1
    if (next < 4 && problems >= (total * next) / 4) note(`${25 * next} %`, problems)
    await wait(LOOK_MS)
  }
  note('100 %', await made(before))
  const [code] = (await run.exit) as [number | null]
  const growth = rows.at(-1)!.rss / rows[0]!.rss
  process.stdout.write(`exit ${code}; RSS at the end is ${growth.toFixed(2)} times that at 25 %\n`)
  process.exitCode = code === 0 ? 0 : 1
} finally {
  simulator.child.kill('SIGTERM')
  await simulator.exit
  await connection.close()
  await kafka?.stop()
  await rm(folder, { recursive: true, force: true })
}
