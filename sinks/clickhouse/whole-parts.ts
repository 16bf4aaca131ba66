// The embedded ClickHouse's word that rows are written, held to. By itself it acknowledges rows whose files the disk has
// cut off (no room, a file limit, an error): the failed write is dropped inside it and it goes on, at inserts and at
// merges alike (chdb 3.4.0, seen with each file of a part). docs/decisions/0016-rows-are-looked-at-again.md.
// Promises: insert() returns when the rows lie whole on the disk; a merge that was cut is undone while its sources are
// still there; what is lost all the same is recorded, so that runs are read again from their topics.

import { permanent, transient } from '../../schemas/failure.ts'
import type { Logger } from '../../schemas/logger.ts'
import { STORE_LOST } from '../../stream/delivered.ts'
import { oneAfterAnother } from '../../stream/in-turn.ts'
import type { Database } from './contract.ts'
import { activeParts, brokenParts, isCovered, isWhole, parts, tablesWithParts } from './parts.ts'
import type { Part } from './parts.ts'
import { recordDamages } from './refills.ts'
import type { Damage } from './refills.ts'
import { assertRoom } from './room.ts'

/** Between two looks at merged parts. ClickHouse keeps what it merged for 480 s, so a cut merge is found in time. */
const LOOK_MS = 10_000

/**
 * Settings of every table: rows and their folder entries are synced to the disk before an insert or a merge counts,
 * and many broken parts at once do not keep a table from opening. Parts of up to 128 MiB have one file for all columns:
 * with files for each of its 72 columns, an insert into `responses` mostly waits for their syncs.
 */
const SETTINGS =
  'min_bytes_for_wide_part = 134217728, fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000000'

export interface WholeDatabase extends Database {
  /** Sets the tables up, and finds what is broken since they were closed. Call after migrate(), again after a Failure. */
  prepare(): Promise<void>
}

/** Wraps the database of a process that owns it. openedAt: milliseconds since 1970 UTC, before it was opened. */
export function keepWhole(database: Database, openedAt: number, log: Logger): WholeDatabase {
  const turn = oneAfterAnother()
  /** Active parts by table that are known to be whole. */
  const known = new Map<string, Set<string>>()
  /** Tables that a repair has taken away and not brought back. */
  const away = new Set<string>()
  let timer: NodeJS.Timeout | null = null
  /** Rows of earlier inserts are gone. */
  let hasLost = false

  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => turn(undefined, work)
  const knownOf = (table: string): Set<string> => {
    let names = known.get(table)
    if (names === undefined) known.set(table, (names = new Set()))
    return names
  }

  async function prepare(): Promise<void> {
    await assertRoom(database.where)
    for (const { name, sql } of await tablesWithParts(database)) {
      // ClickHouse has compared the sizes of all files when it opened the table. A merge of parts that were there then
      // may have begun since; it reaches over a gap, so only what is older says what is there.
      const found = (await parts(database, name)).filter(({ time }) => time < Math.floor(openedAt / 1000))
      for (const part of found) knownOf(name).add(part.name)
      await settle(name, found)
      hasLost = false // no run has begun here: each looks at what it is owed
      if (!sql.includes('min_bytes_for_wide_part')) {
        await database.command(`ALTER TABLE ${name} MODIFY SETTING ${SETTINGS}`)
      }
    }
    timer ??= setInterval(() => {
      inTurn(lookAtAll).catch((error: unknown) => {
        log.warn({ error: String(error) }, 'the parts of the database could not be looked at; trying again')
      })
    }, LOOK_MS).unref()
  }

  /** Takes broken parts away that have taken nothing with them, and records what the others have taken. */
  async function settle(table: string, whole: readonly Part[]): Promise<void> {
    const lost: Damage[] = []
    for (const part of await brokenParts(database, table)) {
      if (isCovered(part, whole)) await forget(table, part.name)
      else lost.push({ id: `${table}/${part.name}`, table, reason: part.reason })
    }
    if (lost.length === 0) return
    log.error({ table, parts: lost.length }, 'rows of the database are lost; the next start of a run reads them again')
    hasLost = true
    await recordDamages(database, lost)
  }

  async function forget(table: string, part: string): Promise<void> {
    log.info({ table, part }, 'a broken part had nothing that is not elsewhere; taken away')
    await database.command(`ALTER TABLE ${table} DROP DETACHED PART '${part}' SETTINGS allow_drop_detached = 1`)
  }

  async function insertWhole(table: string, rows: readonly object[]): Promise<void> {
    if (hasLost)
      throw permanent(
        STORE_LOST,
        `the database in ${database.where} has lost rows: look after its disk and start the run again; it fills in what is missing`,
      )
    await assertRoom(database.where)
    if (away.has(table)) await bringBack(table)
    await database.insert(table, rows)
    const names = knownOf(table)
    const fresh = (await activeParts(database, table)).filter(({ name }) => !names.has(name))
    const cut: Part[] = []
    for (const part of fresh) {
      // A merge reads its sources against their checksums; the merged part itself is looked at in lookAtAll().
      if (part.from !== part.to) continue
      if (await isWhole(database, table, part.name)) names.add(part.name)
      else cut.push(part)
    }
    if (cut.length === 0) return
    // Its rows were not acknowledged: they come again, so nothing is lost with it.
    await repair(table, cut)
    throw transient(
      'disk-cut',
      `the disk of ${database.where} did not take all of an insert into ${table}: make room, or look after the disk`,
    )
  }

  /** Looks at every part that nobody has looked at yet. */
  async function lookAtAll(): Promise<void> {
    for (const { name: table } of await tablesWithParts(database)) {
      const names = knownOf(table)
      const active = await activeParts(database, table)
      const there = new Set(active.map(({ name }) => name))
      for (const name of names) if (!there.has(name)) names.delete(name)
      let isCut = false
      for (const { name } of active) {
        if (names.has(name)) continue
        if (await isWhole(database, table, name)) names.add(name)
        else isCut = true
      }
      if (!isCut) continue
      log.warn({ table }, 'the disk has cut off a merge of the database; taking up what was merged again')
      await repair(table, [])
    }
  }

  /** Opens the table anew: ClickHouse puts broken parts aside and takes up again what they were merged from. */
  async function repair(table: string, spare: readonly Part[]): Promise<void> {
    const before = new Set((await parts(database, table)).map(({ name }) => name))
    await database.command(`DETACH TABLE ${table}`)
    away.add(table)
    await bringBack(table)
    const whole = (await parts(database, table)).filter(({ name }) => before.has(name))
    await settle(table, [...whole, ...spare])
  }

  async function bringBack(table: string): Promise<void> {
    try {
      await database.command(`ATTACH TABLE IF NOT EXISTS ${table}`)
      away.delete(table)
    } catch (error) {
      throw transient('table-away', `table ${table} of ${database.where} does not open again: ${String(error)}`, {
        cause: error,
      })
    }
  }

  return {
    ...database,
    prepare: () => inTurn(prepare),
    insert: (table, rows) => inTurn(() => insertWhole(table, rows)),
    close: async () => {
      if (timer !== null) clearInterval(timer)
      await inTurn(() => Promise.resolve())
      await database.close()
    },
  }
}
