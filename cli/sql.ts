// magpie sql: any reading SQL over the tables and views, also while a run goes on (the run's process answers).

import type { Command } from 'commander'
import { silentLogger } from '../schemas/logger.ts'
import { openDatabase } from '../sinks/clickhouse/database.ts'
import { stateFolder, stateOption } from './options.ts'

export function addSql(program: Command): void {
  program
    .command('sql')
    .description(
      'read-only SQL over runs, problems, responses, sft, preferences, rejections, dead_letters and the views',
    )
    .argument('<query>', 'one SELECT, SHOW, DESCRIBE, EXPLAIN or EXISTS')
    .option('--format <name>', 'ClickHouse format (default: a table on a terminal, else TabSeparatedWithNames)')
    .addOption(stateOption())
    .addHelpText('after', '\nExample:\n  ./magpie sql "SELECT reason, problems FROM reasons ORDER BY problems DESC"')
    .action(async (query: string, options: { format?: string; state: string }) => {
      const database = await openDatabase({ stateDir: stateFolder(options), role: 'reader', log: silentLogger })
      try {
        const format = options.format ?? (process.stdout.isTTY ? 'PrettyCompact' : 'TabSeparatedWithNames')
        const result = await database.bytes(query, { format, readOnly: true })
        await new Promise((resolve) => process.stdout.write(result, resolve))
      } finally {
        await database.close()
      }
    })
}
