// magpie revisions drop: takes a revision away, wholly. Asks first, or needs --yes; killed in the middle, it is run again.

import { createInterface } from 'node:readline/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Command } from 'commander'
import { readNewest } from '../pipeline/run-records.ts'
import { dropRevision } from '../pipeline/revisions/drop.ts'
import { planDrop } from '../pipeline/revisions/plan-drop.ts'
import type { DropPlan } from '../pipeline/revisions/contract.ts'
import type { FoundDrop } from '../pipeline/revisions/plan-drop.ts'
import type { Config } from '../configs/schema.ts'
import { createCodec } from '../schemas/codec.ts'
import type { Codec } from '../schemas/codec.ts'
import { UsageFault } from '../schemas/failure.ts'
import { silentLogger } from '../schemas/logger.ts'
import { harmless } from '../schemas/terminal-text.ts'
import type { ServerConfig } from '../sinks/clickhouse/address.ts'
import { countRows, forgetRows } from '../sinks/clickhouse/forget.ts'
import type { KafkaConnection } from '../stream/kafka.ts'
import { processIsAlive } from '../stream/process-alive.ts'
import { createSender } from '../stream/sender.ts'
import { topicNames } from '../stream/topics-admin.ts'
import { withConfiguredKafka } from './brokers.ts'
import { stateFolder, stateOption } from './options.ts'

interface DropArguments {
  readonly run?: string
  readonly config?: string
  readonly out?: string
  readonly yes?: true
  readonly dryRun?: true
  readonly leaveOrphans?: true
  /** False where they are left out. */
  readonly tables: boolean
  readonly files: boolean
  readonly state: string
}

/** Adds the command. */
export function addRevisionsDrop(revisions: Command): void {
  revisions
    .command('drop')
    .argument('<name>', 'the revision; main cannot be dropped')
    .description('takes a revision away: its topics, groups, rows and files')
    .option('--run <name>', 'the run (may be left out where one run alone has such a revision)')
    .option('--dry-run', 'say what would go, take nothing')
    .option('--yes', 'do not ask')
    .option('--leave-orphans', 'also where other revisions were made from it')
    .option('-c, --config <file>', 'the config of the run, for where Kafka and ClickHouse are')
    .option('--out <dir>', 'folder of the data sets (the one that the revision was given)')
    .option('--no-tables', 'leave its rows in ClickHouse')
    .option('--no-files', 'leave its JSON files')
    .addOption(stateOption())
    .addHelpText(
      'after',
      `
Nothing of main, of another revision or of another run is touched. docs/revisions.md says what goes and what stays.

Examples:
  ./magpie revisions drop strict --run simulated --dry-run
  ./magpie revisions drop strict --run simulated --yes`,
    )
    .action(async (name: string, options: DropArguments) => {
      await withConfiguredKafka(options, async (connection, config) => drop(name, options, connection, config))
    })
}

/** Text of others on one line, behind the blanks that it begins with. */
const say = (line: string): void => void process.stdout.write(`${/^ */.exec(line)![0]}${harmless(line)}\n`)

async function drop(
  revision: string,
  options: DropArguments,
  connection: KafkaConnection,
  config: Config | null,
): Promise<void> {
  const codec = await createCodec({ registryUrl: process.env['SCHEMA_REGISTRY_URL'] })
  const { signal } = new AbortController()
  const runId = options.run ?? (await onlyRunOf(connection, codec, revision, signal))
  const of = { runId, revision }
  const database = (server: ServerConfig | undefined) => ({
    ...{ stateDir: stateFolder(options), log: silentLogger },
    server: config?.sinks.clickhouse.server ?? server,
  })
  const look = (): Promise<FoundDrop> =>
    planDrop({
      ...{ connection, codec, ...of, signal, now: Date.now(), isAlive: processIsAlive },
      leaveOrphans: options.leaveOrphans === true,
      countRows: options.tables ? (server) => countRows(database(server), of) : null,
      out: options.files ? options.out : null,
    })
  let found = await look()
  const shown = describePlan(found)
  for (const line of shown) say(line)
  if (options.dryRun === true) return
  if (options.yes !== true) {
    await confirm(revision)
    found = await look()
    if (!isDeepStrictEqual(describePlan(found), shown))
      throw new UsageFault('what would go has changed while you were asked: nothing was dropped; run it again')
  }
  const sender = await createSender(connection, silentLogger)
  const { plan, record, server } = found
  try {
    const { isClean, keptFor } = await dropRevision({
      ...{ connection, codec, sender, plan, record, now: Date.now(), signal },
      forgetRows: () => forgetRows(database(server), of),
    })
    if (keptFor.length > plan.keptFor.length)
      say(`its topics stay: ${keptFor.join(', ')} has a revision of this name by now`)
    say(
      `revision ${revision} of run ${runId} is dropped; its name ${isClean ? 'is free again' : 'stays taken in this run'}`,
    )
    for (const line of describeLeft(plan)) say(line)
  } finally {
    await sender.close()
  }
}

/** Throws UsageFault where several runs have it, or none. */
async function onlyRunOf(
  connection: KafkaConnection,
  codec: Codec,
  revision: string,
  signal: AbortSignal,
): Promise<string> {
  const isThere = (await topicNames(connection)).includes('runs')
  const records = isThere ? await readNewest(connection, codec, signal) : []
  const runs = records
    .filter((each) => each.revision === revision && each.state !== 'dropped')
    .map(({ runId }) => runId)
  if (runs.length === 1 || revision === 'main') return runs[0] ?? ''
  throw new UsageFault(
    runs.length === 0
      ? `no run on this Kafka has a revision ${revision}`
      : `${runs.length} runs have a revision ${revision}: say which with --run (${runs.slice(0, 10).join(', ')})`,
  )
}

/** What has stayed behind where the rest is gone, and how it goes too. */
export function describeLeft({ runId, revision, filesNotIn, rowsLeftIn }: DropPlan): string[] {
  return [
    ...(filesNotIn === null
      ? []
      : [
          `its JSON files stay where they are, in the folder ${revision} of the run's data sets: nothing names them any more, so take them away by hand; a replay of this name into the same folder replaces them`,
        ]),
    ...(rowsLeftIn === null
      ? []
      : [
          `its rows stay in ClickHouse: report, search, export and sql show them until ./magpie revisions drop ${revision} --run ${runId} takes them too`,
        ]),
  ]
}

/** What goes, and what stays, a line each. */
export function describePlan({ plan, record }: Pick<FoundDrop, 'plan' | 'record'>): string[] {
  const { runId, revision, topics, kept, keptFor, groups, entries, letters, files } = plan
  return [
    `revision ${revision} of run ${runId} (${record.state})`,
    `  topics: ${topics.length === 0 ? 'none' : topics.join(', ')}`,
    ...(kept.length === 0
      ? []
      : [`  topics that stay, since ${keptFor.join(', ')} has a revision of this name too: ${kept.join(', ')}`]),
    `  consumer groups: ${groups.length}; entries on shared topics: ${entries.length}`,
    `  rows: ${rowsText(plan)}`,
    `  files: ${filesText(plan)}`,
    ...(files === null || files.foreign.length === 0
      ? []
      : [`  files that stay, since no run wrote them: ${files.foreign.join(', ')}`]),
    ...(letters === 0 ? [] : [`  dead letters that stay on their topic, and are not shown any more: ${letters}`]),
  ]
}

function rowsText({ rows, rowsLeftIn }: FoundDrop['plan']): string {
  if (rowsLeftIn !== null) return 'left alone; they stay to be seen, and the name stays taken until they go too'
  if (rows === null) return 'left alone'
  return rows.length === 0 ? 'none' : rows.map(({ table, rows: count }) => `${table} ${count}`).join(', ')
}

function filesText({ runId, files, filesNotIn }: FoundDrop['plan']): string {
  if (filesNotIn !== null)
    return `the files of run ${runId} are not in ${filesNotIn}, and those of the revision stay: run this where it was started, give its --out DIR, or leave them out with --no-files`
  if (files === null) return 'left alone'
  return files.own.length === 0 ? 'none' : `${files.own.length} in ${files.folder}`
}

/** Throws UsageFault where nobody can be asked, or the answer is another one. */
async function confirm(revision: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new UsageFault('nobody can be asked here: give --yes to drop it, or --dry-run to look')
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  try {
    const answer = await terminal.question(`Drop it for good? Type ${revision} to do so: `)
    if (answer.trim() !== revision) throw new UsageFault('nothing was dropped')
  } finally {
    terminal.close()
  }
}
