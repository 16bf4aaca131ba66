// magpie run: starts or resumes a run.

import type { Command } from 'commander'
import { describeEnd } from './describe-end.ts'
import { addRunOptions } from './run-options.ts'
import type { RunOptions } from './run-options.ts'
import { work } from './work.ts'

const EXAMPLES = `
Examples:
  ./magpie run -c configs/simulated.yaml --total 200
  ./magpie run -c my.yaml --total 100000 --budget-usd 250 --max-hours 12
  ./magpie run -c my.yaml --total 100000 --dry-run --probe 40

A budget is the run's: what its earlier starts and other processes have spent counts. The same command with a larger
one goes on.`

export function addRun(program: Command): void {
  addRunOptions(
    program
      .command('run')
      .description('start a run, or go on with one')
      .requiredOption('-c, --config <file>', 'config of the run'),
  )
    .addHelpText('after', EXAMPLES)
    .action(async (options: RunOptions) => {
      const end = await work({ ...options, source: { kind: 'magpie' } })
      describeEnd(end, options)
      process.exitCode = end.exitCode
    })
}
