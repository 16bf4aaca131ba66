// `magpie dashboard`: the runs of the database in a browser, and the schema registry's read endpoints.

import type { Command } from 'commander'
import { Option } from 'commander'
import { buildReport } from '../analytics/report.ts'
import type { Database } from '../sinks/clickhouse/contract.ts'
import { openDatabase } from '../sinks/clickhouse/database.ts'
import { silentLogger } from '../schemas/logger.ts'
import type { DashboardData } from '../web/api.ts'
import { guardOf, isLoopback } from '../web/guard.ts'
import { startDashboard } from '../web/server.ts'
import { collect, portNumber, stateFolder, stateOption } from './options.ts'
import { signalled } from './signalled.ts'

interface DashboardArguments {
  readonly host: string
  readonly port: number
  readonly tokenEnv: string
  readonly allowHost: string[]
  readonly state: string
}

/** Adds the command. */
export function addDashboard(program: Command): void {
  program
    .command('dashboard')
    .description('Shows the runs of the database in a browser, and serves their Avro schemas to other tools.')
    .option('--host <address>', 'address to listen on; others than this machine need a token', '127.0.0.1')
    .addOption(new Option('--port <port>', 'port to listen on; 0: any free one').argParser(portNumber).default(8780))
    .option('--token-env <name>', 'environment variable that holds the token', 'MAGPIE_DASHBOARD_TOKEN')
    .addOption(
      new Option('--allow-host <name>', 'a further name that the dashboard is asked for under (repeatable)')
        .argParser(collect)
        .default([], 'none'),
    )
    .addOption(stateOption())
    .addHelpText(
      'after',
      `
The token, where one is set, goes behind the address: http://HOST:8780/#token=… (other tools: Authorization: Bearer …).
Schemas: /subjects, /schemas/ids/ID and so on, as a Confluent schema registry has them (docs/dashboard.md).

Examples:
  ./magpie dashboard
  MAGPIE_DASHBOARD_TOKEN=$(openssl rand -hex 24) ./magpie dashboard --host 0.0.0.0 --allow-host trainer.example
  curl http://127.0.0.1:8780/subjects`,
    )
    .action(serve)
}

async function serve({ host, port, tokenEnv, allowHost, state }: DashboardArguments): Promise<void> {
  const set = process.env[tokenEnv]
  const token = set === undefined || set === '' ? null : set
  const guard = guardOf(host, token, tokenEnv, allowHost)
  const data = dataOf(stateFolder({ state }))
  const dashboard = await startDashboard({ host, port, guard, data, log: silentLogger })
  process.stdout.write(`Dashboard: ${dashboard.url}${token === null ? '' : `/#token=… (the value of ${tokenEnv})`}\n`)
  if (!isLoopback(host))
    process.stdout.write('It speaks plain HTTP: put a proxy with TLS before it where the network is not yours.\n')
  const signal = await signalled()
  await dashboard.close()
  if (signal === 'SIGINT') process.exitCode = 130
}

/** A database of nobody is opened for each question and let go, so that a run can begin in between. */
function dataOf(stateDir: string): DashboardData {
  let last: Promise<unknown> = Promise.resolve()
  const asked = async <Answer>(question: (database: Database) => Promise<Answer>): Promise<Answer> => {
    const mine = last.then(async () => {
      const database = await openDatabase({ stateDir, role: 'reader', log: silentLogger })
      try {
        return await question(database)
      } finally {
        await database.close()
      }
    })
    last = mine.catch(() => undefined)
    return await mine
  }
  return {
    runs: () =>
      asked((database) =>
        database.rows<object>(
          'SELECT id, run_id AS run, revision, state, started_at AS startedAt, finished_at AS finishedAt FROM runs FINAL ORDER BY started_at DESC LIMIT 200',
        ),
      ),
    report: (which) => asked((database) => buildReport(database, which)),
    sql: (query, signal) =>
      asked(async (database) => {
        const text = await database.query(query, { format: 'JSONCompact', readOnly: true, signal })
        const { meta, data } = JSON.parse(text) as { meta: { name: string }[]; data: unknown[][] }
        return { columns: meta.map(({ name }) => name), rows: data }
      }),
  }
}
