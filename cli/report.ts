// magpie report: one screen about a run, or the same as JSON.

import type { Command } from 'commander'
import { buildReport } from '../analytics/report.ts'
import { renderReport } from '../analytics/report/render.ts'
import { silentLogger } from '../schemas/logger.ts'
import { openDatabase } from '../sinks/clickhouse/database.ts'
import { stateFolder, stateOption } from './options.ts'

export interface ReportOptions {
  readonly run?: string
  readonly revision?: string
  readonly json?: true
  readonly state: string
}

export function addReport(program: Command): void {
  program
    .command('report')
    .description('how a run went: funnel, reasons, tokens, rates')
    .option('--run <name>', 'the run (default: the newest)')
    .option('--revision <name>', 'the revision', 'main')
    .option('--json', 'as JSON')
    .addOption(stateOption())
    .addHelpText('after', '\nExample:\n  ./magpie report --run quickstart')
    .action(printReport)
}

/** Prints the report to standard output. */
export async function printReport(options: ReportOptions): Promise<void> {
  const database = await openDatabase({ stateDir: stateFolder(options), role: 'reader', log: silentLogger })
  try {
    const report = await buildReport(database, options)
    process.stdout.write(`${options.json === true ? JSON.stringify(report, null, 2) : renderReport(report)}\n`)
  } finally {
    await database.close()
  }
}
