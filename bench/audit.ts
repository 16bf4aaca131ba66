// The audit of a large run: `npm run bench:audit [-- PROBLEMS [IDS_AT_ONCE]]`. A million invented problems go by the
// topics of the simulated pipeline onto a Kafka of this bench alone, as rows into an embedded ClickHouse and as a data
// set into a file; values are small and repeat one another, so this measures the audit and not the disk. Each audit is a
// process of its own. Prints its time and largest memory, with the tables and without (most of the rest is ClickHouse).

import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { auditRun } from '../analytics/audit/audit.ts'
import { loadConfig } from '../configs/load.ts'
import { startKafka } from '../local/kafka.ts'
import { planStages } from '../pipeline.ts'
import { publishRunRecord } from '../pipeline/run-records.ts'
import { createCodec } from '../schemas/codec.ts'
import { problemId, rejectionId, sftId } from '../schemas/ids.ts'
import { silentLogger } from '../schemas/logger.ts'
import { openDatabase } from '../sinks/clickhouse/database.ts'
import { MARKER, runNames } from '../sinks/json/names.ts'
import { connectKafka } from '../stream/kafka.ts'
import { REVISION_HEADER, RUN_HEADER } from '../stream/outgoing.ts'
import { createSender } from '../stream/sender.ts'
import { ensureTopics } from '../stream/topics-admin.ts'
import { simulatedConfig } from '../test/support/end-to-end.ts'
import { problem, rejection, rewarded, sft } from '../test/support/rows.ts'

const RUN = 'bench'
const CHOICES = 4
/** Of so many problems one is rejected by screen. */
const REJECTED_OF = 5
const BATCH = 5000
const STARTED = Date.UTC(2026, 0, 2, 3, 4, 5)
const HEADERS = { [RUN_HEADER]: RUN, [REVISION_HEADER]: 'main' }

const isRejected = (index: number): boolean => index % REJECTED_OF === 0
const idOf = (index: number): string => problemId(RUN, Math.floor(index / CHOICES), index % CHOICES)

/** What an audit process says of itself. */
interface Measured {
  readonly whole: boolean
  readonly counts: object
  readonly passes: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly megabytes: number
}

const [first] = process.argv.slice(2)
if (first === '--audit') await auditHere()
else await bench(Number(first ?? 1_000_000), Number(process.argv[3] ?? 1_000_000))

async function bench(count: number, idsAtOnce: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'magpie-bench-audit-'))
  const kafka = await startKafka({ stateDir: folder, log: silentLogger, heapMegabytes: 768 })
  try {
    const begun = performance.now()
    await fillLog(kafka.brokers, count, join(folder, 'out'))
    await fillTables(folder, count)
    await fillFile(join(folder, 'out'), count)
    process.stdout.write(`${count} problems made in ${((performance.now() - begun) / 1000).toFixed(0)} s\n`)
    for (const mode of ['tables', 'no-tables'] as const) {
      const found = await auditApart([mode, kafka.brokers, folder, String(idsAtOnce)])
      const { whole, passes, seconds, cpuSeconds, megabytes } = found
      process.stdout.write(
        `${mode}: ${whole ? 'whole' : 'BROKEN'} in ${passes} pass(es), ${seconds.toFixed(1)} s (${cpuSeconds.toFixed(1)} s of CPU), ${megabytes.toFixed(0)} MB at most ${JSON.stringify(found.counts)}\n`,
      )
      if (!whole) process.exitCode = 1
    }
  } finally {
    await kafka.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function fillLog(brokers: string, count: number, out: string): Promise<void> {
  const connection = connectKafka({ brokers: brokers.split(','), log: silentLogger })
  const codec = await createCodec()
  await ensureTopics(connection, { revision: 'main' })
  const sender = await createSender(connection, silentLogger)
  const { config } = await loadConfig({
    file: simulatedConfig,
    environment: { SIMULATOR_PORT: '1' },
    work: { producer: 'none', stages: [] },
  })
  await publishRunRecord(sender, codec, {
    ...{ id: `${RUN}/main`, runId: RUN, revision: 'main', createdAt: STARTED, state: 'finished' },
    config: JSON.stringify({ ...config, total: count, out, producer: { ...config.producer, choices: CHOICES } }),
    ...{ configHash: '', startedAt: STARTED, finishedAt: STARTED, host: '', pid: 1, version: '', endedBy: null },
  })
  const steps = planStages(config).map(({ to }) => to)
  // The audit decodes these for what all of them say alike: their responses, and whether a pair is owed.
  const plain = Buffer.from([0])
  const same = {
    rewarded: codec.encode('Rewarded', { ...rewarded(0, 2), rewards: [] }),
    sft: codec.encode('SftRecord', sft(0, { pairRefusal: 'too-few' })),
  } as Partial<Record<string, Buffer>>
  for (let from = 0; from < count; from += BATCH) {
    const messages = []
    for (let index = from; index < Math.min(count, from + BATCH); index += 1) {
      const key = idOf(index)
      const [slot, choice] = [Math.floor(index / CHOICES), index % CHOICES]
      const value = codec.encode('Problem', problem(0, { id: key, runId: RUN, slot, choice, generation: null }))
      messages.push({ topic: 'problems', key, value, headers: HEADERS })
      if (isRejected(index)) {
        const end = rejection(0, { id: rejectionId(key), problemId: key, runId: RUN })
        messages.push({ topic: 'rejections', key, value: codec.encode('Rejection', end), headers: HEADERS })
      } else {
        for (const topic of steps) messages.push({ topic, key, value: same[topic] ?? plain, headers: HEADERS })
      }
    }
    await sender.send(messages)
  }
  await sender.close()
  await connection.close()
}

async function fillTables(stateDir: string, count: number): Promise<void> {
  const database = await openDatabase({ url: '', stateDir, role: 'owner', log: silentLogger })
  const common = `'${RUN}' AS run_id, 'main' AS revision`
  try {
    for (let from = 0; from < count; from += BATCH) {
      const rows = Array.from({ length: Math.min(BATCH, count - from) }, (_, index) => ({
        ...{ id: idOf(from + index), run_id: RUN, revision: 'main', choice: isRejected(from + index) ? 1 : 0 },
      }))
      await database.insert('problems', rows)
    }
    const made = `FROM problems WHERE run_id = '${RUN}' AND choice =`
    await database.command(
      `INSERT INTO rejections (id, problem_id, run_id, revision) SELECT concat(id, '/rejection'), id, ${common} ${made} 1`,
    )
    await database.command(
      `INSERT INTO sft (id, problem_id, run_id, revision) SELECT concat(id, '/sft'), id, ${common} ${made} 0`,
    )
    await database.command(
      `INSERT INTO responses (id, problem_id, kind, index, run_id, revision)
       SELECT concat(id, arrayJoin(['/answer', '/sample/0', '/sample/1']) AS tail), id, if(tail = '/answer', 'answer', 'sample'),
         if(tail = '/sample/1', 1, 0), ${common} ${made} 0`,
    )
  } finally {
    await database.close()
  }
}

async function fillFile(out: string, count: number): Promise<void> {
  const names = runNames(out, 'some-model', STARTED, 'main')
  await mkdir(names.folder, { recursive: true })
  await writeFile(join(names.folder, MARKER), JSON.stringify({ run_id: RUN, revision: 'main' }))
  const accepted = count - Math.ceil(count / REJECTED_OF)
  const file = createWriteStream(join(names.folder, `${names.base('sft', accepted)}.json`))
  for (let index = 0, written = 0; index < count; index += 1) {
    if (isRejected(index)) continue
    const text = `${written === 0 ? '[\n' : ',\n'}{"id":"${sftId(idOf(index))}","created_at":0}`
    if (!file.write(text)) await once(file, 'drain')
    written += 1
  }
  file.end('\n]\n')
  await once(file, 'close')
}

async function auditApart(options: readonly string[]): Promise<Measured> {
  const child = spawn(process.execPath, [import.meta.filename, '--audit', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`the audit ended with ${code}: ${out}`)
  return JSON.parse(out) as Measured
}

async function auditHere(): Promise<void> {
  const [mode, brokers, stateDir, idsAtOnce] = process.argv.slice(3) as [string, string, string, string]
  const connection = connectKafka({ brokers: brokers.split(','), log: silentLogger })
  const database =
    mode === 'tables' ? await openDatabase({ url: '', stateDir, role: 'reader', log: silentLogger }) : null
  const begun = performance.now()
  const codec = await createCodec()
  const { whole, counts, passes } = await auditRun({ connection, codec, database, idsAtOnce: Number(idsAtOnce) })
  const { user, system } = process.cpuUsage()
  const measured: Measured = {
    ...{ whole, counts, passes, seconds: (performance.now() - begun) / 1000 },
    ...{ cpuSeconds: (user + system) / 1e6, megabytes: process.resourceUsage().maxRSS / 1024 },
  }
  process.stdout.write(JSON.stringify(measured))
  await database?.close()
  await connection.close()
}
