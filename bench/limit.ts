// How the limit of an engine finds out a number of slots that nobody told it: simulators of 32, 100 and 400 slots in
// processes of their own (log-normal times, median 500 ms, sigma 0.8), more calls than they can take for a while.
//   npm run bench:limit                 60 s, where only the rate of answers tells 300 s
//   npm run bench:limit -- 120          so many seconds for each
// Three ways: /metrics is there; it is not, and only the rate of answers tells; a gateway hides everything and answers
// 429 with Retry-After above the number of slots. Printed: the limit over time, its median in the second half, the
// share of that half within 15 % of the slots, and the share of the slots in use there. Exit code 1 when a median is
// off by more than 15 %.

import { setTimeout as wait } from 'node:timers/promises'
import { roleConfig } from '../llm/config.ts'
import { createLlm } from '../llm/llm.ts'
import { silentLogger } from '../schemas/logger.ts'
import { type BenchWorkshop, openBenchWorkshop } from './workshop.ts'

const SLOTS = [32, 100, 400]
const WITHIN = 0.15
const LOOK_MS = 250
/** Shares of the time at which the limit is printed. */
const SHOWN = [0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1]

const WAYS: readonly { name: string; seconds: number; options: (slots: number) => string[] }[] = [
  { name: 'with /metrics', seconds: 60, options: () => [] },
  // Two rates that differ by little are told apart by hundreds of answers for each slot.
  { name: 'without /metrics', seconds: 300, options: () => ['--no-metrics'] },
  {
    name: 'gateway with 429',
    seconds: 60,
    options: (slots) => ['--gateway', '--gateway-limit', `${slots}`, '--retry-after', '1'],
  },
]

interface Found {
  readonly text: string
  readonly isNear: boolean
}

/** Keeps one engine under more calls than it can take for so long. */
async function find(workshop: BenchWorkshop, way: (typeof WAYS)[number], slots: number, seconds: number) {
  const simulator = await workshop.simulator([
    ...['--slots', `${slots}`, '--latency-ms', '500', '--sigma', '0.8'],
    ...way.options(slots),
  ])
  const llm = createLlm({
    roles: { sampler: roleConfig.parse({ endpoints: [{ url: simulator.url }], model: 'm' }) },
    rewarders: {},
    log: silentLogger,
  })
  const stop = new AbortController()
  let seed = 0
  const worker = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      seed += 1
      const input = { messages: [{ role: 'user' as const, content: `Problem ${seed}: what is ${seed} + 1?` }] }
      await llm.complete({ input, seed }, { role: 'sampler', signal: stop.signal, rank: 1 }).catch((error: unknown) => {
        if (!stop.signal.aborted) throw error
      })
    }
  }
  await simulator.reset()
  const work = Promise.all(Array.from({ length: 3 * slots }, worker))
  const limits: number[] = []
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) {
    limits.push(llm.state().endpoints[0]!.limit)
    await wait(LOOK_MS)
  }
  const { busyPerSecond, total } = await simulator.stats()
  const reason = llm.state().endpoints[0]!.limitChange.reason
  stop.abort()
  await work
  await llm.close()
  simulator.process.kill('SIGTERM')

  const half = limits.slice(limits.length / 2)
  const median = half.toSorted((a, b) => a - b)[Math.floor(half.length / 2)]!
  const isIn = (limit: number): boolean => Math.abs(limit - slots) <= WITHIN * slots
  const near = half.filter(isIn).length / half.length
  const busySeconds = busyPerSecond.slice(busyPerSecond.length / 2)
  const busy = busySeconds.reduce((sum, value) => sum + value, 0) / busySeconds.length / slots
  const course = SHOWN.map((share) => {
    const at = Math.min(limits.length - 1, Math.floor(share * limits.length))
    return `${(share * seconds).toFixed(0)} s ${limits[at]}`
  })
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`
  const text = [
    `${way.name}, ${slots} slots: median ${median} (${percent(median / slots)}), within 15 % for ${percent(near)} of the time, slots in use ${percent(busy)}`,
    `  ${course.join(', ')}; ${total.answered} answers, ${total.refused} refused; last change: ${reason}`,
  ].join('\n')
  return { text, isNear: isIn(median) } satisfies Found
}

const given = process.argv[2] === undefined ? null : Number(process.argv[2])
if (given !== null && !(given >= 10)) throw new Error('give a number of seconds of at least 10')
const workshop = await openBenchWorkshop({ withKafka: false })
try {
  for (const way of WAYS) {
    const found = await Promise.all(SLOTS.map((slots) => find(workshop, way, slots, given ?? way.seconds)))
    for (const { text, isNear } of found) {
      process.stdout.write(`${text}\n`)
      if (!isNear) process.exitCode = 1
    }
  }
} finally {
  await workshop.close()
}
