// magpie import: the same as run, with problems from a file.

import type { Command } from 'commander'
import { describeEnd } from './describe-end.ts'
import { addRunOptions } from './run-options.ts'
import type { RunOptions } from './run-options.ts'
import { work } from './work.ts'

export function addImport(program: Command): void {
  const command = program
    .command('import')
    .description('run the pipeline over problems of a JSONL file (fields: problem or question, answer if known)')
    .argument('<file>', 'JSONL file')
    .requiredOption('-c, --config <file>', 'config of the run')
  addRunOptions(command)
    .addHelpText(
      'after',
      '\nExamples:\n  ./magpie import examples/problems.jsonl -c configs/local.yaml\n  ./magpie import problems.jsonl -c my.yaml --budget-tokens 2e9',
    )
    .action(async (file: string, options: RunOptions) => {
      const end = await work({ ...options, source: { kind: 'jsonl', file } })
      describeEnd(end, options)
      process.exitCode = end.exitCode
    })
}
