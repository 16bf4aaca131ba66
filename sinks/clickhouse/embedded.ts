// The embedded ClickHouse (chdb) behind the client's interface: one process for one directory. Promises: reads
// never hold up inserts (a connection each), a stranger's reads never hold up ours, none of them outlives close().

import { totalmem } from 'node:os'
import { createClient } from '@clickhouse/client'
import type { ClickHouseClient } from '@clickhouse/client'
import { UsageFault } from '../../schemas/failure.ts'
import type { Logger } from '../../schemas/logger.ts'
import { makeFolder } from '../../schemas/make-folder.ts'
import { tableFilters } from './as-of.ts'
import type { Database } from './contract.ts'
import { toFailure } from './errors.ts'
import { insertParts, rowsOf } from './json-lines.ts'
import { createLane, INSERT_FORMAT, insertSettings, killStatement } from './lane.ts'
import type { Lane } from './lane.ts'
import { READ_ONLY_SETTINGS, assertReadOnly } from './read-only.ts'

/** Lanes of strangers: a long SELECT on one leaves the other free. */
const STRANGER_LANES = 2
/** Lanes of earlier moments that are kept while nobody asks. */
const PAST_LANES = 2
/**
 * One insert becomes one part on the disk, and parts are merged again and again until they are large: as many rows as the
 * sink hands over at once, while ClickHouse still holds them in memory.
 */
const PART_LIMITS = { rows: 100_000, bytes: 32 * 1024 * 1024 }
/** The engine's name of its only database. */
const DATABASE = 'default'

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
  const connect = () => createChdbConnection({ path: folder })
  const open: OpenConnection = () => clientOf(connect())
  let writing: ReturnType<typeof connect>
  try {
    writing = connect()
  } catch (error) {
    // The binding says only that it could not connect; the reason goes to stderr. A held directory is the usual one.
    log.debug({ folder, error: messageOf(error) }, 'the embedded database did not open')
    return null
  }
  const first = clientOf(writing)
  try {
    await first.command({ query: 'SELECT 1' })
  } catch (error) {
    await first.close()
    const failure = toFailure(error, 'opening')
    // Another process was quicker to lock the directory.
    if (failure.code === 'clickhouse-76') return null
    throw failure
  }
  return createEmbedded(folder, first, open, async (table, { columns, lines }) => {
    await writing.chdb.rawInsert({ table, columns, values: lines, format: INSERT_FORMAT, settings: insertSettings() })
  })
}

type ClientConnection = NonNullable<Parameters<typeof createClient>[0]>['connection']

function clientOf(connection: object): ClickHouseClient {
  return createClient({ connection: connection as NonNullable<ClientConnection> })
}

/** insertPast: by the connection of the first client; the client would make one text of statement and rows. */
function createEmbedded(
  folder: string,
  first: ClickHouseClient,
  open: OpenConnection,
  insertPast: Lane['insert'],
): Database {
  const trusted = (): Promise<ClickHouseClient> => Promise.resolve(open())
  const control = createLane({ open: trusted, renew: true, width: 1, kill: () => Promise.resolve() })
  const kill = async (mark: string): Promise<void> => {
    await control.bytes(killStatement(mark), {})
  }
  const writes = createLane({ open: () => Promise.resolve(first), renew: false, width: 1, kill, insertPast })
  const reads = createLane({ open: trusted, renew: true, width: 1, kill })
  const strangers = Array.from({ length: STRANGER_LANES }, () =>
    createLane({ open: () => openForStranger(open), renew: true, width: 1, kill }),
  )

  const pasts = createPasts((asOf, readOnly) => {
    const settings = { additional_table_filters: tableFilters(asOf, DATABASE) }
    const openThen = () => (readOnly ? openForStranger(open, settings) : openWith(open, settings))
    return createLane({ open: openThen, renew: true, width: 1, kill })
  })

  const bytes: Database['bytes'] = async (sql, options = {}) => {
    const { readOnly = false, asOf } = options
    if (readOnly) assertReadOnly(sql)
    if (asOf !== undefined) return await pasts.ask(asOf, readOnly, (lane) => lane.bytes(sql, options))
    if (!readOnly) return await reads.bytes(sql, options)
    return await strangers.reduce((least, lane) => (lane.load < least.load ? lane : least)).bytes(sql, options)
  }
  const query: Database['query'] = async (sql, options) => (await bytes(sql, options)).toString('utf8')

  let closing: Promise<void> | null = null
  const close = async (): Promise<void> => {
    for (const lane of [...strangers, ...pasts.all(), reads, writes, control]) await lane.close()
    await first.close() // a reader never wrote, so its lane never took it
    const { drainPending } = await loadChdb()
    await drainPending()
  }
  return {
    where: folder,
    insert: async (table, rows) => {
      for await (const part of insertParts(rows, PART_LIMITS)) await writes.insert(table, part)
    },
    command: async (sql) => {
      await writes.bytes(sql, {})
    },
    bytes,
    query,
    rows: async (sql, parameters = {}, options = {}) =>
      rowsOf(await query(sql, { ...options, format: 'JSONEachRow', parameters })),
    close: () => (closing ??= close()),
  }
}

interface Pasts {
  /** Asks on the lane of a moment. */
  ask<Result>(asOf: number, readOnly: boolean, question: (lane: Lane) => Promise<Result>): Promise<Result>
  all(): Iterable<Lane>
}

/** A moment sticks to its connection, as every setting does: each has a lane, and the newest are kept. */
function createPasts(create: (asOf: number, readOnly: boolean) => Lane): Pasts {
  const lanes = new Map<string, Lane>()
  return {
    ask: async (asOf, readOnly, question) => {
      const name = `${asOf} ${readOnly ? 'for strangers' : ''}`
      const lane = lanes.get(name) ?? create(asOf, readOnly)
      lanes.delete(name)
      lanes.set(name, lane)
      try {
        return await question(lane)
      } finally {
        const idle = [...lanes].filter(([, { load }]) => load === 0)
        for (const [old, unused] of idle.slice(0, Math.max(0, lanes.size - PAST_LANES))) {
          lanes.delete(old)
          await unused.close()
        }
      }
    },
    all: () => lanes.values(),
  }
}

type Settings = Readonly<Record<string, string | number>>

/** A connection on which ClickHouse refuses all but bounded reads. */
async function openForStranger(open: OpenConnection, more: Settings = {}): Promise<ClickHouseClient> {
  const { readonly, ...limits } = READ_ONLY_SETTINGS
  const memory = Math.min(limits.max_memory_usage, Math.floor(totalmem() / 4))
  const toDisk = Math.min(limits.max_bytes_before_external_group_by, Math.floor(memory / 4))
  return await openWith(open, {
    ...{ ...limits, ...more, max_memory_usage: memory },
    ...{ max_bytes_before_external_group_by: toDisk, max_bytes_before_external_sort: toDisk, readonly },
  })
}

/** Settings stick to the connection; readonly, which locks them, comes last. */
async function openWith(open: OpenConnection, settings: Settings): Promise<ClickHouseClient> {
  const list = Object.entries(settings)
    .map(([name, value]) => `${name} = ${typeof value === 'number' || value.startsWith('{') ? value : `'${value}'`}`)
    .join(', ')
  const client = open()
  try {
    await client.command({ query: `SET ${list}` })
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
