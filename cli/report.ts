// `magpie report`: one screen about a run, from the database.

import type { Command } from 'commander'
import { buildReport } from '../analytics/report.ts'
import { renderReport } from '../analytics/report/render.ts'
import { renderRules } from '../analytics/report/rules.ts'
import { stateOption } from './options.ts'
import { asReader } from './reader.ts'

/** Adds the command. */
export function addReport(program: Command): void {
  program
    .command('report')
    .description('Shows how far problems got and why not farther, tokens, seconds and rewards of a run.')
    .option('--run <name>', 'the run (the newest when left out)')
    .option('--revision <name>', 'the revision', 'main')
    .option('--json', 'the whole report as JSON')
    .option('--rules', 'what each rule of curation cost, all of them, instead of the screen')
    .addOption(stateOption())
    .addHelpText(
      'after',
      '\nExamples:\n  ./magpie report\n  ./magpie report --run simulated --json\n  ./magpie report --rules',
    )
    .action(printReport)
}

export interface ReportArguments {
  readonly run?: string
  readonly revision?: string
  readonly json?: true
  readonly rules?: true
  readonly state: string
}

/** Writes the report to stdout. Throws UsageFault when there is no database or no such run. */
export async function printReport(options: ReportArguments): Promise<void> {
  const report = await asReader(options, (database) => buildReport(database, options))
  const { isTTY } = process.stdout
  const width = isTTY ? process.stdout.columns : 100
  const colour = isTTY && process.env['NO_COLOR'] === undefined
  const render = options.rules === true ? renderRules : renderReport
  const text = options.json === true ? JSON.stringify(report, null, 2) : render(report, { width, colour })
  process.stdout.write(`${text}\n`)
}
