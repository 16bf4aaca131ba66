// magpie run: starts or resumes a run.

import type { Command } from 'commander'
import { describeEnd } from './describe-end.ts'
import { addRunOptions } from './run-options.ts'
import type { RunOptions } from './run-options.ts'
import { work } from './work.ts'

export function addRun(program: Command): void {
  addRunOptions(
    program
      .command('run')
      .description('start a run, or go on with one')
      .requiredOption('-c, --config <file>', 'config of the run'),
  )
    .addHelpText('after', '\nExample:\n  ./magpie run -c configs/simulated.yaml --total 200')
    .action(async (options: RunOptions) => {
      const end = await work({ ...options, source: { kind: 'magpie' } })
      describeEnd(end, options)
      process.exitCode = end.exitCode
    })
}
