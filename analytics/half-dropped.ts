// Readers of a revision's rows are not shown the half that a drop has left.

import { halfDropped } from '../pipeline/drops.ts'
import type { Database } from '../sinks/clickhouse/contract.ts'

/** Throws UsageFault where a drop of this revision (of any run, where none is named) has begun to take its rows and has not ended. */
export async function assertNotHalfDropped(
  database: Pick<Database, 'rows'>,
  { run, revision }: { readonly run?: string | undefined; readonly revision: string },
): Promise<void> {
  const [found] = await database.rows<{ run: string }>(
    `SELECT run_id AS run FROM runs FINAL
     WHERE state = 'dropping' AND revision = {revision:String} AND {run:String} IN ('', run_id) ORDER BY run LIMIT 1`,
    { revision, run: run ?? '' },
  )
  if (found !== undefined) throw halfDropped({ runId: found.run, revision })
}
