// How busy a run keeps its engine: a simulator of 256 slots in a process of its own (log-normal times, median 500 ms,
// sigma 0.8), 5,000 answers, Kafka and sinks included; beside it, in the same run, a bare loop over the openai client
// with Node's own fetch, without Kafka, sinks or records, with as many calls in flight as the run's limit found.
//   npm run bench:saturation            5,000 answers
//   npm run bench:saturation -- 2000
// Busy: slot-seconds in use / (slots × wall), from the first to the last whole second in which all slots were in use
// at some time (before and after it is filling and emptying, which every client has). Exit code 1 below 0.95, or below
// 0.98 of the bare loop.

import { type ChildProcess, fork } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import OpenAI from 'openai'
import { cpuSecondsOf, cpuUntilExit, openBenchWorkshop, problemLines, type Simulator } from './workshop.ts'

const SLOTS = 256
/** What the bare loop has in flight: the slots and a tenth. */
const IN_FLIGHT = 282
const PROMPT = '\n\nPlease reason step by step, and put your final answer within \\boxed{}.'

interface Result {
  readonly name: string
  readonly busy: number
  readonly whole: number
  readonly seconds: number
  /** CPU milliseconds of an answer: the client's process, and the simulator's. */
  readonly clientCpu: number
  readonly simulatorCpu: number
}

/** Share of the slots' time in use over the full seconds, and over all seconds. */
async function resultOf(name: string, simulator: Simulator): Promise<Omit<Result, 'clientCpu' | 'simulatorCpu'>> {
  const { busyPerSecond } = await simulator.stats()
  const used = busyPerSecond.map((seconds) => seconds / SLOTS)
  const first = used.findIndex((share) => share > 0.9)
  const last = first === -1 ? -2 : used.findLastIndex((share) => share > 0.9)
  // Without a full second there is none to judge by: the worst result.
  const mean = (values: readonly number[]): number =>
    values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
  const begun = used.findIndex((share) => share > 0)
  const ended = used.findLastIndex((share) => share > 0)
  const series = used.slice(begun, ended + 1).map((share) => Math.round(100 * share))
  process.stdout.write(`${name}: % busy by second ${series.join(' ')}\n`)
  return {
    name,
    busy: mean(used.slice(Math.max(0, first), last + 1)),
    whole: mean(used.slice(begun, ended + 1)),
    seconds: ended - begun + 1,
  }
}

/** The bare loop, in a process of its own. */
async function bareLoop(url: string, file: string): Promise<void> {
  const problems = (await readFile(file, 'utf8')).trim().split('\n')
  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'k', maxRetries: 0 })
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < problems.length) {
      const seed = next
      next += 1
      const { problem } = JSON.parse(problems[seed]!) as { problem: string }
      const messages = [{ role: 'user' as const, content: problem + PROMPT }]
      const body = { model: 'm', messages, seed, temperature: 0.2, max_tokens: 4096 }
      await openai.post('/chat/completions', { body })
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
}

async function measure(answers: number): Promise<void> {
  const workshop = await openBenchWorkshop()
  try {
    const file = join(workshop.folder, 'problems.jsonl')
    await writeFile(file, problemLines(answers))
    const simulator = await workshop.simulator([...['--slots', `${SLOTS}`, '--latency-ms', '500', '--sigma', '0.8']])
    const config = join(workshop.folder, 'saturation.yaml')
    const role = `{ endpoints: [{ url: '${simulator.url}' }], model: m, sampling: { temperature: 0.2, maxTokens: 4096 } }`
    const stages =
      '{ screen: { duplicates: { enabled: false } }, sample: { enabled: false }, reward: { enabled: false } }'
    await writeFile(config, `name: saturation\nroles: { answerer: ${role} }\nstages: ${stages}\n`)

    const results: Result[] = []
    for (const round of [1, 2]) {
      const measured = async (name: string, start: () => ChildProcess): Promise<void> => {
        await simulator.reset()
        const before = (await cpuSecondsOf(simulator.process.pid!)) ?? 0
        const client = start()
        client.stdout?.resume()
        const clientSeconds = await cpuUntilExit(client)
        if (client.exitCode !== 0) throw new Error(`${name} ended with ${String(client.exitCode)}`)
        const simulatorSeconds = ((await cpuSecondsOf(simulator.process.pid!)) ?? 0) - before
        const [clientCpu, simulatorCpu] = [clientSeconds, simulatorSeconds].map((seconds) => (1000 * seconds) / answers)
        results.push({ ...(await resultOf(name, simulator)), clientCpu: clientCpu!, simulatorCpu: simulatorCpu! })
      }
      await measured(`bare loop ${round}`, () => fork(fileURLToPath(import.meta.url), ['bare', simulator.url, file]))
      const words = ['import', file, '-c', config, '--run', `saturation-${round}`]
      await measured(`magpie ${round}`, () => workshop.magpie(words).child)
    }
    process.stdout.write(`${SLOTS} slots, ${answers} answers\n`)
    for (const { name, busy, whole, seconds, clientCpu, simulatorCpu } of results) {
      const wholeShare = `${(100 * whole).toFixed(1)} % from first to last answer (${seconds} s)`
      const cpu = `CPU ms an answer: client ${clientCpu.toFixed(2)}, simulator ${simulatorCpu.toFixed(2)}`
      process.stdout.write(
        `${name.padEnd(12)} ${(100 * busy).toFixed(1)} % busy in full seconds, ${wholeShare}; ${cpu}\n`,
      )
    }
    const best = (prefix: string): number =>
      Math.max(...results.filter(({ name }) => name.startsWith(prefix)).map(({ busy }) => busy))
    const [bare, ours] = [best('bare'), best('magpie')]
    process.stdout.write(`magpie / bare loop: ${(ours / bare).toFixed(3)}\n`)
    if (ours < 0.95 || ours < 0.98 * bare) process.exitCode = 1
  } finally {
    await workshop.close()
  }
}

if (process.argv[2] === 'bare') await bareLoop(process.argv[3]!, process.argv[4]!)
else await measure(Number(process.argv[2] ?? 5_000))
