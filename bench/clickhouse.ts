// How fast the ClickHouse sink is on records of one answer and eight samples, and how long it holds up the event
// loop. Embedded, or MAGPIE_TEST_CLICKHOUSE_URL: an empty database. Run: node bench/clickhouse.ts [RECORDS]

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createCodec } from '../schemas/codec.ts'
import { silentLogger } from '../schemas/logger.ts'
import { createClickhouseSink, clickhouseConfig } from '../sinks/clickhouse.ts'
import { openDatabase } from '../sinks/clickhouse/database.ts'
import { message, rewarded } from '../test/support/rows.ts'

const records = Number(process.argv[2] ?? 20_000)
const folder = await mkdtemp(join(tmpdir(), 'magpie-bench-'))
const database = await openDatabase({
  url: process.env['MAGPIE_TEST_CLICKHOUSE_URL'] ?? '',
  stateDir: folder,
  role: 'owner',
  log: silentLogger,
})
try {
  const codec = await createCodec()
  const sink = createClickhouseSink({ database, codec, log: silentLogger })
  const { batch } = clickhouseConfig.parse({})
  let bytes = 0
  let spent = 0
  let cpuSeconds = 0
  const delay = monitorEventLoopDelay({ resolution: 5 })
  for (let first = 0; first < records; first += batch.rows) {
    const count = Math.min(batch.rows, records - first)
    const messages = Array.from({ length: count }, (_, at) =>
      message(codec, 'rewarded', 'Rewarded', rewarded(first + at), first + at, (first + at) % 12),
    )
    for (const { value } of messages) bytes += value.length
    // Making the records is not the sink's work.
    delay.enable()
    const start = performance.now()
    const cpu = process.cpuUsage()
    await sink.write(messages)
    spent += performance.now() - start
    const { user, system } = process.cpuUsage(cpu)
    cpuSeconds += (user + system) / 1e6
    delay.disable()
  }
  const [counted] = await database.rows<{ responses: number; problems: number }>(
    'SELECT (SELECT count() FROM responses FINAL) AS responses, (SELECT count() FROM problems FINAL) AS problems',
  )
  if (counted?.responses !== records * 9 || counted.problems !== records) {
    throw new Error(`${records} records became ${JSON.stringify(counted)}`)
  }
  const rows = records * 10
  const seconds = spent / 1000
  const figures = {
    records,
    rows,
    seconds: Number(seconds.toFixed(2)),
    cpuSeconds: Number(cpuSeconds.toFixed(2)),
    recordsPerSecond: Math.round(records / seconds),
    rowsPerSecond: Math.round(rows / seconds),
    megabytesPerSecond: Number((bytes / 1e6 / seconds).toFixed(1)),
    longestStallMs: Math.round(delay.max / 1e6),
    rssMb: Math.round(process.memoryUsage().rss / 1e6),
  }
  process.stdout.write(`${JSON.stringify(figures)}\n`)
} finally {
  await database.close()
  await rm(folder, { recursive: true, force: true })
}
