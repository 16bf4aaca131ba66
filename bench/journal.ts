// What the journal costs: a stage like `sample` with real engine-sized texts and no model, on a real Kafka, with the
// journal and without it, side by side. Every sample of a record answers at another moment, so all but the last one of
// each record are written and taken away again.
//   npm run bench:journal             n = 8 and n = 64, texts of 16,000 characters
//   npm run bench:journal -- 4000     another length
// CPU seconds are those of this process alone (the broker has its own), so that other work on the machine matters less.
// Needs a Kafka: that of KAFKA_BROKERS, or one of its own that is removed afterwards.

import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { createInventor } from '../local/engine/invented.ts'
import { startKafka } from '../local/kafka.ts'
import { createCodec } from '../schemas/codec.ts'
import { silentLogger } from '../schemas/logger.ts'
import type { Problem } from '../schemas/records.ts'
import { createJournal } from '../stream/journal.ts'
import { connectKafka } from '../stream/kafka.ts'
import { stamp } from '../stream/outgoing.ts'
import { journalTopic } from '../stream/read-calls.ts'
import { createSender } from '../stream/sender.ts'
import { startStage } from '../stream/stage.ts'
import { ensureTopics } from '../stream/topics-admin.ts'

/** Samples of a round, in all. */
const SAMPLES = 2048
/** Calls at work at once, and their longest time, milliseconds. */
const CALLS_AT_WORK = 512
const CALL_MS = 4000
const ROUNDS = 2

const characters = Number(process.argv[2] ?? 16_000)
if (!Number.isSafeInteger(characters) || characters < 1) throw new Error('give a length in characters')

const folder = await mkdtemp(join(tmpdir(), 'magpie-journal-'))
const given = process.env['KAFKA_BROKERS']
const kafka =
  given === undefined ? await startKafka({ stateDir: folder, log: silentLogger, heapMegabytes: 1024 }) : null
const connection = connectKafka({ brokers: (given ?? kafka!.brokers).split(','), log: silentLogger })
const sender = await createSender(connection, silentLogger)
const codec = await createCodec()
const texts = longTexts()

interface Cost {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly messages: number
}

/** Different texts that compress as model text does. */
function longTexts(): string[] {
  const inventor = createInventor()
  return Array.from({ length: 64 }, (_, index) => {
    let text = ''
    for (let seed = index * 1000; text.length < characters; seed += 1) text += `${inventor.problem(seed, '')}\n`
    return text.slice(0, characters)
  })
}

/** One stage over fresh topics until all its records are through. */
async function round(n: number, withJournal: boolean): Promise<Cost> {
  const revision = `bench-${randomUUID().slice(0, 8)}`
  const runId = revision
  await ensureTopics(connection, { revision, names: ['screened', 'sampled', 'rejections', 'dead-letters', 'calls'] })
  const [from, to] = [`screened.${revision}`, `sampled.${revision}`]
  const count = SAMPLES / n
  await sender.send(
    Array.from({ length: count }, (_, index) => {
      const problem = problemOf(`p${index}`, runId, revision)
      return stamp({ topic: from, key: problem.id, value: codec.encode('Problem', problem) }, { runId, revision })
    }),
  )
  const sentBefore = sender.state().sent
  const parts = { topic: journalTopic(connection, 'calls'), sender, codec, log: silentLogger, now: Date.now }
  const cpu = process.cpuUsage()
  const since = performance.now()
  const stage = startStage<'Problem', Problem>({
    ...{ connection, sender, codec, name: 'sample', group: revision, from, reads: 'Problem', runId, revision },
    ...{ log: silentLogger, inFlight: () => Math.max(4, CALLS_AT_WORK / n) },
    ...(withJournal ? { journal: createJournal(parts) } : {}),
    async process(problem, { calls }) {
      const samples = await Promise.all(
        Array.from({ length: n }, (_, index) =>
          calls.run(`call ${index}`, async () => {
            await wait(1 + ((index * 7919) % CALL_MS))
            return { text: texts[(problem.slot + index) % texts.length]!, finishReason: 'stop' }
          }),
        ),
      )
      return { emit: { ...problem, metadata: Object.fromEntries(samples.map(({ text }, index) => [index, text])) } }
    },
    route: (problem) => [{ topic: to, key: problem.id, value: codec.encode('Problem', problem) }],
  })
  while (stage.state().emitted < count) await wait(5)
  const seconds = (performance.now() - since) / 1000
  await stage.drain(1000)
  const { user, system } = process.cpuUsage(cpu)
  return { seconds, cpuSeconds: (user + system) / 1e6, messages: sender.state().sent - sentBefore }
}

function problemOf(id: string, runId: string, revision: string): Problem {
  return {
    ...{ id, runId, revision, createdAt: Date.now(), slot: Number(id.slice(1)), choice: 0, text: 'What is 1 + 1?' },
    ...{ source: 'jsonl', sourceFile: null, sourceLine: null, referenceAnswer: null, opener: null, controlTask: null },
    ...{ generation: null, metadata: {} },
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

try {
  await round(8, true)
  process.stdout.write(
    `${SAMPLES} samples of ${characters} characters, ${CALLS_AT_WORK} calls at once; medians of ${ROUNDS}\n`,
  )
  for (const n of [8, 64]) {
    const costs: { without: Cost; with: Cost }[] = []
    for (let each = 0; each < ROUNDS; each += 1)
      costs.push({ without: await round(n, false), with: await round(n, true) })
    const of = (pick: (cost: Cost) => number) => {
      const ratio = median(costs.map((pair) => pick(pair.with) / pick(pair.without)))
      return `${median(costs.map((pair) => pick(pair.without))).toFixed(2)} -> ${median(costs.map((pair) => pick(pair.with))).toFixed(2)} (x ${ratio.toFixed(2)})`
    }
    const perSample = median(costs.map((pair) => (pair.with.cpuSeconds - pair.without.cpuSeconds) / SAMPLES)) * 1e3
    process.stdout.write(
      `n = ${String(n).padStart(2)}  seconds ${of(({ seconds }) => seconds)}  CPU seconds ${of(({ cpuSeconds }) => cpuSeconds)}` +
        `  messages ${of(({ messages }) => messages)}  CPU of the journal ${perSample.toFixed(2)} ms a sample\n`,
    )
  }
} finally {
  await sender.close()
  await connection.close()
  await kafka?.stop()
  await rm(folder, { recursive: true, force: true })
}
