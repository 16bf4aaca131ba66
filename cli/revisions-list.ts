// magpie revisions list: what each revision was made from, how far it has come, and what it holds.

import type { Command } from 'commander'
import { listRevisions } from '../analytics/revisions/list.ts'
import type { RevisionLine } from '../analytics/revisions/list.ts'
import { createCodec } from '../schemas/codec.ts'
import { Failure, UsageFault } from '../schemas/failure.ts'
import { harmless } from '../schemas/terminal-text.ts'
import { processIsAlive } from '../stream/process-alive.ts'
import { withConfiguredKafka } from './brokers.ts'
import { fittedTable, screenWidth } from './fitted-table.ts'
import type { FittedColumn } from './fitted-table.ts'
import { en } from './messages/en.ts'
import { stateOption } from './options.ts'
import { asReader } from './reader.ts'

interface ListArguments {
  readonly run?: string
  readonly config?: string
  readonly json?: true
  readonly tables: boolean
  readonly state: string
}

const HELP = `
Column "in" has the problems that a run made or a replay took, as its processes have said: what one that was killed did in
its last seconds is not in it until the run goes on, or the rows in ClickHouse show it.

Examples:
  ./magpie revisions list
  ./magpie revisions list --run simulated --json`

/** Adds the command. */
export function addRevisionsList(revisions: Command): void {
  revisions
    .command('list')
    .description('every revision: what it was made from, its state, its rows')
    .option('--run <name>', 'of this run alone')
    .option('-c, --config <file>', 'the config of the run, for where Kafka and ClickHouse are')
    .option('--no-tables', 'do not ask ClickHouse for rows')
    .option('--json', 'as JSON')
    .addOption(stateOption())
    .addHelpText('after', HELP)
    .action(async (options: ListArguments) => {
      const lines = await readLines(options)
      if (options.run !== undefined && lines.length === 0)
        throw new UsageFault(`there is no run ${options.run} on this Kafka`)
      const text =
        options.json === true ? JSON.stringify(lines.map(asJson), null, 2) : describe(lines, Date.now(), screenWidth())
      process.stdout.write(`${text}\n`)
    })
}

async function readLines(options: ListArguments): Promise<RevisionLine[]> {
  return await withConfiguredKafka(options, async (connection) => {
    const look = {
      ...{ connection, now: Date.now(), isAlive: processIsAlive, signal: new AbortController().signal },
      codec: await createCodec({ registryUrl: process.env['SCHEMA_REGISTRY_URL'] }),
    }
    const { run } = options
    if (!options.tables) return await listRevisions({ look, database: null, run })
    try {
      return await asReader(options, async (database) => listRevisions({ look, database, run }))
    } catch (error) {
      if (!(error instanceof UsageFault) && !(error instanceof Failure && error.code.startsWith('clickhouse')))
        throw error
      process.stderr.write(`magpie: rows are not counted: ${harmless(error.message)}\n`)
      return await listRevisions({ look, database: null, run })
    }
  })
}

const iso = (time: number | null): string | null => (time === null ? null : new Date(time).toISOString())

function asJson({ startedAt, finishedAt, ...line }: RevisionLine): object {
  return { ...line, startedAt: iso(startedAt), finishedAt: iso(finishedAt) }
}

const COLUMNS: readonly FittedColumn[] = [
  ...['run', 'revision', 'made from', 'state'].map((head) => ({ head })),
  { head: 'started', spare: 2 },
  { head: 'finished', spare: 3 },
  { head: 'in', isFigure: true },
  { head: 'sft', isFigure: true },
  { head: 'preferences', isFigure: true },
  { head: 'rejections', isFigure: true },
  { head: 'config', spare: 1 },
]

/** One line a revision, and what a column has no room for below. */
export function describe(lines: readonly RevisionLine[], now: number, width = Infinity): string {
  if (lines.length === 0) return 'No run has been started on this Kafka.'
  const ago = (time: number | null): string => (time === null ? '' : `${en.duration((now - time) / 1000)} ago`)
  const table = fittedTable(
    COLUMNS,
    lines.map((line) => [
      harmless(line.run),
      harmless(line.revision),
      line.of === null ? 'its own problems' : harmless(`${line.from ?? ''} of ${line.of}`),
      line.state,
      ago(line.startedAt),
      ago(line.finishedAt),
      ...[line.in, line.sft, line.preferences, line.rejections].map((count) => count ?? '-'),
      line.configHash.slice(0, 12),
    ]),
    width,
  )
  const details = lines.flatMap((line) => (line.of === null ? [] : [detailsOf(line)]))
  return [table, ...(details.length === 0 ? [] : ['', ...details])].join('\n')
}

function detailsOf({ run, revision, range, selection, keep, into, state }: RevisionLine): string {
  const parts = [
    range,
    ...(selection === null ? [] : [`${selection.problems} problems by ${selection.sql}`]),
    ...(keep.length === 0 ? [] : [`keeps ${keep.join(' and ')}`]),
    ...(into === null ? [] : [`adds to the rows of ${into}`]),
    ...(state === 'dropping' ? [`a drop was broken off: ./magpie revisions drop ${revision} --run ${run}`] : []),
  ]
  return harmless(`${run} ${revision}: ${parts.join('; ')}`)
}
