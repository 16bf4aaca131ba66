// magpie run: starts or resumes a run.

import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { UsageFault } from '../schemas/failure.ts'
import { describeEnd } from './describe-end.ts'
import { addRunOptions } from './run-options.ts'
import { dryRun } from './dry-run.ts'
import type { DryRunOptions } from './dry-run.ts'
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
    .option('--dry-run', 'forecast tokens, money and hours from a probe; the run itself is not touched')
    .addOption(
      new Option('--probe <n>', 'problems of the probe of --dry-run, at least 4 (default: 20)').argParser(probeSize),
    )
    .option('--json', 'the forecast of --dry-run as JSON')
    .action(async (options: Omit<DryRunOptions, 'probe'> & { probe?: number; dryRun?: true }) => {
      if (options.dryRun === true) {
        process.exitCode = await dryRun({ ...options, probe: options.probe ?? PROBE })
        return
      }
      if (options.json === true) throw new UsageFault('--json is for the forecast of --dry-run')
      if (options.probe !== undefined) throw new UsageFault('--probe is for the forecast of --dry-run')
      const end = await work({ ...options, source: { kind: 'magpie' } })
      describeEnd(end, options)
      process.exitCode = end.exitCode
    })
}

/** Problems of a probe unless said. */
const PROBE = 20

/** Fewer than four say nothing of their spread. */
function probeSize(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 4) throw new InvalidArgumentError('give a whole number of at least 4.')
  return value
}
