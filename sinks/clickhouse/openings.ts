// Which processes of a run write into a database. An address says little: one server has many names, and one name may
// stand for many servers. Two processes write to the same database if one finds there what the other has left.

import type { Database } from './contract.ts'
import type { RunName } from './refills.ts'

type Tables = Pick<Database, 'insert' | 'rows'>

/** Leaves the name of a process, for others to find; returned = it is in the table. */
export async function noteOpening(database: Tables, { runId, revision }: RunName, processId: string): Promise<void> {
  await database.insert('openings', [{ run_id: runId, revision, process_id: processId }])
}

/** The processes of a run that have left their names here. */
export async function readOpenings(database: Tables, { runId, revision }: RunName): Promise<ReadonlySet<string>> {
  const rows = await database.rows<{ id: string }>(
    'SELECT DISTINCT process_id AS id FROM openings WHERE run_id = {run:String} AND revision = {revision:String}',
    { run: runId, revision },
  )
  return new Set(rows.map(({ id }) => id))
}
