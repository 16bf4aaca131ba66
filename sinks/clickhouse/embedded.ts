// The embedded ClickHouse (chdb) behind the client's interface: one process for one directory. Promises: reads
// never hold up inserts (a connection each), a stranger's reads never hold up ours, none of them outlives close().

import { totalmem } from 'node:os'
import { createClient } from '@clickhouse/client'
import type { ClickHouseClient } from '@clickhouse/client'
import { UsageFault } from '../../schemas/failure.ts'
import type { Logger } from '../../schemas/logger.ts'
import { makeFolder } from '../../schemas/make-folder.ts'
import type { Database } from './contract.ts'
import { toFailure } from './errors.ts'
import { insertLines, rowsOf } from './json-lines.ts'
import { createLane, killStatement } from './lane.ts'
import { READ_ONLY_SETTINGS, assertReadOnly } from './read-only.ts'

/** Lanes of strangers: a long SELECT on one leaves the other free. */
const STRANGER_LANES = 2

type OpenConnection = () => ClickHouseClient

/**
 * Opens (creates) the directory; null when another process has it open.
 * Throws UsageFault where there is no embedded ClickHouse for this platform or the folder cannot be written.
 */
export async function openEmbedded(folder: string, log: Logger): Promise<Database | null> {
  try {
    makeFolder(folder, 0o700)
  } catch (error) {
    throw new UsageFault(`cannot make the database folder ${folder}: ${messageOf(error)}`)
  }
  const { createChdbConnection } = await loadChdb()
  const open: OpenConnection = () =>
    createClient({ connection: createChdbConnection({ path: folder }) as unknown as NonNullable<ClientConnection> })
  let first: ClickHouseClient
  try {
    first = open()
  } catch (error) {
    // The binding says only that it could not connect; the reason goes to stderr. A held directory is the usual one.
    log.debug({ folder, error: messageOf(error) }, 'the embedded database did not open')
    return null
  }
  try {
    await first.command({ query: 'SELECT 1' })
  } catch (error) {
    await first.close()
    const failure = toFailure(error, 'opening')
    // Another process was quicker to lock the directory.
    if (failure.code === 'clickhouse-76') return null
    throw failure
  }
  return createEmbedded(folder, first, open)
}

type ClientConnection = NonNullable<Parameters<typeof createClient>[0]>['connection']

function createEmbedded(folder: string, first: ClickHouseClient, open: OpenConnection): Database {
  const trusted = (): Promise<ClickHouseClient> => Promise.resolve(open())
  const control = createLane({ open: trusted, renew: true, width: 1, kill: () => Promise.resolve() })
  const kill = async (mark: string): Promise<void> => {
    await control.bytes(killStatement(mark), {})
  }
  const writes = createLane({ open: () => Promise.resolve(first), renew: false, width: 1, kill })
  const reads = createLane({ open: trusted, renew: true, width: 1, kill })
  const strangers = Array.from({ length: STRANGER_LANES }, () =>
    createLane({ open: () => openForStranger(open), renew: true, width: 1, kill }),
  )

  const bytes: Database['bytes'] = async (sql, options = {}) => {
    if (options.readOnly !== true) return await reads.bytes(sql, options)
    assertReadOnly(sql)
    return await strangers.reduce((least, lane) => (lane.load < least.load ? lane : least)).bytes(sql, options)
  }
  const query: Database['query'] = async (sql, options) => (await bytes(sql, options)).toString('utf8')

  let closing: Promise<void> | null = null
  const close = async (): Promise<void> => {
    for (const lane of [...strangers, reads, writes, control]) await lane.close()
    await first.close() // a reader never wrote, so its lane never took it
    const { drainPending } = await loadChdb()
    await drainPending()
  }
  return {
    where: folder,
    insert: async (table, rows) => {
      for (const lines of insertLines(rows)) await writes.insert(table, lines)
    },
    command: async (sql) => {
      await writes.bytes(sql, {})
    },
    bytes,
    query,
    rows: async <Row>(sql: string, parameters?: Readonly<Record<string, unknown>>) =>
      rowsOf<Row>(await query(sql, { format: 'JSONEachRow', ...(parameters === undefined ? {} : { parameters }) })),
    close: () => (closing ??= close()),
  }
}

/** A connection on which ClickHouse refuses all but bounded reads. Settings stick to it, and readonly locks them. */
async function openForStranger(open: OpenConnection): Promise<ClickHouseClient> {
  const { readonly, ...limits } = READ_ONLY_SETTINGS
  const memory = Math.min(limits.max_memory_usage, Math.floor(totalmem() / 4))
  const settings = Object.entries({ ...limits, max_memory_usage: memory, readonly })
    .map(([name, value]) => `${name} = ${typeof value === 'number' ? value : `'${value}'`}`)
    .join(', ')
  const client = open()
  try {
    await client.command({ query: `SET ${settings}` })
    return client
  } catch (error) {
    await client.close()
    throw error
  }
}

/** Loads the native library on first use only: 540 MB that a command with CLICKHOUSE_URL does not need. */
async function loadChdb() {
  try {
    const [{ createChdbConnection }, { drainPending }] = await Promise.all([import('chdb/connection'), import('chdb')])
    return { createChdbConnection, drainPending }
  } catch (error) {
    throw new UsageFault(
      `the embedded ClickHouse (npm package chdb) cannot be loaded here: ${messageOf(error)}. Run npm ci again, or set CLICKHOUSE_URL to a server`,
    )
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
