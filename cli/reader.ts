// Asks the database as a reader, for commands that only look: CLICKHOUSE_URL's, else that of the config, else the
// embedded one. Promise: a run that ends, or begins, between opening and asking is no error: the question is asked again
// where the database is then.

import { setTimeout as wait } from 'node:timers/promises'
import { Option } from 'commander'
import { loadConfig } from '../configs/load.ts'
import { Failure } from '../schemas/failure.ts'
import { silentLogger } from '../schemas/logger.ts'
import { resolveServer } from '../sinks/clickhouse/address.ts'
import type { ServerConfig } from '../sinks/clickhouse/address.ts'
import type { Database } from '../sinks/clickhouse/contract.ts'
import { openDatabase } from '../sinks/clickhouse/database.ts'
import { stateFolder } from './options.ts'

/** Another process took or gave back the folder of the embedded database (76: its lock); the owner has gone. */
const MOVED = new Set(['clickhouse-76', 'clickhouse-unreachable'])
const TRIES = 4
const WAIT_MS = 500

export interface ReaderOptions {
  readonly state: string
  /** The config of a run, for its `sinks.clickhouse.server`. */
  readonly config?: string | undefined
  /** Gives up waiting for a database that does not answer. */
  readonly signal?: AbortSignal
}

/** `-c FILE`: where ClickHouse is and how to log in, as the run's config says. */
export function databaseOption(): Option {
  return new Option('-c, --config <file>', 'the config of the run, for where its ClickHouse is')
}

/** Opens, asks, closes. Throws UsageFault where there is no database or the config is wrong, and what the question ends with. */
export async function asReader<Result>(
  options: ReaderOptions,
  ask: (database: Database) => Promise<Result>,
  open: typeof openDatabase = openDatabase,
): Promise<Result> {
  const server = await serverOf(options.config)
  for (let tries = 1; ; tries += 1) {
    const given = options.signal === undefined ? {} : { signal: options.signal }
    const database = await open({ stateDir: stateFolder(options), role: 'reader', log: silentLogger, server, ...given })
    try {
      return await ask(database)
    } catch (error) {
      const isEmbedded = resolveServer(server, process.env) === null
      if (!isEmbedded || !(error instanceof Failure) || !MOVED.has(error.code) || tries === TRIES) throw error
    } finally {
      await database.close()
    }
    await wait(WAIT_MS)
  }
}

/** The server that a config names. Throws UsageFault with every fault of the file. */
async function serverOf(file: string | undefined): Promise<ServerConfig | undefined> {
  if (file === undefined) return undefined
  const work = { producer: 'none', stages: [] } as const
  return (await loadConfig({ file, environment: process.env, work })).config.sinks.clickhouse.server
}
