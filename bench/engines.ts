// Four engines of unequal speed, each a process of its own, under more calls than they can take; one of them dies at
// 30 % of the calls and is back at about 60 %: once killed (connections reset), once silent (connections stay open and
// nothing comes on them any more).
//   npm run bench:engines               20,000 calls each
//   npm run bench:engines -- 6000
// Printed: calls without an answer; calls that were asked more than once, beside those in flight at the engine that
// died; slot-seconds in use / slot-seconds of the engines that were alive, between the first and the last full second.
// Exit code 1 when a call is lost, when more are repeated than were in flight, or when less than 0.95 was in use.

import { setTimeout as wait } from 'node:timers/promises'
import { roleConfig } from '../llm/config.ts'
import { createLlm } from '../llm/llm.ts'
import type { FrontStats } from '../local/engine/front-stats.ts'
import type { Manner } from '../local/engine/front-life.ts'
import { silentLogger } from '../schemas/logger.ts'
import { openBenchWorkshop, type Simulator } from './workshop.ts'

const SIGMA = 0.5
const ENGINES = [
  { slots: 16, medianMs: 200 },
  { slots: 32, medianMs: 300 },
  { slots: 64, medianMs: 500 },
  { slots: 128, medianMs: 800 },
]
/** The one that dies. */
const MORTAL = 2
const DIES_AT = 0.3
const BACK_AT = 0.6
const FULL = 0.9
const ENOUGH = 0.95

/** Sequences a second that an engine ends with all slots in use: the mean of a log-normal time is above its median. */
const speedOf = ({ slots, medianMs }: (typeof ENGINES)[number]): number =>
  slots / ((medianMs / 1000) * Math.exp(SIGMA ** 2 / 2))

/** Seconds after the simulators' reset. */
interface Death {
  readonly at: number
  readonly forSeconds: number
  /** In flight there, as the client saw it. */
  readonly inFlight: number
}

interface Result {
  readonly lost: number
  readonly repeated: number
  readonly inFlight: number
  readonly busy: number
  readonly text: string
}

/** Asks so many different calls, with so many at once waiting in llm/ that no slot need be idle. */
async function ask(simulators: readonly Simulator[], calls: number, manner: Manner): Promise<Result> {
  const llm = createLlm({
    roles: { sampler: roleConfig.parse({ endpoints: simulators.map(({ url }) => ({ url })), model: 'm' }) },
    rewarders: {},
    log: silentLogger,
  })
  const signal = new AbortController().signal
  const answered = new Set<number>()
  let [next, backAtCall] = [0, NaN]
  const worker = async (): Promise<void> => {
    while (next < calls) {
      const seed = next
      next += 1
      await llm.complete(
        { input: { messages: [{ role: 'user', content: `Problem ${seed}: what is ${seed} + 1?` }] }, seed },
        { role: 'sampler', signal, rank: 1 },
      )
      answered.add(seed)
    }
  }
  await Promise.all(simulators.map((simulator) => simulator.reset()))
  const since = performance.now()
  const kill = async (): Promise<Death> => {
    while (answered.size < DIES_AT * calls) await wait(5)
    const speedLeft = ENGINES.reduce((sum, engine, index) => (index === MORTAL ? sum : sum + speedOf(engine)), 0)
    const forSeconds = ((BACK_AT - DIES_AT) * calls) / speedLeft
    const mortal = simulators[MORTAL]!
    const { inFlight } = llm.state().endpoints.find((endpoint) => endpoint.url === mortal.url)!
    const at = (performance.now() - since) / 1000
    await mortal.control('die', { manner, forMs: forSeconds * 1000 })
    setTimeout(() => (backAtCall = answered.size), forSeconds * 1000)
    return { at, forSeconds, inFlight }
  }
  const workers = 2 * ENGINES.reduce((sum, { slots }) => sum + slots, 0)
  const [death] = await Promise.all([kill(), ...Array.from({ length: workers }, worker)])
  const seconds = (performance.now() - since) / 1000
  const { retries } = llm.state().usage['sampler']!
  const stats = await Promise.all(simulators.map((simulator) => simulator.stats()))
  await llm.close()
  const { total } = stats[MORTAL]!
  const unanswered = total.calls - total.answered - total.refused
  const asked = stats.reduce((sum, each) => sum + each.total.calls, 0)
  const { busy, window } = busyOf(stats, death)
  const text = [
    `${manner}: ${calls} calls in ${seconds.toFixed(1)} s; the engine of ${ENGINES[MORTAL]!.slots} slots died after ${death.at.toFixed(1)} s and was back ${death.forSeconds.toFixed(1)} s later, at ${((100 * backAtCall) / calls).toFixed(0)} % of the calls`,
    `  lost: ${calls - answered.size}`,
    `  repeated: ${asked - calls}; in flight at the death: ${unanswered} (the client's count shortly before: ${death.inFlight}); tries that failed, refused connections included: ${retries}`,
    `  calls for each engine: ${stats.map((each) => each.total.calls).join(', ')}`,
    `  slots in use of those alive: ${(100 * busy).toFixed(1)} % (${window})`,
  ].join('\n')
  return { lost: calls - answered.size, repeated: asked - calls, inFlight: unanswered, busy, text }
}

/** Share of the slots that were alive, from the first to the last second in which more than FULL of them were used. */
function busyOf(stats: readonly FrontStats[], death: Death): { busy: number; window: string } {
  const length = Math.min(...stats.map(({ busyPerSecond }) => busyPerSecond.length))
  const seconds = Array.from({ length }, (_, second) => {
    const overlap = Math.min(second + 1, death.at + death.forSeconds) - Math.max(second, death.at)
    const dead = Math.max(0, overlap)
    const alive = ENGINES.reduce((sum, { slots }, index) => sum + slots * (index === MORTAL ? 1 - dead : 1), 0)
    return { alive, used: stats.reduce((sum, { busyPerSecond }) => sum + busyPerSecond[second]!, 0) }
  })
  const first = seconds.findIndex(({ alive, used }) => used > FULL * alive)
  const last = seconds.findLastIndex(({ alive, used }) => used > FULL * alive)
  const full = seconds.slice(first, last + 1)
  const sum = (name: 'alive' | 'used'): number => full.reduce((total, second) => total + second[name], 0)
  return { busy: sum('used') / sum('alive'), window: `seconds ${first} to ${last}` }
}

const calls = Number(process.argv[2] ?? 20_000)
if (!Number.isSafeInteger(calls) || calls < 1000) throw new Error('give a number of calls of at least 1000')
const workshop = await openBenchWorkshop({ withKafka: false })
try {
  process.stdout.write(
    `engines: ${ENGINES.map(({ slots, medianMs }) => `${slots} slots of ${medianMs} ms`).join(', ')}\n`,
  )
  for (const manner of ['killed', 'silent'] as const) {
    const simulators = await Promise.all(
      ENGINES.map(({ slots, medianMs }) =>
        workshop.simulator(['--slots', `${slots}`, '--latency-ms', `${medianMs}`, '--sigma', `${SIGMA}`]),
      ),
    )
    const { lost, repeated, inFlight, busy, text } = await ask(simulators, calls, manner)
    process.stdout.write(`${text}\n`)
    for (const { process: simulator } of simulators) simulator.kill('SIGTERM')
    if (lost > 0 || repeated > inFlight || busy < ENOUGH) process.exitCode = 1
  }
} finally {
  await workshop.close()
}
