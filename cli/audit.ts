// `magpie audit`: the proof, by id, that nothing of a run was lost or doubled. Exit code 0: whole; 1: it is not,
// or a server or the disk did not let it look; 2: wrong use, or no such run.

import type { Command } from 'commander'
import { auditRun } from '../analytics/audit/audit.ts'
import { renderAudit } from '../analytics/audit/render.ts'
import { loadConfig } from '../configs/load.ts'
import { createCodec } from '../schemas/codec.ts'
import { Failure, transient } from '../schemas/failure.ts'
import { silentLogger } from '../schemas/logger.ts'
import type { Database } from '../sinks/clickhouse/contract.ts'
import { openDatabase } from '../sinks/clickhouse/database.ts'
import { connectTelling, runningKafka } from './brokers.ts'
import { interruptible } from './interrupted.ts'
import { stateFolder, stateOption } from './options.ts'
import { PLAIN } from './table-style.ts'

interface AuditArguments {
  readonly run?: string
  readonly revision: string
  readonly config?: string
  readonly out?: string
  readonly input?: string
  readonly json?: true
  /** False where it is left out. */
  readonly tables: boolean
  readonly files: boolean
  readonly state: string
}

/** Adds the command. */
export function addAudit(program: Command): void {
  program
    .command('audit')
    .description('Proves by id that nothing of a run was lost or doubled, also while it goes on; else exit code 1.')
    .option('--run <name>', 'the run (the newest when left out)')
    .option('--revision <name>', 'the revision', 'main')
    .option('-c, --config <file>', 'the config of the run, for its name and where Kafka and ClickHouse are')
    .option('--out <dir>', 'folder of the data sets (the one that the run was given)')
    .option('--input <file>', 'the file of an imported run: each of its lines must have an end')
    .option('--no-tables', 'do not compare the tables of ClickHouse')
    .option('--no-files', 'do not compare the JSON files')
    .option('--json', 'as JSON')
    .addOption(stateOption())
    .addHelpText(
      'after',
      `
Every problem must end once: a row, a rejection, or a dead letter. Topics, tables and files are compared by id.
docs/audit.md says how to read the table.

Examples:
  ./magpie audit
  ./magpie audit --run simulated --json`,
    )
    .action(async (options: AuditArguments) => {
      try {
        await audit(options)
      } catch (error) {
        throw unseen(error)
      }
    })
}

async function audit(options: AuditArguments): Promise<void> {
  const { revision, input, json } = options
  const config = options.config === undefined ? null : await configOf(options.config)
  const kafka = await runningKafka(stateFolder(options), config?.kafka)
  const connection = connectTelling(kafka)
  const closers = [() => connection.close()]
  const openTables = async (): Promise<Database> => {
    const database = await openDatabase({
      ...{ stateDir: stateFolder(options), role: 'reader', log: silentLogger },
      server: config?.sinks.clickhouse.server,
    })
    closers.push(() => database.close())
    return database
  }
  try {
    const codec = await createCodec({ registryUrl: process.env['SCHEMA_REGISTRY_URL'] })
    const found = await interruptible((signal) =>
      auditRun({
        ...{ connection, codec, revision, input, signal },
        run: options.run ?? config?.name,
        database: options.tables ? openTables : null,
        out: options.files ? options.out : null,
      }),
    )
    process.stdout.write(`${json === true ? JSON.stringify(found, null, 2) : renderAudit(found, { style: PLAIN })}\n`)
    if (!found.whole) process.exitCode = 1
  } finally {
    for (const close of closers.reverse()) await close()
  }
}

/** Whoever could not look has found nothing broken, and says so. Faults of use and bugs stay what they are. */
function unseen(error: unknown): unknown {
  if (error instanceof Failure && error.code === 'interrupted') return error
  const isKnown = error instanceof Failure || (error instanceof Error && 'syscall' in error)
  if (!isKnown) return error
  return transient('unseen', `the audit could not look, which says nothing of the run: ${error.message}`, {
    cause: error,
  })
}

async function configOf(file: string) {
  const work = { producer: 'none', stages: [] } as const
  return (await loadConfig({ file, environment: process.env, work })).config
}
