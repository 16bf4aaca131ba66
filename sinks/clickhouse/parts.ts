// ClickHouse's parts (the folders that hold a table's rows), as far as the question goes whether one of them is lost.

import { Failure } from '../../schemas/failure.ts'
import type { Database } from './contract.ts'

/** One part, and the range of inserts (block numbers) that are in it. */
export interface Part {
  readonly name: string
  readonly from: number
  readonly to: number
}

type Tables = Pick<Database, 'rows' | 'command'>

/** All tables of the database that have parts. */
export async function tablesWithParts(database: Tables): Promise<{ name: string; sql: string }[]> {
  return await database.rows(
    `SELECT name, create_table_query AS sql FROM system.tables
     WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name`,
  )
}

/** Parts of a table that are read. */
export async function activeParts(database: Tables, table: string): Promise<Part[]> {
  return (await parts(database, table)).filter(({ active }) => active === 1)
}

/** The same, and those that a merge has replaced and that are still on the disk. time: last change, seconds since 1970. */
export async function parts(database: Tables, table: string): Promise<(Part & { active: number; time: number })[]> {
  return await database.rows(
    `SELECT name, min_block_number AS from, max_block_number AS to, active,
       toUnixTimestamp(modification_time) AS time
     FROM system.parts WHERE database = currentDatabase() AND table = {table:String}`,
    { table },
  )
}

/** Parts that ClickHouse put aside because they are broken. Parts that a person detached are none of these. */
export async function brokenParts(database: Tables, table: string): Promise<(Part & { reason: string })[]> {
  return await database.rows(
    `SELECT name, min_block_number AS from, max_block_number AS to, reason FROM system.detached_parts
     WHERE database = currentDatabase() AND table = {table:String}
       AND reason IN ('broken', 'broken-on-start', 'unexpected', 'covered-by-broken')`,
    { table },
  )
}

/** Is every insert of the part also in one of the others? Then nothing is lost with it. */
export function isCovered(part: Part, others: readonly Part[]): boolean {
  let next = part.from
  for (const other of others.toSorted((left, right) => left.from - right.from)) {
    if (other.from > next) return false
    if (other.to >= next) next = other.to + 1
    if (next > part.to) return true
  }
  return false
}

/** Reads a part against its checksums; a part that is not there any more was read whole when it was merged. */
export async function isWhole(database: Tables, table: string, part: string): Promise<boolean> {
  try {
    const rows = await database.rows<{ is_passed: number | boolean }>(`CHECK TABLE ${table} PART '${part}'`)
    return rows.every((row) => Number(row.is_passed) === 1)
  } catch (error) {
    if (error instanceof Failure && error.code === NO_SUCH_PART) return true
    throw error
  }
}

const NO_SUCH_PART = 'clickhouse-232'
