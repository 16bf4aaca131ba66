// Asks the database as a reader, for commands that only look. Promise: a run that ends, or begins, between opening and
// asking is no error: the question is asked again where the database is then.

import { setTimeout as wait } from 'node:timers/promises'
import { Failure } from '../schemas/failure.ts'
import { silentLogger } from '../schemas/logger.ts'
import type { Database } from '../sinks/clickhouse/contract.ts'
import { openDatabase } from '../sinks/clickhouse/database.ts'
import { stateFolder } from './options.ts'

/** Another process took or gave back the folder of the embedded database (76: its lock); the owner has gone. */
const MOVED = new Set(['clickhouse-76', 'clickhouse-unreachable'])
const TRIES = 4
const WAIT_MS = 500

/** Opens, asks, closes. Throws UsageFault where there is no database, and what the question ends with. */
export async function asReader<Result>(
  options: { readonly state: string },
  ask: (database: Database) => Promise<Result>,
  open: typeof openDatabase = openDatabase,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    const database = await open({ stateDir: stateFolder(options), role: 'reader', log: silentLogger })
    try {
      return await ask(database)
    } catch (error) {
      const isEmbedded = (process.env['CLICKHOUSE_URL'] ?? '') === ''
      if (!isEmbedded || !(error instanceof Failure) || !MOVED.has(error.code) || tries === TRIES) throw error
    } finally {
      await database.close()
    }
    await wait(WAIT_MS)
  }
}
