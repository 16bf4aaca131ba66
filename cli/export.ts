// `magpie export`: a data set out of the database, in the format that a trainer reads; `--check` loads one back. Exit
// codes: 1 where no row is left, or a check finds something; 2 where the path of a check is no export; 130 interrupted.

import { Option } from 'commander'
import type { Command } from 'commander'
import { checkExport, describeFault } from '../analytics/export/check.ts'
import { FORMATS, REASONING, SHAPES } from '../analytics/export/contract.ts'
import type { DataSetType, Filters, Format, Reasoning, Shape } from '../analytics/export/contract.ts'
import { exportDataSet } from '../analytics/export/export.ts'
import type { Exported } from '../analytics/export/export.ts'
import { lookOf } from '../analytics/export/look.ts'
import { UsageFault } from '../schemas/failure.ts'
import { harmless } from '../schemas/terminal-text.ts'
import { interruptible } from './interrupted.ts'
import { collect, moment, notNegative, positiveInteger, share, stateOption } from './options.ts'
import { asReader, databaseOption } from './reader.ts'
import { programVersion } from './version.ts'

interface ExportArguments {
  readonly check?: string
  readonly format?: Format
  readonly out?: string
  readonly type?: DataSetType
  readonly run?: string[]
  readonly revision: string
  readonly where?: string
  readonly asOf?: number
  readonly limit?: number
  readonly split?: number
  readonly minTokens?: number
  readonly maxTokens?: number
  readonly reasoning?: Reasoning
  readonly shape?: Shape
  readonly bare?: true
  readonly reward?: string
  readonly threshold?: number
  readonly license?: string
  readonly title?: string
  readonly force?: true
  readonly json?: true
  readonly config?: string
  readonly state: string
}

/** Adds the command. */
export function addExport(program: Command): void {
  program
    .command('export')
    .description('Writes a data set out of the database, in the format that a trainer reads; or checks one.')
    .addOption(new Option('--format <format>', 'how rows look (below)').choices(FORMATS))
    .option('--out <path>', 'a folder; or a file, which its ending says: .json .jsonl .parquet .avro')
    .addOption(new Option('--type <type>', 'which data set').choices(['sft', 'preference']))
    .option('--run <name>', 'the run (the newest when left out); may be given several times', collect)
    .option('--revision <name>', 'the revision', 'main')
    .option('--where <condition>', 'only rows of which this SQL is true, by the columns of their table')
    .option('--as-of <time>', 'the data set as it was then', moment)
    .option('--limit <rows>', 'so many rows at most, the first by id', positiveInteger)
    .option('--split <share>', 'this share of the problems goes to a test file, the same ones always', share)
    .option('--min-tokens <tokens>', 'only rows of at least so many tokens, prompt and completion', positiveInteger)
    .option('--max-tokens <tokens>', 'only rows of at most so many tokens, prompt and completion', positiveInteger)
    .addOption(
      new Option(
        '--reasoning <how>',
        'of conversations and pairs: keep: a field of its own; think: in the text, in think tags; drop',
      ).choices(REASONING),
    )
    .addOption(new Option('--shape <shape>', 'of dpo and kto: lists of messages, or texts').choices(SHAPES))
    .option('--reward <name>', 'of prm: the process reward that scored the steps')
    .option('--threshold <score>', 'of prm: the least score of a right step (0.5)', notNegative)
    .option('--bare', 'nothing but what the trainer reads: no ids, verdicts, rewards, models')
    .option('--license <name>', 'of a folder: licence of the rows for the card, as the hub names it, like cc-by-4.0')
    .option('--title <text>', 'of a folder: heading of the card')
    .option('--force', 'write also where files lie that are no export')
    .option('--check <path>', 'load an export back (its folder, or one of its files) and hold it to its manifest')
    .option('--json', 'what was written or found, as JSON')
    .addOption(databaseOption())
    .addOption(stateOption())
    .addHelpText(
      'after',
      `
Formats: magpie (the JSON of a run's own files), jsonl, parquet, avro: whole rows.
sharegpt, messages (OpenAI): conversations of --type sft. dpo, kto (TRL): of --type preference.
prm (TRL, stepwise): scored steps of responses. docs/exports.md shows a row of each.
A manifest.json with checksums, filters, offsets and the SQL lies beside the files, in a folder also a card
(README.md with plots). Reading only; a run may be going on.

Examples:
  ./magpie export --format messages --out data/sft --split 0.05
  ./magpie export --format dpo --run r1 --where "margin > 0.5" --out pairs.jsonl
  ./magpie export --format parquet --type sft --max-tokens 16384 --out data/parquet
  ./magpie export --check data/sft`,
    )
    .action(async (options: ExportArguments, command: Command) => {
      const { check: path, json } = options
      if (path !== undefined) assertAlone(command)
      if (path === undefined)
        await interruptible((signal) => write(options, signal), 'interrupted; nothing was written')
      else await interruptible((signal) => check(path, json === true, signal))
    })
}

/** A check takes the manifest's word for what was exported; nothing else would be looked at. Throws UsageFault. */
function assertAlone(command: Command): void {
  const given = command.options
    .filter((each) => command.getOptionValueSource(each.attributeName()) === 'cli')
    .flatMap(({ long }) =>
      long === undefined || ['--check', '--json', '--state', '--config'].includes(long) ? [] : [long],
    )
  if (given.length > 0)
    throw new UsageFault(`--check goes by the manifest and takes no ${given.join(', ')}: leave that out`)
}

async function write(options: ExportArguments, signal: AbortSignal): Promise<void> {
  const { format, out } = options
  if (format === undefined || out === undefined) {
    throw new UsageFault([
      ...(format === undefined ? [`--format is missing: one of ${FORMATS.join(', ')}`] : []),
      ...(out === undefined ? ['--out is missing: the folder or the file to write'] : []),
    ])
  }
  const look = lookOf({ ...options, format, out })
  const filters = filtersOf(options)
  const exported = await asReader({ ...options, signal }, (database) =>
    exportDataSet({
      ...{ database, look, filters, out, signal },
      ...{ force: options.force === true, license: options.license, title: options.title },
      programVersion: programVersion(),
      now: Date.now,
    }),
  )
  process.stdout.write(`${options.json === true ? JSON.stringify(exported, null, 2) : describe(exported)}\n`)
}

function filtersOf(options: ExportArguments): Filters {
  const { run = [], revision, where = null, asOf = null, limit = null, split = null } = options
  const { minTokens = null, maxTokens = null } = options
  if (minTokens !== null && maxTokens !== null && minTokens > maxTokens)
    throw new UsageFault(`--min-tokens ${minTokens} is above --max-tokens ${maxTokens}`)
  return { runs: run, revision, where, asOf, limit, split, minTokens, maxTokens }
}

/** What was written, a line a file, and what one may look for in vain. */
function describe({ path, manifest }: Exported): string {
  const { files, rows, left_out: leftOut, runs, filters } = manifest
  const of = `${runs.map(({ run }) => run).join(', ')} (${filters.revision})`
  return [
    `${rowsText(rows)} of ${of} in ${path}:`,
    ...files.map((file) => `  ${file.path}: ${rowsText(file.rows)}, ${file.bytes} bytes`),
    ...(filters.split === null ? [] : (['train', 'test'] as const))
      .filter((side) => files.every(({ split }) => split !== side))
      .map((side) => `no file ${side}: --split ${filters.split} puts none of these problems on that side`),
    ...Object.entries(leftOut).map(([reason, count]) => `${rowsText(count)} left out: ${reason}`),
  ]
    .map((line) => line.replace(/\S.*/, harmless))
    .join('\n')
}

const rowsText = (rows: number): string => `${rows} ${rows === 1 ? 'row' : 'rows'}`

async function check(path: string, asJson: boolean, signal: AbortSignal): Promise<void> {
  const { rows, faults, faultCount, manifest } = await checkExport(path, signal)
  const { format, type } = manifest
  if (faultCount > 0) process.exitCode = 1
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ path, format, type, rows, faults, faultCount }, null, 2)}\n`)
    return
  }
  const more = faultCount > faults.length ? [`and ${faultCount - faults.length} more`] : []
  const lines =
    faultCount === 0
      ? [`${path}: ${rowsText(rows)} of format ${format}, as the manifest has them`]
      : [`${path}: ${faultCount} faults`, ...faults.map((fault) => `  ${describeFault(fault)}`), ...more]
  process.stdout.write(`${lines.map((line) => line.replace(/\S.*/, harmless)).join('\n')}\n`)
}
