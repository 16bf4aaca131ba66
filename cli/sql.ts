// `magpie sql`: any reading SQL on the run's tables, also while a run is going.

import type { Command } from 'commander'
import { Failure, UsageFault } from '../schemas/failure.ts'
import { harmlessLines } from '../schemas/terminal-text.ts'
import { stateOption } from './options.ts'
import { asReader } from './reader.ts'

/** Adds the command. */
export function addSql(program: Command): void {
  program
    .command('sql')
    .description('Asks the database in SQL (reading only); a run may be going on.')
    .argument('<query>', 'one SELECT, SHOW, DESCRIBE, EXPLAIN or EXISTS statement')
    .option('--format <format>', 'a ClickHouse output format (PrettyCompact on a terminal, else TSVWithNames)')
    .addOption(stateOption())
    .addHelpText(
      'after',
      `
Tables: runs, run_starts, problems, responses, sft, preferences, rejections, dead_letters (read them with FINAL).
Views: funnel, reasons, failures, cost, verdicts, reward_histogram, duplicates.
A terminal gets no control characters of a record; a pipe or a file gets every byte as it is. A spreadsheet takes a
CSV cell that begins with = + - @ for a formula: open such files as text (SECURITY.md).

Examples:
  ./magpie sql "SELECT step, problems FROM funnel ORDER BY position"
  ./magpie sql "SELECT * FROM sft FINAL LIMIT 5" --format JSONEachRow
  ./magpie sql "SELECT * FROM responses FINAL" --format Parquet > responses.parquet`,
    )
    .action(async (query: string, options: { format?: string; state: string }) => {
      const format = options.format ?? (process.stdout.isTTY ? 'PrettyCompact' : 'TSVWithNames')
      if (!/^[A-Za-z0-9]+$/.test(format))
        throw new UsageFault(`--format ${format} is no ClickHouse format; try JSONEachRow`)
      const interrupted = new AbortController()
      const interrupt = (): void => {
        interrupted.abort(new Failure('transient', 'interrupted', 'interrupted'))
      }
      process.once('SIGINT', interrupt)
      const { signal } = interrupted
      const result = await asReader(options, (database) => database.bytes(query, { format, readOnly: true, signal }))
      process.removeListener('SIGINT', interrupt)
      await new Promise<void>((resolve, reject) => {
        process.stdout.write(process.stdout.isTTY ? harmlessLines(result.toString('utf8')) : result, (error) => {
          if (error == null) resolve()
          else reject(error)
        })
      })
    })
}
