// The rows of one revision, in every table that has rows of runs: how many they are, and their end. Promise: no row of
// another run or revision is touched, and what was taken away once does no harm a second time.

import type { Database } from './contract.ts'
import { quoted } from './quoted.ts'
import type { RunName } from './refills.ts'

/** So many rows of a table, as a reader sees them. */
export interface TableRows {
  readonly table: string
  readonly rows: number
}

const OF_RUN = 'run_id = {run:String} AND revision = {revision:String}'

/** Tables that name the run and the revision of each row. */
async function tablesOfRuns(database: Pick<Database, 'rows'>): Promise<string[]> {
  const found = await database.rows<{ name: string }>(
    `SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND name IN
     (
       SELECT table FROM system.columns WHERE database = currentDatabase() AND name IN ('run_id', 'revision')
       GROUP BY table HAVING count() = 2
     )
     ORDER BY name`,
  )
  return found.map(({ name }) => name)
}

/** Tables that hold some, with their number. */
export async function countRevisionRows(database: Pick<Database, 'rows'>, of: RunName): Promise<TableRows[]> {
  const counts: TableRows[] = []
  for (const table of await tablesOfRuns(database)) {
    const [found] = await database.rows<{ rows: number }>(
      `SELECT count() AS rows FROM ${table} FINAL WHERE ${OF_RUN}`,
      parametersOf(of),
    )
    if (found !== undefined && found.rows > 0) counts.push({ table, rows: found.rows })
  }
  return counts
}

/**
 * Takes them all out; returned = no reader meets one any more. A lightweight DELETE: it marks rows, whose bytes go with
 * the next merges, so it takes seconds where a table of 100 million rows would be rewritten for minutes. The row of the
 * run says `dropping` before the first row goes, and goes last: readers never take half a revision for a whole one.
 */
export async function removeRevisionRows(database: Pick<Database, 'rows' | 'command'>, of: RunName): Promise<void> {
  const where = `run_id = ${quoted(of.runId)} AND revision = ${quoted(of.revision)}`
  const tables = (await countRevisionRows(database, of)).map(({ table }) => table)
  if (tables.length === 0) return
  // A process that was killed early has left rows and no row of the run.
  await database.command(
    tables.includes('runs')
      ? `INSERT INTO runs SELECT * REPLACE ('dropping' AS state, version + 1 AS version) FROM runs FINAL
         WHERE ${where}`
      : `INSERT INTO runs (id, run_id, revision, name, state)
         SELECT ${[`${of.runId}/${of.revision}`, of.runId, of.revision, of.runId, 'dropping'].map(quoted).join(', ')}`,
  )
  for (const table of [...tables.filter((each) => each !== 'runs'), 'runs'])
    await database.command(`DELETE FROM ${table} WHERE ${where}`)
}

const parametersOf = ({ runId, revision }: RunName) => ({ run: runId, revision })
