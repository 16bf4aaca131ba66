// magpie quickstart: the whole way on this machine, with a small real model: real Kafka, embedded ClickHouse, data
// sets at the end. The same `work` as every run; only the config, the name and the last words differ.

import { join, relative } from 'node:path'
import type { Command } from 'commander'
import { Option } from 'commander'
import { printReport } from './report.ts'
import { describeEnd } from './describe-end.ts'
import { stateOption, stateWords } from './options.ts'
import { work } from './work.ts'

const home = join(import.meta.dirname, '..')

interface QuickstartOptions {
  readonly run: string
  readonly state: string
  readonly out?: string
  readonly lang?: string
}

export function addQuickstart(program: Command): void {
  program
    .command('quickstart')
    .description('everything on this machine with a small real model; ends with data sets')
    .option('--run <name>', 'name of the run; another name makes another run', 'quickstart')
    .addOption(stateOption())
    .option('--out <dir>', 'folder of the data sets (default: data)')
    .addOption(new Option('--lang <language>', 'language of the progress messages').choices(['en', 'ja']))
    .addHelpText('after', '\nExample:\n  ./magpie quickstart')
    .action(async (options: QuickstartOptions) => {
      const config = relative(process.cwd(), join(home, 'configs', 'local.yaml'))
      const end = await work({ ...options, config, source: { kind: 'magpie' } })
      process.exitCode = end.exitCode
      if (end.exitCode !== 0) return
      const missing = end.result?.files.length !== 2
      await printReport({ run: end.runId, state: options.state })
      process.stderr.write(`\n${end.messages.smallModel}\n`)
      const state = stateWords(options)
      describeEnd(end, options, [
        `./magpie sql "SELECT instruction, response, verdict FROM sft FINAL LIMIT 3 FORMAT Vertical"${state}`,
        `./magpie import examples/problems.jsonl -c configs/local.yaml${state}`,
        `./magpie simulate --port 8765 &  ./magpie run -c configs/simulated.yaml --total 200${state}`,
      ])
      if (missing) {
        process.stderr.write(`${end.messages.oneSetMissing}\n`)
        process.exitCode = 1
      }
    })
}
