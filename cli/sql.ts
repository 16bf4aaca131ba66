// `magpie sql`: any reading SQL on the run's tables, also while a run is going.

import { existsSync } from 'node:fs'
import { Option } from 'commander'
import type { Command } from 'commander'
import { z } from 'zod'
import { explained } from '../analytics/sql/explain.ts'
import { UsageFault } from '../schemas/failure.ts'
import { harmlessLines } from '../schemas/terminal-text.ts'
import { interruptible } from './interrupted.ts'
import { collect, moment, stateOption } from './options.ts'
import { placeOfOutput, writeWhole } from './output-file.ts'
import { asReader, databaseOption } from './reader.ts'
import { formatFor, TABLE } from './sql-formats.ts'
import { formatIn, readStatement } from './sql-statement.ts'
import { withoutFormulas } from './spreadsheet.ts'
import { renderRows } from './sql-table.ts'
import type { TextRows } from './sql-table.ts'

interface SqlArguments {
  readonly file?: string
  readonly param: string[]
  readonly format?: string
  readonly out?: string
  readonly force?: true
  readonly spreadsheet?: true
  readonly asOf?: number
  readonly config?: string
  readonly state: string
}

const HELP = `
Tables: runs, run_starts, problems, responses, follow_ups, sft, preferences, rejections, dead_letters.
Views: funnel, funnel_by_model, outcomes, accepted_by_hour, reasons, failures, cost, cost_per_row, model_calls, engines,
retries, verdicts, pass_rates, reward_histogram, reward_agreement, lengths, duplicates, compared_outcomes and more.
docs/sql.md has them all, and queries to begin with. A table shows no repeat of a row, with FINAL or without.
A terminal gets no control characters of a record; a pipe or a file gets every byte as it is. A spreadsheet takes a
CSV cell that begins with = + - @ for a formula: --spreadsheet puts an apostrophe before it (SECURITY.md).

Examples:
  ./magpie sql "SELECT step, problems FROM funnel ORDER BY position"
  ./magpie sql "SELECT * FROM sft WHERE category = {what:String} LIMIT 5" --param what=algebra --format vertical
  ./magpie sql "SELECT * FROM responses" --out responses.parquet
  ./magpie sql --file slow-engines.sql --as-of 2h -c run.yaml`

/** Adds the command. */
export function addSql(program: Command): void {
  program
    .command('sql')
    .description('Asks the database in SQL (reading only); a run may be going on.')
    .argument('[query]', 'one SELECT, SHOW, DESCRIBE, EXPLAIN or EXISTS statement')
    .option('--file <file>', 'the statement lies in this file; - is stdin')
    .addOption(
      new Option('--param <name=value>', 'the value of {name:Type} in the SQL (repeatable)')
        .argParser(collect)
        .default([], 'none'),
    )
    .option(
      '--format <format>',
      'table, vertical, json, jsonl, csv, tsv, parquet, avro, arrow, markdown, or a format of ClickHouse (a table on a terminal, else tsv)',
    )
    .option('--out <file>', 'writes the result into this file, in the format of its ending')
    .option('--force', 'replaces the file of --out')
    .option('--spreadsheet', 'of csv: an apostrophe before each text that a spreadsheet would run as a formula')
    .addOption(
      new Option('--as-of <time>', 'the tables as they were: 2026-01-31T12:00:00Z, or 2h ago (docs/sql.md)').argParser(
        moment,
      ),
    )
    .addOption(databaseOption())
    .addOption(stateOption())
    .addHelpText('after', HELP)
    .action(runSql)
}

async function runSql(query: string | undefined, options: SqlArguments): Promise<void> {
  const { out } = options
  const isTerminal = process.stdout.isTTY
  const format = formatFor(options.format, out, isTerminal)
  if (options.spreadsheet === true && !format.startsWith('CSV'))
    throw new UsageFault(`--spreadsheet is of --format csv, not of ${format}`)
  if (options.force === true && out === undefined)
    throw new UsageFault('--force replaces the file of --out: give --out, or leave --force out')
  const { sql, parameters } = await readStatement(query, options.file, options.param)
  const own = formatIn(sql)
  if (own !== null && (out ?? options.format) !== undefined)
    throw new UsageFault(`the SQL says FORMAT ${own}: leave that out; --format and the ending of --out say the form`)
  const place = out === undefined ? null : await freePlace(out, options.force === true)
  const asOf = options.asOf === undefined ? {} : { asOf: options.asOf }
  const asked = { ...asOf, parameters, format: format === TABLE ? 'JSONCompactStrings' : format, readOnly: true }
  const result = await interruptible((signal) =>
    asReader({ ...options, signal }, async (database) => {
      try {
        return await database.bytes(sql, { ...asked, signal })
      } catch (error) {
        throw await explained(database, error)
      }
    }),
  )
  const shown =
    format === TABLE
      ? Buffer.from(tableOf(result.toString('utf8')))
      : options.spreadsheet === true
        ? withoutFormulas(result)
        : result
  if (place !== null) {
    await writeWhole(place, shown)
    process.stderr.write(`${place}: ${size(shown.length)} of ${format}\n`)
    return
  }
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(isTerminal && format !== TABLE ? harmlessLines(shown.toString('utf8')) : shown, (error) => {
      if (error == null) resolve()
      else reject(error)
    })
  })
}

/** The place of --out. Throws UsageFault where something is there already. */
async function freePlace(out: string, force: boolean): Promise<string> {
  const place = await placeOfOutput(out)
  if (!force && existsSync(place)) throw new UsageFault(`${out}: is there already; --force replaces it`)
  return place
}

/** What ClickHouse says to a table's format; a FORMAT in the SQL itself goes before it. */
function tableOf(text: string): string {
  const rows = readRows(text)
  if (rows === null) return harmlessLines(text)
  const { isTTY, columns } = process.stdout
  return `${renderRows(rows, { width: isTTY ? columns : 120, colour: isTTY && process.env['NO_COLOR'] === undefined })}\n`
}

const textRows = z.object({
  meta: z.array(z.object({ name: z.string(), type: z.string() })),
  data: z.array(z.array(z.string())),
})

function readRows(text: string): TextRows | null {
  if (!text.startsWith('{')) return null
  try {
    return textRows.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null // another format that begins alike, as JSONEachRow
  }
}

function size(bytes: number): string {
  return bytes < 2 ** 20 ? `${Math.ceil(bytes / 2 ** 10)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`
}
