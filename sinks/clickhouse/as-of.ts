// The tables as they were at an earlier moment: every table that a query reads, also inside a view, shows only rows
// that were there by then. Promise: which rows those are does not depend on what ClickHouse has merged meanwhile. What
// a row says is what is known of it today; docs/sql.md says for each table what that means.

import type { Database, QueryOptions } from './contract.ts'
import { quoted } from './quoted.ts'

/** When a row of each table came to be there; {T} stands for the moment. Tables about the database itself have no past. */
const WAS_THERE: Readonly<Record<string, string>> = {
  // Its row is replaced whenever its state changes.
  runs: 'started_at <= {T}',
  run_starts: 'created_at <= {T}',
  // created_at is the problem's own; in another revision it has been there since that revision reached it.
  problems: "created_at <= {T} AND (revision = 'main' OR reached_at <= {T})",
  responses: 'created_at <= {T}',
  follow_ups: 'created_at <= {T}',
  sft: 'created_at <= {T}',
  preferences: 'created_at <= {T}',
  rejections: 'created_at <= {T}',
  dead_letters: 'created_at <= {T}',
}

/** Names of the tables that have a past. */
export const TABLES_WITH_A_PAST = Object.keys(WAS_THERE)

/**
 * The value of ClickHouse's setting additional_table_filters by which `database` is seen as of a moment, milliseconds
 * since 1970 UTC: a filter that ClickHouse puts behind FINAL, so a row that was replaced since is judged as it is today.
 */
export function tableFilters(asOf: number, database: string): string {
  if (!Number.isSafeInteger(asOf)) throw new RangeError(`asOf is no whole number of milliseconds: ${asOf}`)
  const moment = `fromUnixTimestamp64Milli(toInt64(${asOf}))`
  const filters = Object.entries(WAS_THERE).map(
    ([table, condition]) => `${quoted(`${database}.${table}`)}: ${quoted(condition.replaceAll('{T}', moment))}`,
  )
  return `{${filters.join(', ')}}`
}

/** The database with every question asked as of a moment; the database itself where there is none. */
export function asItWas(database: Database, asOf: number | undefined): Database {
  if (asOf === undefined) return database
  const then = (options: QueryOptions = {}): QueryOptions => ({ asOf, ...options })
  return {
    ...database,
    query: (sql, options) => database.query(sql, then(options)),
    bytes: (sql, options) => database.bytes(sql, then(options)),
    rows: (sql, parameters, options) => database.rows(sql, parameters, then(options)),
  }
}
