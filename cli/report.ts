// `magpie report`: one screen about a run, from the database.

import type { Command } from 'commander'
import { buildReport } from '../analytics/report.ts'
import type { RenderOptions } from '../analytics/report/render.ts'
import { renderReport } from '../analytics/report/render.ts'
import { renderRules } from '../analytics/report/rules.ts'
import { compareRevisions } from '../analytics/revisions/compare.ts'
import { renderComparison } from '../analytics/revisions/render-compare.ts'
import { UsageFault } from '../schemas/failure.ts'
import { asItWas } from '../sinks/clickhouse/as-of.ts'
import type { Database } from '../sinks/clickhouse/contract.ts'
import { screenWidth } from './fitted-table.ts'
import { moment, stateOption } from './options.ts'
import { asReader, databaseOption } from './reader.ts'

/** Adds the command. */
export function addReport(program: Command): void {
  program
    .command('report')
    .description('Shows how far problems got and why not farther, tokens, seconds and rewards of a run.')
    .option('--run <name>', 'the run (the newest when left out)')
    .option('--revision <name>', 'the revision', 'main')
    .option('--json', 'the whole report as JSON')
    .option('--compare <revision...>', 'two revisions side by side, what changed from the first to the second')
    .option('--as-of <time>', 'by the rows that were there then: 2026-01-31T12:00:00Z, or 2h ago', moment)
    .option('--rules', 'what each rule of curation cost, all of them, instead of the screen')
    .addOption(databaseOption())
    .addOption(stateOption())
    .addHelpText(
      'after',
      '\nExamples:\n  ./magpie report\n  ./magpie report --run simulated --json\n  ./magpie report --compare main strict\n  ./magpie report --rules',
    )
    .action(printReport)
}

export interface ReportArguments {
  readonly run?: string
  readonly revision?: string
  readonly json?: true
  readonly rules?: true
  /** Milliseconds since 1970 UTC. */
  readonly asOf?: number
  readonly compare?: readonly string[]
  readonly config?: string
  readonly state: string
}

/** Writes the report to stdout. Throws UsageFault when there is no database or no such run. */
export async function printReport(options: ReportArguments): Promise<void> {
  const width = screenWidth(100)
  const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined
  const text = await asReader(options, (database) =>
    textOf(asItWas(database, options.asOf), options, { width, colour }),
  )
  process.stdout.write(`${text}\n`)
}

async function textOf(database: Database, options: ReportArguments, screen: RenderOptions): Promise<string> {
  const { compare, json, rules, run, asOf } = options
  if (compare !== undefined) {
    const [left, right, ...more] = compare
    if (left === undefined || right === undefined || more.length > 0)
      throw new UsageFault('--compare takes two revisions, as --compare main strict')
    const comparison = await compareRevisions(database, { run, left, right, asOf })
    return json === true ? JSON.stringify(comparison, null, 2) : renderComparison(comparison, screen)
  }
  const report = await buildReport(database, options)
  return json === true ? JSON.stringify(report, null, 2) : (rules === true ? renderRules : renderReport)(report, screen)
}
