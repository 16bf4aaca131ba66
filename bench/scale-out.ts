// Scale-out on one Kafka: one run, whose answers are written by 1, then 2, then 4 worker processes; each worker joins
// while the run goes on. The simulator is slow (1 s a sequence) and has more slots than all of them ask for; each
// process may have 16 calls in flight (limit: 16), so the model servers that a process may use are what it brings, and
// not this machine's cores.
//   npm run bench:scale-out
// Printed: answers a second with each number of workers beside 1 : 2 : 4, the seconds that new workers took from
// their start to their full share, and the CPU of the processes. Exit code 1 below nine tenths of the ratio.

import type { ChildProcess } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { cpuSecondsOf, openBenchWorkshop, problemLines } from './workshop.ts'

const LIMIT = 16
const WORKERS = [1, 2, 4] as const
const WINDOW_MS = 20_000
const PROBLEMS = 6000
const PATIENCE_MS = 90_000

const workshop = await openBenchWorkshop()
try {
  const file = join(workshop.folder, 'problems.jsonl')
  await writeFile(file, problemLines(PROBLEMS))
  const simulator = await workshop.simulator(['--slots', '256', '--latency-ms', '1000', '--sigma', '0'])
  const config = join(workshop.folder, 'scale-out.yaml')
  const role = `{ endpoints: [{ url: '${simulator.url}', limit: ${LIMIT} }], model: m, sampling: { temperature: 0.2, maxTokens: 4096 } }`
  const stages =
    '{ screen: { duplicates: { enabled: false } }, sample: { enabled: false }, reward: { enabled: false } }'
  await writeFile(
    config,
    `name: scale-out\nroles: { answerer: ${role} }\nstages: ${stages}\nproducer: { maxWaiting: ${PROBLEMS} }\n`,
  )

  const others = ['produce', 'screen', 'verify', 'curate', 'clickhouse', 'json'].join(',')
  const start = (words: readonly string[]): ChildProcess => {
    const { child } = workshop.magpie([...words, '-c', config, '--run', 'scale-out'])
    child.stdout?.resume()
    return child
  }
  const children = [start(['import', file, '--stages', others])]
  /** Sequences in flight at the simulator, which is what all workers together have. */
  const inFlight = async (): Promise<number> => (await simulator.stats()).running
  const cpuOf = async (): Promise<number> => {
    const seconds = await Promise.all(children.map(({ pid }) => cpuSecondsOf(pid!)))
    return seconds.reduce<number>((sum, each) => sum + (each ?? 0), 0)
  }

  const rows: { workers: number; perSecond: number; joined: number; cpu: number }[] = []
  for (const workers of WORKERS) {
    const began = performance.now()
    while (children.length - 1 < workers) children.push(start(['run', '--stages', 'answer']))
    while ((await inFlight()) < workers * LIMIT) {
      if (performance.now() - began > PATIENCE_MS)
        throw new Error(`${workers} workers have not got their share in time`)
      await wait(100)
    }
    const joined = (performance.now() - began) / 1000
    // The rebalance that a new member brings is over when commits have come again.
    await wait(2000)
    const [before, cpuBefore, since] = [(await simulator.stats()).total.answered, await cpuOf(), performance.now()]
    await wait(WINDOW_MS)
    const seconds = (performance.now() - since) / 1000
    const perSecond = ((await simulator.stats()).total.answered - before) / seconds
    rows.push({ workers, perSecond, joined, cpu: ((await cpuOf()) - cpuBefore) / seconds })
  }

  const one = rows[0]!.perSecond
  process.stdout.write('| workers | answers a second | ratio | full share after | CPU of all processes |\n')
  process.stdout.write('|---:|---:|---:|---:|---:|\n')
  for (const { workers, perSecond, joined, cpu } of rows)
    process.stdout.write(
      `| ${workers} | ${perSecond.toFixed(1)} | ${(perSecond / one).toFixed(2)} | ${joined.toFixed(1)} s | ${cpu.toFixed(2)} cores |\n`,
    )
  if (rows.some(({ workers, perSecond }) => perSecond / one < 0.9 * workers)) process.exitCode = 1
} finally {
  await workshop.close()
}
