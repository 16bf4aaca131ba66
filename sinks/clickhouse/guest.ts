// The embedded database for a process that writes while another one owns it: rows go to the owner, who answers when they
// lie on its disk. Promises: when the owner has gone, this process owns the database itself at a later call, and serves
// others; a call that finds nobody there is a transient Failure; rows that went with an owner are said (`store-lost`).

import { Failure, permanent } from '../../schemas/failure.ts'
import type { Logger } from '../../schemas/logger.ts'
import { STORE_LOST } from '../../stream/delivered.ts'
import type { Database } from './contract.ts'
import type { OwnerNote } from './owner-file.ts'
import { insertAt } from './owner-writes.ts'
import { openServer } from './server.ts'

/** Where this process sits now. */
export type Seat =
  { readonly kind: 'guest'; readonly owner: OwnerNote } | { readonly kind: 'owner'; readonly database: Database }

export interface GuestParts {
  /** The owner at whose database this begins. */
  readonly owner: OwnerNote
  /** Finds the present owner, or becomes it. Throws transient Failure while neither can be told. */
  readonly sit: () => Promise<Seat>
  readonly log: Logger
}

/** Makes the database; nothing is sent before the first call. */
export function openAsGuest({ owner, sit, log }: GuestParts): Database {
  let seat: Seat = { kind: 'guest', owner }
  let reader: { readonly owner: OwnerNote; readonly database: Database } | null = null
  /** Losses that were known before this process became the owner. */
  let losses: number | null = null
  let hasLost = false
  let moving: Promise<void> | null = null

  const readerOf = (note: OwnerNote): Database => {
    if (reader?.owner !== note) {
      void reader?.database.close()
      const { url, token: password } = note
      reader = { owner: note, database: openServer({ url, user: 'magpie', password, readOnlyEnd: true }) }
    }
    return reader.database
  }
  const countLosses = async (database: Database): Promise<number> =>
    (await database.rows<{ n: number }>('SELECT count() AS n FROM damages FINAL'))[0]?.n ?? 0

  async function move(): Promise<void> {
    const next = await sit()
    const database = next.kind === 'owner' ? next.database : readerOf(next.owner)
    await database.ready?.()
    // An owner that was killed may have taken rows with it, whoever sits in its place.
    hasLost ||= losses !== null && (await countLosses(database)) > losses
    seat = next
    if (next.kind === 'owner')
      log.info({ where: database.where }, 'the owner of the database has gone; this process owns it now')
  }

  /** Asks where this process sits; where the owner does not answer, it looks for a new seat and says so. */
  async function at<Result>(
    asOwner: (database: Database) => Promise<Result>,
    asGuest: (note: OwnerNote) => Promise<Result>,
  ): Promise<Result> {
    if (seat.kind === 'owner') return await asOwner(seat.database)
    try {
      losses ??= await countLosses(readerOf(seat.owner))
      return await asGuest(seat.owner)
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'clickhouse-unreachable') throw error
      moving ??= move().finally(() => (moving = null))
      await moving
      throw error
    }
  }

  const read = async <Result>(ask: (database: Database) => Promise<Result>): Promise<Result> =>
    await at(ask, (note) => ask(readerOf(note)))

  return {
    where: owner.url,
    async insert(table, rows) {
      await at(
        async (database) => {
          if (hasLost)
            throw permanent(
              STORE_LOST,
              'the process that owned the database took rows with it: start the run again; it fills in what is missing',
            )
          await database.insert(table, rows)
        },
        (note) => insertAt(note, table, rows),
      )
    },
    command: async (sql) => {
      await at(
        (database) => database.command(sql),
        () => Promise.reject(permanent('clickhouse-guest', 'only the owner of the database runs statements')),
      )
    },
    query: (sql, options) => read((database) => database.query(sql, options)),
    bytes: (sql, options) => read((database) => database.bytes(sql, options)),
    rows: (sql, parameters) => read((database) => database.rows(sql, parameters)),
    ready: () =>
      at(
        (database) => database.ready?.() ?? Promise.resolve(),
        () => Promise.resolve(),
      ),
    async close() {
      await reader?.database.close()
      if (seat.kind === 'owner') await seat.database.close()
    },
  }
}
