// How fast each format of `magpie export` is, and how much memory it takes: rows of about 4 KB out of the embedded database,
// each format in a process of its own that also holds the database. Run: node bench/export.ts [ROWS] [FORMAT]...

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { FORMATS } from '../analytics/export/contract.ts'
import type { Format } from '../analytics/export/contract.ts'
import { exportDataSet } from '../analytics/export/export.ts'
import { lookOf } from '../analytics/export/look.ts'
import { createCodec } from '../schemas/codec.ts'
import { silentLogger } from '../schemas/logger.ts'
import { createClickhouseSink } from '../sinks/clickhouse.ts'
import type { Database } from '../sinks/clickhouse/contract.ts'
import { openDatabase } from '../sinks/clickhouse/database.ts'
import { message, preference, rewarded, sft } from '../test/support/rows.ts'

interface Figures {
  readonly format: Format
  readonly rows: number
  readonly megabytes: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly peakMb: number
}

const WORDS =
  'Let the sum of the first terms be given, so that each of them divides what is left; then we see that'.split(' ')
/** Characters of the text that texts of rows are pieces of. */
const BOOK = 200_000

/** Ids that differ from row to row, and are hashes as ours; the rest is that of one record. */
const PROBLEM = 'toString(reinterpretAsUUID(sipHash128(number)))'
const VARIED = `concat(${PROBLEM}, substring(one.id, 37)) AS id`

const [first = '100000', ...others] = process.argv.slice(2)
if (first === 'one') await exportOne(others as [string, Format])
else await compare(Number(first), others.length === 0 ? FORMATS : (others as Format[]))

/** Exports one format, and prints what it took. */
async function exportOne([folder, format]: [string, Format]): Promise<void> {
  const database = await openDatabase({ url: '', stateDir: folder, role: 'reader', log: silentLogger })
  const out = join(folder, format)
  const start = performance.now()
  const { manifest } = await exportDataSet({
    ...{ database, out, force: false, programVersion: 'bench', now: Date.now, look: lookOf({ format, out }) },
    filters: {
      ...{ runs: [], revision: 'main', where: null, asOf: null, limit: null },
      ...{ minTokens: null, maxTokens: null, split: 0.05 },
    },
    signal: new AbortController().signal,
  })
  const seconds = (performance.now() - start) / 1000
  await database.close()
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  const figures: Figures = {
    format,
    rows: manifest.rows,
    megabytes: manifest.files.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6,
    seconds,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    peakMb: maxRSS / 1024,
  }
  process.stdout.write(JSON.stringify(figures))
}

/** Fills a database, exports each format from it, and writes the table of docs/exports.md. */
async function compare(rows: number, formats: readonly Format[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'magpie-bench-export-'))
  try {
    const database = await openDatabase({ url: '', stateDir: folder, role: 'owner', log: silentLogger })
    await fill(database, rows)
    await database.close()
    process.stdout.write(
      '| format | rows | MB | rows/s | CPU µs a row | peak MB |\n| --- | --- | --- | --- | --- | --- |\n',
    )
    for (const format of formats) {
      const child = spawn(process.execPath, [import.meta.filename, 'one', folder, format], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const closed = once(child, 'close')
      const said = await text(child.stdout)
      const [code] = (await closed) as [number | null]
      if (code !== 0) throw new Error(`the export of ${format} ended with ${code}`)
      const { megabytes, seconds, cpuSeconds, peakMb, ...figures } = JSON.parse(said) as Figures
      const cells = [
        ...[format, figures.rows, Math.round(megabytes), Math.round(figures.rows / seconds)],
        ...[Math.round((cpuSeconds * 1e6) / figures.rows), Math.round(peakMb)],
      ]
      process.stdout.write(`| ${cells.join(' | ')} |\n`)
      await rm(join(folder, format), { recursive: true })
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** One record of each table as the sink writes it, then as many rows as asked for, made of it by the database. */
async function fill(database: Database, rows: number): Promise<void> {
  const codec = await createCodec()
  const sink = createClickhouseSink({ database, codec, log: silentLogger })
  const scored = rewarded(0, 1)
  const verdicts = scored.verification.verdicts.map((each) => ({ ...each, solution: 'One.\\n\\nTwo.' }))
  await sink.write([
    message(codec, 'sft', 'SftRecord', sft(0, { reasoning: 'R', response: 'S' }), 0),
    message(codec, 'preferences', 'PreferenceRecord', preference(0), 0),
    message(codec, 'rewarded', 'Rewarded', { ...scored, verification: { ...scored.verification, verdicts } }, 0),
  ])
  let book = ''
  for (let place = 0; book.length < BOOK + 5000; place += 1)
    book += `${WORDS[(place * place + (place >> 3)) % WORDS.length]!} `
  await database.command('CREATE TABLE books (book String) ENGINE = Memory')
  await database.insert('books', [{ book }])
  /** So many characters, others in every row. */
  const said = (count: number, salt: number): string =>
    `substring(book, 1 + sipHash64(number, ${salt}) % ${BOOK}, ${count})`
  const texts: Record<string, string> = {
    sft: `${said(1500, 1)} AS reasoning, ${said(600, 2)} AS response,
      toJSONString([map('from', 'human', 'value', instruction), map('from', 'gpt', 'value', concat('<think>\\n', reasoning, '\\n</think>\\n\\n', response))]) AS conversations`,
    preferences: `${said(1300, 3)} AS chosen, ${said(1300, 4)} AS rejected`,
    responses: `concat(${said(600, 5)}, '\\n\\n', ${said(600, 6)}) AS solution`,
    problems: `${said(150, 7)} AS instruction`,
  }
  for (const [table, columns] of Object.entries(texts)) {
    const whole = table === 'problems' ? VARIED : `${VARIED}, ${PROBLEM} AS problem_id`
    for (let from = 0; from < rows; from += 50_000) {
      await database.command(
        `INSERT INTO ${table} SELECT * EXCEPT (number, book) REPLACE (${whole}, ${columns})
         FROM (SELECT * FROM ${table} FINAL WHERE run_id = 'test-run' ORDER BY version LIMIT 1) AS one, books,
           numbers(${from}, ${Math.min(50_000, rows - from)}) AS numbers SETTINGS max_block_size = 5000`,
      )
    }
  }
}
