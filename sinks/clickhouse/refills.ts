// What a database has lost, and which runs must be read into it again for that. Promise: a loss that was recorded is
// owed to every run until that run's refill is noted; a database that has never held a run owes it everything.

import type { Database } from './contract.ts'

/** Rows that were in a table and are not any more. */
export interface Damage {
  /** The same for the same loss, however often it is found. */
  readonly id: string
  readonly table: string
  readonly reason: string
}

export interface RunName {
  readonly runId: string
  readonly revision: string
}

/** Stands for all that a database lacks when it is new, and for a run that it has not seen. */
const NEW = 'new'

type Tables = Pick<Database, 'insert' | 'rows'>

/** Records losses; the same one twice is one. */
export async function recordDamages(database: Tables, damages: readonly Damage[]): Promise<void> {
  const rows = damages.map(({ id, table, reason }) => ({ id, table_name: table, reason }))
  if (rows.length > 0) await database.insert('damages', rows)
}

/** Losses that this run has not been read again for; none: the database has had all that the run's sink committed. */
export async function owedTo(database: Tables, run: RunName): Promise<string[]> {
  const damages = await database.rows<{ id: string }>('SELECT id FROM damages FINAL ORDER BY id')
  const done = await database.rows<{ id: string }>(
    'SELECT damage_id AS id FROM refills FINAL WHERE run_id = {run:String} AND revision = {revision:String}',
    { run: run.runId, revision: run.revision },
  )
  const noted = new Set(done.map(({ id }) => id))
  return [NEW, ...damages.map(({ id }) => id)].filter((id) => !noted.has(id))
}

/** Notes that the run's sink stands before all that these losses took. */
export async function noteRefill(database: Tables, run: RunName, owed: readonly string[]): Promise<void> {
  const rows = owed.map((id) => ({ damage_id: id, run_id: run.runId, revision: run.revision }))
  if (rows.length > 0) await database.insert('refills', rows)
}
