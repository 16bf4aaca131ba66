// The database, wherever it is: a ClickHouse server (CLICKHOUSE_URL), the embedded one in the state folder, or
// the embedded one of a run that is going on, over its port. Promise: the same calls and errors for all three.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure, UsageFault, transient } from '../../schemas/failure.ts'
import type { Logger } from '../../schemas/logger.ts'
import { resolveServer } from './address.ts'
import type { ServerAddress, ServerConfig } from './address.ts'
import type { Database } from './contract.ts'
import { openEmbedded } from './embedded.ts'
import { openAsGuest } from './guest.ts'
import type { Seat } from './guest.ts'
import { inTurn } from './opening-turn.ts'
import { knock } from './knock.ts'
import type { Host } from './knock.ts'
import { migrate } from './migrate.ts'
import { holderOf, liveOwner } from './owner-file.ts'
import { serveOwner } from './owner.ts'
import { assertRoom } from './room.ts'
import { openServer } from './server.ts'
import { expireTexts } from './text-ttl.ts'
import { keepWhole } from './whole-parts.ts'

export interface OpenOptions {
  /** A server, http(s)://[user:password@]host[:port][/database]; else CLICKHOUSE_URL; else embedded. */
  readonly url?: string | undefined
  /** The config's, where there is one: the environment goes before it. */
  readonly server?: ServerConfig | undefined
  /** Folder of local state; the embedded database lies in clickhouse/ under it. */
  readonly stateDir: string
  /**
   * owner: writes, and serves readers in other processes while it is open. sharer: the same; where another process owns
   * the embedded database, it hands its rows to that one (guest.ts). reader: reads, and creates nothing.
   */
  readonly role: 'owner' | 'sharer' | 'reader'
  readonly log: Logger
  readonly signal?: AbortSignal
  /** How long to wait for another process to let go of the directory, ms (60,000 for an owner, 20,000 for a reader). */
  readonly patienceMs?: number
  /** Days that an owner keeps texts of responses in the tables, null: for good (text-ttl.ts). Left out: as it is. */
  readonly textDays?: number | null | undefined
}

/** Folder of the embedded database. */
export function embeddedFolder(stateDir: string): string {
  return join(stateDir, 'clickhouse')
}

/** The server that is named; null: the database is the embedded one. Throws UsageFault with every fault. */
export function serverOf({ url, server }: Pick<OpenOptions, 'url' | 'server'>): ServerAddress | null {
  const named = url === undefined ? {} : { CLICKHOUSE_URL: url }
  return resolveServer(server, { ...process.env, ...named })
}

/**
 * Opens the database; an owner also brings its tables up to date.
 * Throws UsageFault when a reader finds no database, when another owner lives in the state folder, on a bad URL, where
 * something else than a ClickHouse answers there, and where the server refuses the login or its certificate is not to be
 * trusted; transient `database-locked` when the directory stays in use, `disk-full` where it has no room to be opened.
 * A server that is down is transient `clickhouse-unreachable` to a reader, and no fault to an owner: each call says so
 * until it is back.
 */
export async function openDatabase(options: OpenOptions): Promise<Database> {
  const address = serverOf(options)
  if (address !== null) {
    const database = openServer(address)
    return await closeOnFault(database, async () => {
      const host = await knock(database, address, { signal: options.signal })
      assertOurs(database, host, options.role)
      if (options.role === 'reader') return database
      return await prepared(database, () => bringUp(database, options), options.log, host)
    })
  }
  if (options.role === 'reader') return await openAsReader(options)
  return options.role === 'owner' ? await openAsOwner(options) : await openShared(options)
}

/** Brings the tables up to date. */
async function bringUp(database: Database, { log, textDays }: OpenOptions): Promise<void> {
  await migrate(database, log)
  if (textDays !== undefined) await expireTexts(database, textDays, log)
}

/** Throws where the one at the address is of no use: to a reader also one that is down. */
function assertOurs({ where }: Database, { state, said }: Host, role: OpenOptions['role']): void {
  const other = `${where} does not answer as a ClickHouse: ${said}`
  switch (state) {
    case 'lets-in':
      return
    case 'refuses-us':
      throw new UsageFault(`${where} refuses the login: ${said}; set CLICKHOUSE_USER and CLICKHOUSE_PASSWORD`)
    case 'no-trust':
      throw new UsageFault(
        `${where}: ${said}; its files are sinks.clickhouse.server.tls, or CLICKHOUSE_CA, CLICKHOUSE_CERT and CLICKHOUSE_KEY`,
      )
    case 'stranger':
      throw new UsageFault(
        `${other}; CLICKHOUSE_URL, or sinks.clickhouse.server.url, is to be its HTTP port (8123 or 8443)`,
      )
    case 'down':
      if (role === 'reader') throw transient('clickhouse-unreachable', other)
  }
}

/**
 * The database with its tables up to date; where that cannot be done yet (a server that is down, a full disk), it is
 * done before the first rows.
 */
async function prepared(database: Database, prepare: () => Promise<void>, log: Logger, host?: Host): Promise<Database> {
  let done: Promise<void> | null = null
  const once = (): Promise<void> => {
    done ??= prepare().catch((error: unknown) => {
      done = null
      throw error
    })
    return done
  }
  const goOn = (said: string): void => {
    log.warn({ database: database.where, error: said }, 'the database does not answer yet; going on without it')
  }
  if (host?.state === 'down') goOn(host.said)
  else
    await once().catch((error: unknown) => {
      if (!(error instanceof Failure) || error.retry === 'permanent') throw error
      goOn(error.message)
    })
  return {
    ...database,
    ready: once,
    insert: async (table, rows) => {
      await once()
      await database.insert(table, rows)
    },
  }
}

async function openAsOwner(options: OpenOptions): Promise<Database> {
  const seat = await takeSeat(options, 60_000)
  if (seat.kind === 'guest') {
    throw new UsageFault(
      `process ${seat.owner.pid} already runs with the state folder ${options.stateDir} and owns its database: stop it, give another --state DIR, share a server by CLICKHOUSE_URL, or leave clickhouse out of --stages (a worker needs no database)`,
    )
  }
  return seat.database
}

async function openShared(options: OpenOptions): Promise<Database> {
  const seat = await takeSeat(options, 60_000)
  if (seat.kind === 'owner') return seat.database
  const { log, stateDir } = options
  log.info({ owner: seat.owner.pid, folder: stateDir }, 'another process owns the database; rows go to it')
  return openAsGuest({ owner: seat.owner, sit: () => takeSeat(options, MOVE_MS), log })
}

/** A guest whose owner has gone waits so long for the folder; then its sink tries again. */
const MOVE_MS = 5000

/** Owns the embedded database, or finds who does. Throws transient `database-locked` while neither can be told. */
async function takeSeat(options: OpenOptions, patienceMs: number): Promise<Seat> {
  const { log } = options
  const folder = embeddedFolder(options.stateDir)
  const openedAt = Date.now()
  const found = await untilFree(folder, options, patienceMs)
  if (found.kind === 'owner') return { kind: 'guest', owner: found }
  const whole = keepWhole(found.database, openedAt, log)
  const prepare = async (): Promise<void> => {
    await assertRoom(folder)
    await bringUp(found.database, options)
    await whole.prepare()
  }
  return await closeOnFault(whole, async () => {
    const database = await prepared(whole, prepare, log)
    const served = await serveOwner({ database, folder, log })
    const close = async (): Promise<void> => {
      await served.close()
      await whole.close()
    }
    return { kind: 'owner', database: { ...database, close } }
  })
}

async function openAsReader(options: OpenOptions): Promise<Database> {
  const folder = embeddedFolder(options.stateDir)
  if (!existsSync(join(folder, 'store')) && !existsSync(join(folder, 'data'))) {
    throw new UsageFault(
      `there is no database in ${folder} yet: start a run first, give its --state DIR, or set CLICKHOUSE_URL`,
    )
  }
  const found = await untilFree(folder, options, 20_000)
  if (found.kind === 'free') return found.database
  return openServer({ url: found.url, user: 'magpie', password: found.token, readOnlyEnd: true })
}

type Found =
  | { readonly kind: 'free'; readonly database: Database }
  | { readonly kind: 'owner'; readonly pid: number; readonly url: string; readonly token: string }

/** Waits until the directory can be opened here, or an owner answers. */
async function untilFree(folder: string, options: OpenOptions, patienceMs: number): Promise<Found> {
  const deadline = Date.now() + (options.patienceMs ?? patienceMs)
  let said = false
  for (let attempt = 0; ; attempt += 1) {
    options.signal?.throwIfAborted()
    const owner = await liveOwner(folder)
    if (owner !== null) return { kind: 'owner', ...owner }
    // Opening a held directory fails and prints; so it is tried only when its holder is gone, and now and then
    // in case the holder's process id belongs to someone else by now.
    const holder = holderOf(folder)
    const isInsisting = attempt % 20 === 19
    if (holder === null || isInsisting) {
      if (options.role !== 'reader' && existsSync(folder)) await assertRoom(folder)
      const open = async () => await openEmbedded(folder, options.log)
      const database = await inTurn(
        folder,
        async () => (isInsisting || holderOf(folder) === null ? await open() : null),
        isInsisting,
      )
      if (database !== null) return { kind: 'free', database }
    }
    if (Date.now() >= deadline) {
      throw transient(
        'database-locked',
        `${folder} is in use by ${holder === null ? 'another process' : `process ${holder}`}: wait until it ends, or give another --state DIR`,
      )
    }
    if (!said) options.log.info({ folder, pid: holder }, 'waiting for another process to let go of the database')
    said = true
    await sleep(250, undefined, { signal: options.signal })
  }
}

async function closeOnFault<Result>(
  database: { close(): Promise<void> },
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    await database.close()
    throw error
  }
}
