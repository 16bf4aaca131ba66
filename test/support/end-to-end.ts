// The whole program for tests, as a user starts it: its commands as processes of their own over a real Kafka, the
// stand-in for the model servers, and what a run leaves on the log, in the tables and in the files.
// Promise: close() ends every process that was started here and removes the folder.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInvented } from '../../local/engine/invented.ts'
import type { Front } from '../../local/engine/front.ts'
import { startFront } from '../../local/engine/front.ts'
import type { FrontProtocol } from '../../local/engine/front-protocol.ts'
import type { Trouble } from '../../local/engine/front-trouble.ts'
import { openRecording } from '../../local/engine/recorded.ts'
import { createCodec } from '../../schemas/codec.ts'
import { silentLogger } from '../../schemas/logger.ts'
import type { RecordName, Records } from '../../schemas/records.ts'
import { topicFor } from '../../schemas/topics.ts'
import type { TopicName } from '../../schemas/topics.ts'
import type { Delivered } from '../../stream/delivered.ts'
import { connectKafka, type KafkaConnection } from '../../stream/kafka.ts'
import { RUN_HEADER } from '../../stream/outgoing.ts'
import { readTopic } from '../../stream/read-topic.ts'
import { startTestKafka } from './kafka.ts'
import type { TestKafka } from './kafka.ts'

export const root = join(import.meta.dirname, '..', '..')
const data = join(root, '..', 'shared', 'data')
export const recordingFile = join(data, 'recorded_qwen_math.jsonl')
export const simulatedConfig = join(root, 'configs', 'simulated.yaml')

/** Why a test of the recording is skipped; false where the recording is here. */
export const noRecording = existsSync(recordingFile) ? false : `${recordingFile} is not here`

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Standard output, standard error. */
  readonly out: string
  readonly error: string
}

export interface Running {
  readonly pid: number
  /** Everything said until now, both streams. */
  said(): string
  /** Resolves when what was said matches; rejects when the process ends without, or after 180 s. */
  says(pattern: RegExp): Promise<RegExpExecArray>
  signal(name: NodeJS.Signals): void
  readonly ended: Promise<Ended>
}

export interface Workshop {
  /** Empty at first; the working directory of every command. */
  readonly folder: string
  readonly brokers: string
  readonly connection: KafkaConnection
  /** Starts a program; further variables are added to the environment, those that are undefined taken out. */
  start(command: string, argv: readonly string[], environment?: NodeJS.ProcessEnv): Running
  /** Starts `magpie` with these words. */
  magpie(argv: readonly string[], environment?: NodeJS.ProcessEnv): Running
  /** Serves the recording, or inventions without one. port: any free one unless given. */
  serve(options?: ServeOptions): Promise<Front>
  close(): Promise<void>
}

export interface ServeOptions {
  readonly recording?: string
  readonly port?: number
  readonly slots?: number
  /** Time of a sequence, milliseconds; sigma 0: all alike. */
  readonly medianMs?: number
  readonly sigma?: number
  readonly think?: boolean
  readonly trouble?: Trouble
  readonly protocol?: FrontProtocol
}

/** Opens a folder over the test broker, or over another one, which close() stops. */
export async function openWorkshop(own?: TestKafka): Promise<Workshop> {
  const kafka = own ?? (await startTestKafka())
  const connection = connectKafka({ brokers: kafka.brokers.split(','), log: silentLogger })
  const folder = await mkdtemp(join(tmpdir(), 'magpie-end-to-end-'))
  const closers: (() => Promise<unknown>)[] = []
  const start: Workshop['start'] = (command, argv, environment = {}) => {
    const running = startProcess(command, argv, {
      cwd: folder,
      env: { ...process.env, KAFKA_BROKERS: kafka.brokers, NODE_TEST_CONTEXT: undefined, ...environment },
    })
    closers.push(async () => {
      running.signal('SIGKILL')
      await running.ended
    })
    return running
  }
  return {
    folder,
    brokers: kafka.brokers,
    connection,
    start,
    magpie: (argv, environment) => start(process.execPath, [join(root, 'cli', 'main.ts'), ...argv], environment),
    async serve(options = {}) {
      const { recording, port = 0, slots = 64, medianMs = 0, sigma = 0.5, think = false } = options
      const { trouble = {}, protocol = {} } = options
      const engine = recording === undefined ? createInvented({ think }) : await openRecording(recording, { think })
      const front = await startFront({
        engine,
        port,
        slots,
        latency: { medianMs, sigma },
        log: silentLogger,
        anyModel: true,
        trouble,
        protocol,
      })
      closers.push(() => front.close())
      return front
    },
    async close() {
      for (const close of closers.reverse()) await close()
      await connection.close()
      await kafka.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function startProcess(
  command: string,
  argv: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Running {
  const child = spawn(command, argv, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  const texts = { out: '', error: '', all: '' }
  const listeners = new Set<() => void>()
  const hear = (name: 'out' | 'error') => (text: string) => {
    texts[name] += text
    texts.all += text
    for (const listener of listeners) listener()
  }
  child.stdout.setEncoding('utf8').on('data', hear('out'))
  child.stderr.setEncoding('utf8').on('data', hear('error'))
  const ended = once(child, 'close').then((end): Ended => {
    const [code, signal] = end as [number | null, NodeJS.Signals | null]
    return { code, signal, out: texts.out, error: texts.error }
  })
  return {
    pid: child.pid!,
    said: () => texts.all,
    async says(pattern) {
      const found = Promise.withResolvers<RegExpExecArray>()
      const look = (): void => {
        const match = pattern.exec(texts.all)
        if (match !== null) found.resolve(match)
      }
      const refuse = (why: string) => (): void => {
        found.reject(new Error(`${why} without ${String(pattern)}:\n${texts.all}`))
      }
      listeners.add(look)
      const late = setTimeout(refuse('180 s'), 180_000)
      void ended.then(refuse('it ended'))
      look()
      try {
        return await found.promise
      } finally {
        clearTimeout(late)
        listeners.delete(look)
      }
    },
    signal(name) {
      child.kill(name)
    },
    ended,
  }
}

/** All messages of a run in a topic of a revision, repeats included. */
export async function messagesOf(
  { connection }: Workshop,
  runId: string,
  name: TopicName,
  revision = 'main',
): Promise<Delivered[]> {
  const found: Delivered[] = []
  const topic = topicFor(name, revision)
  for await (const message of readTopic(connection, { topic, signal: AbortSignal.timeout(180_000) }))
    if (message.headers[RUN_HEADER] === runId) found.push(message)
  return found
}

/** The same, decoded. */
export async function recordsOf<Name extends RecordName>(
  workshop: Workshop,
  runId: string,
  topic: TopicName,
  name: Name,
  revision = 'main',
): Promise<Records[Name][]> {
  const codec = await createCodec()
  return (await messagesOf(workshop, runId, topic, revision)).map(({ value }) => codec.decode(name, value))
}

/** Everything that a run has on the log, repeats included. */
export async function logOf(workshop: Workshop, runId: string) {
  // One after the other: kafkajs loses sight of sockets that it opens side by side.
  const problems = await recordsOf(workshop, runId, 'problems', 'Problem')
  const rejections = await recordsOf(workshop, runId, 'rejections', 'Rejection')
  const rewarded = await recordsOf(workshop, runId, 'rewarded', 'Rewarded')
  const sft = await recordsOf(workshop, runId, 'sft', 'SftRecord')
  const preferences = await recordsOf(workshop, runId, 'preferences', 'PreferenceRecord')
  const dead = await messagesOf(workshop, runId, 'dead-letters')
  return { problems, rejections, rewarded, sft, preferences, dead }
}

/** Rows of a query by `magpie sql`, as a user reads them; of the state folder in the workshop's unless said. */
export async function query<Row>(
  workshop: Workshop,
  sql: string,
  stateDir?: string,
  environment?: NodeJS.ProcessEnv,
): Promise<Row[]> {
  const state = stateDir === undefined ? [] : ['--state', stateDir]
  const words = ['sql', sql, '--format', 'JSONEachRow', ...state]
  const { code, out, error } = await workshop.magpie(words, environment).ended
  if (code !== 0) throw new Error(`sql ended with ${code}: ${error}`)
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
}

/** Row of a data set on disk. */
export interface FileRow {
  readonly id: string
  readonly instruction: string
}

/** The final files of a run under an output folder: path and rows of each, by type. */
export async function dataFiles(
  out: string,
): Promise<Record<'sft' | 'preference', { path: string; rows: FileRow[] }[]>> {
  const files = { sft: [], preference: [] } as Awaited<ReturnType<typeof dataFiles>>
  const all = existsSync(out) ? await readdir(out, { recursive: true }) : []
  for (const name of all.sort()) {
    const type = /Magpie_.*_(?<type>sft|preference)\.json$/.exec(name)?.groups?.['type']
    if (type !== 'sft' && type !== 'preference') continue
    const path = join(out, name)
    files[type].push({ path, rows: JSON.parse(await readFile(path, 'utf8')) as FileRow[] })
  }
  return files
}

/** A name that no other run on the broker has. */
export const runName = (purpose: string): string => `${purpose}-${randomUUID().slice(0, 8)}`

/** Sorted, for comparisons. */
export const sorted = (texts: Iterable<string>): string[] => [...texts].sort()

/** Sorted ids, repeats once. */
export const idsOf = (records: readonly { readonly id: string }[]): string[] =>
  sorted(new Set(records.map(({ id }) => id)))

/** So many problems, none of them a dead letter, each refused or accepted and never both. */
export function assertOneEndEach(log: Awaited<ReturnType<typeof logOf>>, total: number): void {
  assert.deepEqual(log.dead, [])
  assert.equal(log.problems.length, total)
  const refused = log.rejections.map(({ problemId }) => problemId)
  const accepted = new Set([...log.sft, ...log.preferences].map(({ problemId }) => problemId))
  assert.deepEqual(sorted([...refused, ...accepted]), idsOf(log.problems), 'each problem has one end')
}
