// How full a run gets behind a stage that is far too slow: everything that can wait in it, looked at many times a
// second, beside the most that its config lets wait there. Used by bench/back-pressure.ts and its short form in test/.

import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { loadConfig } from '../configs/load.ts'
import type { Config } from '../configs/schema.ts'
import { PART_NAMES, planStages } from '../pipeline.ts'
import type { ActiveRun, RunSnapshot } from '../pipeline/run-contract.ts'
import { startRun } from '../pipeline/run.ts'
import { CPU_IN_FLIGHT } from '../pipeline/start-stages.ts'
import { lagOf, readingParts } from '../pipeline/standing.ts'
import { silentLogger } from '../schemas/logger.ts'
import { connectKafka } from '../stream/kafka.ts'

export interface PressureOptions {
  readonly brokers: string
  readonly folder: string
  /** Where problems and answers are made at once, and where samples are made slowly. */
  readonly fastUrl: string
  readonly slowUrl: string
  /** Samples of a problem, and the most problems on their way. */
  readonly samples: number
  readonly maxWaiting: number
  /** How long the run is looked at, milliseconds. */
  readonly milliseconds: number
}

export interface Bound {
  readonly name: string
  readonly most: number
  readonly bound: number
  /** Where the bound comes from. */
  readonly from: string
}

export interface Pressure {
  readonly bounds: readonly Bound[]
  /** Sequences that the slow stage finished. */
  readonly samples: number
  readonly problems: number
  readonly looks: number
}

const LOOK_MS = 100
/** Between two collections of garbage with a look at the heap: each stops the process for some milliseconds. */
const HEAP_MS = 2000
const MEBI = 2 ** 20
const CHOICES = 4
/** What one consumer may hold in waiting records (stream/stage.ts), and what a fetch may bring beside it. */
const QUEUE_MEBI = 32
const FETCH_MEBI = 16
/** A sender's request (stream/sender.ts). */
const REQUEST_MEBI = 4
/** Sequences that each role may have at work at the least (pipeline/start-stages.ts). */
const LEAST_SEQUENCES = 512

/** Runs the real pipeline for so long and returns the most of everything. Throws what ends the run early. */
export async function measurePressure(options: PressureOptions): Promise<Pressure> {
  const { brokers, folder, samples, maxWaiting } = options
  const runId = `pressure-${process.pid}-${Date.now()}`
  // Topics of its own: positions count what other runs have on theirs.
  const revision = `pressure-${process.pid}-${Date.now()}`
  const loaded = await loadConfig({
    file: join(import.meta.dirname, '..', 'configs', 'simulated.yaml'),
    set: [
      'total=null',
      `producer.maxWaiting=${maxWaiting}`,
      `producer.choices=${CHOICES}`,
      `stages.sample.n=${samples}`,
      'stages.reward.rewards=[{ name: agreement, kind: agreement }]',
      'stages.curate.reward=agreement',
      `roles.questioner.endpoints=[{ url: '${options.fastUrl}', limit: 256 }]`,
      `roles.answerer.endpoints=[{ url: '${options.fastUrl}', limit: 256 }]`,
      `roles.sampler.endpoints=[{ url: '${options.slowUrl}', limit: 4 }]`,
      `out=${join(folder, 'out')}`,
    ],
    environment: process.env,
  })
  const kafka = { brokers: brokers.split(','), clientId: 'magpie', ssl: false, sasl: null } as const
  const connection = connectKafka({ ...kafka, log: silentLogger })
  const { signal } = new AbortController()
  const run = await startRun(
    {
      ...{ loaded, runId, revision, source: { kind: 'magpie' }, parts: new Set(PART_NAMES), kafka },
      ...{ registryUrl: undefined, clickhouseUrl: undefined, stateDir: join(folder, 'state') },
      ...{ version: '0.0.0', log: silentLogger, now: Date.now },
    },
    signal,
  )
  try {
    const readers = readingParts(planStages(loaded.config), [])
    const lags = async (): Promise<[string, number][]> => {
      const found: [string, number][] = []
      for (const part of readers) found.push([part.part, await lagOf({ connection, runId, revision }, part)])
      return found
    }
    return await look(run, lags, loaded.config, options)
  } finally {
    await run.stop()
    await connection.close()
  }
}

async function look(
  run: ActiveRun,
  lags: () => Promise<[string, number][]>,
  config: Config,
  { milliseconds, maxWaiting, samples }: PressureOptions,
): Promise<Pressure> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const most = new Map<string, number>()
  const note = (name: string, value: number): void => {
    most.set(name, Math.max(most.get(name) ?? 0, value))
  }
  const heaps: number[] = []
  const first = { rss: process.memoryUsage.rss(), at: performance.now() }
  const ended: Error[] = []
  run.done.catch((error: unknown) =>
    ended.push(error instanceof Error ? error : new Error('the run has ended', { cause: error })),
  )
  let looks = 0
  let heapAt = first.at
  let asking: Promise<void> | null = null
  while (performance.now() - first.at < milliseconds) {
    await wait(LOOK_MS)
    if (ended[0] !== undefined) throw ended[0]
    looks += 1
    noteSnapshot(run.snapshot(), note)
    note('resident memory beyond the start, MiB', (process.memoryUsage.rss() - first.rss) / MEBI)
    asking ??= lags()
      .then((found) => {
        for (const [part, lag] of found) note(`lag of ${part}`, lag)
      })
      .finally(() => (asking = null))
    if (performance.now() - heapAt > HEAP_MS) {
      collect()
      heaps.push(process.memoryUsage().heapUsed / MEBI)
      heapAt = performance.now()
    }
  }
  await asking
  const { made, stages } = run.snapshot()
  const half = heaps.slice(Math.floor(heaps.length / 4), Math.floor(heaps.length / 2))
  const last = heaps.slice(Math.floor((3 * heaps.length) / 4))
  if (half.length > 0) note('heap after gc, last quarter beyond the second, MiB', mean(last) - mean(half))
  return {
    bounds: boundsOf(most, stages.length, config, { maxWaiting, samples }),
    samples: (stages.find(({ name }) => name === 'sample')?.emitted ?? 0) * samples,
    problems: made,
    looks,
  }
}

function noteSnapshot({ stages, sinks, llm, sender, made }: RunSnapshot, note: (name: string, value: number) => void) {
  let ended = 0
  for (const { name, running, queued, emitted, rejected, dead } of stages) {
    note(`${name}: at work`, running)
    note(`${name}: taken and waiting`, queued)
    ended += rejected + dead + (name === 'curate' ? emitted : 0)
  }
  for (const { name, queued, writing } of sinks) note(`sink ${name}: waiting and being written`, queued + writing)
  note('problems on their way', made - ended)
  note('model calls that wait for a slot', llm.waiting)
  note('messages that wait for the broker', sender.waiting)
}

/** The most that may wait at each place, from the config and the constants of the code that holds it. */
function boundsOf(
  most: ReadonlyMap<string, number>,
  stages: number,
  { sinks }: Config,
  { maxWaiting, samples }: Pick<PressureOptions, 'maxWaiting' | 'samples'>,
): Bound[] {
  // What is asked for when there is room for one more.
  const open = maxWaiting + CHOICES
  const atWork: Readonly<Record<string, number>> = {
    screen: CPU_IN_FLIGHT,
    answer: LEAST_SEQUENCES,
    sample: Math.ceil(LEAST_SEQUENCES / samples),
    verify: CPU_IN_FLIGHT,
    reward: CPU_IN_FLIGHT,
    curate: CPU_IN_FLIGHT,
  }
  const memory =
    stages * QUEUE_MEBI + 2 * FETCH_MEBI + REQUEST_MEBI + (sinks.clickhouse.batch.bytes + sinks.json.batch.bytes) / MEBI
  const boundOf = (name: string): [number, string] => {
    const [stage = ''] = name.split(':')
    if (name.endsWith(': at work')) return [atWork[stage] ?? open, 'records at work of a stage (start-stages.ts)']
    if (name.startsWith('sink ')) {
      const sink = name.includes('json') ? sinks.json : sinks.clickhouse
      return [
        Math.max(2 * sink.batch.rows, 1000),
        `twice sinks.${name.includes('json') ? 'json' : 'clickhouse'}.batch.rows`,
      ]
    }
    if (name === 'model calls that wait for a slot')
      return [atWork['answer']! + atWork['sample']! * samples + maxWaiting / CHOICES, 'calls of what is at work']
    if (name === 'messages that wait for the broker') return [4 * open, 'four messages for each problem on its way']
    if (name.startsWith('lag of '))
      return [
        open + (atWork[name.slice('lag of '.length)] ?? open),
        'problems on their way, and what ended since the last commit',
      ]
    if (name.startsWith('resident')) return [2 * memory, 'twice the bytes that all queues may hold']
    if (name.startsWith('heap')) return [16, 'it does not grow: 16 MiB of noise']
    return [open, 'producer.maxWaiting and one request']
  }
  return [...most].map(([name, value]) => {
    const [bound, from] = boundOf(name)
    return { name, most: value, bound, from }
  })
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
