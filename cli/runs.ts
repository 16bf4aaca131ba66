// magpie runs: the runs on a Kafka, how they stand, and who works at them. Asks Kafka alone, so that it can be used
// from any machine and while a run goes on.

import type { Command } from 'commander'
import { readRuns } from '../pipeline/run-overview.ts'
import type { ProcessOverview, RunOverview } from '../pipeline/run-overview.ts'
import { createCodec } from '../schemas/codec.ts'
import { UsageFault } from '../schemas/failure.ts'
import { processIsAlive } from '../stream/process-alive.ts'
import { changedSettings } from './changed-settings.ts'
import { withKafka } from './brokers.ts'
import { fittedTable, screenWidth } from './fitted-table.ts'
import type { FittedColumn } from './fitted-table.ts'
import { en } from './messages/en.ts'
import { stateOption } from './options.ts'
import { nameOf } from './run-name.ts'

interface RunsArguments {
  readonly run?: string
  readonly json?: true
  readonly state: string
}

/** Adds the command. */
export function addRuns(program: Command): void {
  program
    .command('runs')
    .description('The runs on this Kafka: running, draining, stopped, finished, failed, or lost (killed).')
    .option('--run <name>', 'this run alone, with every process that ever worked at it and its config')
    .option('--json', 'as JSON')
    .addOption(stateOption())
    .addHelpText('after', '\nExamples:\n  ./magpie runs\n  ./magpie runs --run simulated\n  ./magpie runs --json')
    .action(async (options: RunsArguments) => {
      const runs = await withKafka(options, async (connection) => {
        const codec = await createCodec({ registryUrl: process.env['SCHEMA_REGISTRY_URL'] })
        const { signal } = new AbortController()
        return await sureOfLost(() => readRuns({ connection, codec, now: Date.now(), isAlive: processIsAlive, signal }))
      })
      const shown = options.run === undefined ? runs : runs.filter(({ run }) => run === options.run)
      if (options.run !== undefined && shown.length === 0) throw noSuchRun(options.run, runs)
      const text =
        options.json === true
          ? JSON.stringify(shown)
          : describeRuns(shown, Date.now(), options.run !== undefined, screenWidth())
      process.stdout.write(`${text}\n`)
    })
}

/** A process that ends says so before it is gone: one that is lost is so also at a second look. */
export async function sureOfLost(look: () => Promise<readonly RunOverview[]>): Promise<readonly RunOverview[]> {
  const found = await look()
  return found.some(({ state }) => state === 'lost') ? await look() : found
}

function noSuchRun(name: string, runs: readonly RunOverview[]): UsageFault {
  const names = runs.slice(0, 10).map(({ run }) => run)
  return new UsageFault(`there is no run ${name}${names.length === 0 ? '' : `; there is ${names.join(', ')}`}`)
}

const RUNS: readonly FittedColumn[] = [
  ...['run', 'revision', 'state'].map((head) => ({ head })),
  { head: 'problems', isFigure: true },
  { head: 'started', spare: 1 },
  ...['last word', 'process'].map((head) => ({ head })),
]
const PROCESSES: readonly FittedColumn[] = [
  { head: 'process' },
  { head: 'began', spare: 2 },
  { head: 'last word' },
  { head: 'at work' },
  { head: 'config', spare: 1 },
  { head: 'done' },
]

/** The table of runs, a sentence for each that is lost, and, if asked for, their processes. */
export function describeRuns(
  runs: readonly RunOverview[],
  now: number,
  withProcesses: boolean,
  width = Infinity,
): string {
  if (runs.length === 0) return 'No run has been started on this Kafka.'
  const ago = (time: number): string => `${en.duration((now - time) / 1000)} ago`
  const rows = runs.map((each) => {
    const { run, revision, state, problems, startedAt, lastWordAt, pid, host, processes } = each
    const others = processes.filter((one) => one.isAtWork && (one.pid !== pid || one.host !== host)).length
    const process = `${pid} on ${host}${others === 0 ? '' : ` and ${others} more`}`
    return [run, revision, state, problems, ago(startedAt), ago(lastWordAt), process]
  })
  const lost = runs
    .filter(({ state }) => state === 'lost')
    .map(
      ({ run, revision, lastWordAt, pid, host }) =>
        `Run ${nameOf({ runId: run, revision })} is lost: its last word came ${ago(lastWordAt)} from process ${pid} on ${host}. The same command goes on from its last commit.`,
    )
  const details = withProcesses ? runs.flatMap((run) => ['', ...describeProcesses(run, ago, width)]) : []
  return [fittedTable(RUNS, rows, width), ...lost, ...details].join('\n')
}

function describeProcesses(
  { run, revision, processes }: RunOverview,
  ago: (time: number) => string,
  width: number,
): string[] {
  const rows = processes.map((each) => {
    const done = Object.entries(each.done).flatMap(([part, count]) => (count === 0 ? [] : [`${part} ${count}`]))
    const { pid, host, beganAt, lastWordAt, isAtWork, configHash } = each
    const at = isAtWork ? 'yes' : 'no'
    return [`${pid} on ${host}`, ago(beganAt), ago(lastWordAt), at, configHash.slice(0, 12), done.join(', ')]
  })
  return [
    `Processes of ${run} (${revision}), by their start:`,
    fittedTable(PROCESSES, rows, width),
    ...describeChanges(processes),
  ]
}

/** Where the config of a start differs from that of the one before. */
function describeChanges(processes: readonly ProcessOverview[]): string[] {
  return processes.flatMap(({ config, configHash, pid }, index) => {
    const before = processes[index - 1]
    if (before === undefined || before.configHash === configHash) return []
    const changed = changedSettings(before.config, config)
    return [`Process ${pid} began with another config (${configHash.slice(0, 12)}): ${changed.join(', ')}`]
  })
}
