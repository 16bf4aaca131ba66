// What a scenario works with: a folder, a broker, simulators and `magpie run` as processes, and the strikes.
// Promise: all that was started is ended by close().

import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { findKafka } from '../../local/kafka.ts'
import type { Running, Workshop } from '../support/end-to-end.ts'
import { openWorkshop, runName, simulatedConfig } from '../support/end-to-end.ts'
import { startOwnKafka } from '../support/kafka.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from './simulator.ts'
import { createStrikes, type Strikes } from './strikes.ts'

export interface RunOptions {
  readonly runId: string
  readonly total: number
  readonly simulator: Simulator
  /** Samples of each problem; 8 unless said. */
  readonly samples?: number
  /** Parts that this process has (`--stages`); all unless said. */
  readonly parts?: readonly string[]
  /** Sequences in flight at an endpoint for each role; found out by the run unless said. */
  readonly limit?: number
  /** Folder of the data files, relative to the workshop's; OUT unless said. */
  readonly out?: string
  readonly more?: readonly string[]
  readonly environment?: NodeJS.ProcessEnv
}

export interface Ground {
  readonly workshop: Workshop
  /** State folder of the runs: ClickHouse, and the broker where it is the scenario's own. */
  readonly stateDir: string
  readonly strikes: Strikes
  /** A name for a run that no other has. */
  name(purpose: string): string
  simulator(options?: SimulatorOptions): Promise<Simulator>
  simulators(): readonly Simulator[]
  /** Starts `magpie run`. */
  run(options: RunOptions): Running
  /** Process of the scenario's own broker. */
  brokerPid(): Promise<number>
  /** Resolves when all simulators together have answered so many calls. Fails where the run ends before. */
  answered(count: number, by?: Running): Promise<void>
  /** Waits for the end of a process and throws unless it ended with this code. */
  ended(running: Running, code?: number): Promise<void>
  /** What is to be done before the folder goes; processes may still run. */
  onClose(work: () => void): void
  close(): Promise<void>
}

/** Where data files are put. */
export const OUT = 'out'
/** No wait of a scenario is longer on any machine, milliseconds. */
const PATIENCE_MS = 300_000
const LOOK_MS = 10

export async function openGround(broker: 'shared' | 'own'): Promise<Ground> {
  const own = broker === 'own' ? await startOwnKafka() : null
  const workshop = await openWorkshop(own ?? undefined)
  const simulators: Simulator[] = []
  const closers: (() => void)[] = []
  const strikes = createStrikes(() => simulators)
  return {
    workshop,
    stateDir: own?.stateDir ?? join(workshop.folder, '.magpie'),
    strikes,
    name: (purpose) => runName(`faults-${purpose}`),
    async simulator(options) {
      const simulator = await startSimulator(workshop, `answered-${simulators.length}`, options)
      simulators.push(simulator)
      return simulator
    },
    simulators: () => simulators,
    run: (options) => {
      const words = wordsOf(options)
      const { environment = {} } = options
      // With a broker of its own a run is as a user has it: the local Kafka of a state folder, no KAFKA_BROKERS.
      if (own === null) return workshop.magpie(words, environment)
      return workshop.magpie([...words, '--state', own.stateDir], { KAFKA_BROKERS: undefined, ...environment })
    },
    async brokerPid() {
      const found = own === null ? null : await findKafka(own.stateDir)
      if (found === null) throw new Error('there is no broker of its own')
      return found.pid
    },
    async answered(count, by) {
      const end = performance.now() + PATIENCE_MS
      const over = { ended: false }
      void by?.ended.then(() => (over.ended = true))
      while (simulators.reduce((sum, simulator) => sum + simulator.paid().answered, 0) < count) {
        if (over.ended || performance.now() > end)
          throw new Error(`${over.ended ? 'the run ended' : 'too long'} before ${count} answered calls:\n${by?.said()}`)
        await wait(LOOK_MS)
      }
    },
    async ended(running, code = 0) {
      const late = new AbortController()
      const end = await Promise.race([running.ended, wait(PATIENCE_MS, null, { signal: late.signal })])
      late.abort()
      if (end === null) throw new Error(`it did not end:\n${running.said().slice(-3000)}`)
      if (end.code !== code) throw new Error(`it ended with ${end.code ?? end.signal}, not ${code}:\n${running.said()}`)
    },
    onClose(work) {
      closers.push(work)
    },
    async close() {
      strikes.close()
      for (const work of closers) work()
      await workshop.close()
    },
  }
}

function wordsOf({ runId, total, simulator, samples = 8, parts, limit, out = OUT, more = [] }: RunOptions): string[] {
  const endpoints = `endpoints=[{url: "${simulator.url}"${limit === undefined ? '' : `, limit: ${limit}`}}]`
  return [
    ...['run', '-c', simulatedConfig, '--run', runId, '--total', `${total}`, '--out', out],
    ...['questioner', 'answerer', 'sampler'].flatMap((role) => ['--set', `roles.${role}.${endpoints}`]),
    ...['--set', `stages.reward.rewards[0].${endpoints}`, '--set', `stages.sample.n=${samples}`],
    ...(parts === undefined ? [] : ['--stages', parts.join(',')]),
    ...more,
  ]
}
