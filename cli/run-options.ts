// The options of run, import and quickstart, declared once.

import { Option } from 'commander'
import type { Command } from 'commander'
import { collect, positiveInteger, positiveNumber, stateOption } from './options.ts'

export interface RunOptions {
  readonly config: string
  readonly run?: string
  readonly total?: number
  readonly accept?: number
  readonly of?: 'sft' | 'preference'
  readonly budgetUsd?: number
  readonly budgetTokens?: number
  readonly maxHours?: number
  readonly stages?: string
  readonly moveClickhouse?: true
  readonly endpoint?: string[]
  readonly model?: string
  readonly state: string
  readonly out?: string
  readonly lang?: string
  readonly set?: string[]
}

export const MOVE_CLICKHOUSE =
  'leave the ClickHouse server that has the rows so far: another database is filled from Kafka'

/** Adds them to a command. */
export function addRunOptions(command: Command): Command {
  return command
    .option('--run <name>', 'name of the run; the same name goes on where it stopped (default: the config’s name)')
    .option(
      '--total <n>',
      'problems wanted; without it and without one in the config the run goes on until stopped',
      positiveInteger,
    )
    .option(
      '--accept <n>',
      'go on until so many rows are accepted; the data set holds exactly so many (without --total, no number of problems ends the run)',
      positiveInteger,
    )
    .addOption(new Option('--of <type>', 'rows that --accept counts (default: sft)').choices(['sft', 'preference']))
    .option('--budget-usd <usd>', 'end the run cleanly when it has cost so many US dollars in all', positiveNumber)
    .option('--budget-tokens <n>', 'the same for tokens of all models (2e9 is two billion)', positiveInteger)
    .option('--max-hours <hours>', 'the same for hours at work', positiveNumber)
    .option('--stages <a,b>', 'only these parts of the pipeline in this process')
    .option('--move-clickhouse', MOVE_CLICKHOUSE)
    .option('--endpoint <url>', 'model server for every role; may be given several times', collect)
    .option('--model <name>', 'model for every role')
    .addOption(stateOption())
    .option('--out <dir>', 'folder of the data sets')
    .addOption(new Option('--lang <language>', 'language of the progress messages').choices(['en', 'ja']))
    .option(
      '--set <key=value>',
      'another value for a setting, as roles.sampler.sampling.temperature=0.7; may be repeated',
      collect,
    )
}
