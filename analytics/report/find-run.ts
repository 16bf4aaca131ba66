// Which run a report is about, and when it ran.

import { UsageFault } from '../../schemas/failure.ts'
import type { Database } from '../../sinks/clickhouse/contract.ts'
import type { ReportRun } from './contract.ts'

/** What is asked of the database. */
export type Reads = Pick<Database, 'rows' | 'where'>

interface Known {
  readonly run_id: string
  readonly state: string | null
  readonly started: string
  readonly finished: string | null
  readonly last: string
}

/** Runs of a revision, newest first: those with a record of themselves, and those that left only problems. */
const RUNS = `
  SELECT run_id,
    argMaxIf(state, seen, state != '') AS last_state,
    if(last_state = '', NULL, last_state) AS state,
    toString(min(started)) AS started,
    toString(argMaxIf(finished, seen, last_state != '' AND state_row)) AS finished,
    toString(max(seen)) AS last
  FROM
  (
    SELECT run_id, state, started_at AS started, finished_at AS finished, created_at AS seen, true AS state_row
    FROM runs FINAL WHERE revision = {revision:String}
    UNION ALL
    SELECT run_id, '', min(created_at), NULL, max(reached_at), false
    FROM problems FINAL WHERE revision = {revision:String} GROUP BY run_id
    UNION ALL
    SELECT run_id, '', min(created_at), NULL, max(created_at), false
    FROM (SELECT run_id, revision, created_at FROM rejections FINAL UNION ALL SELECT run_id, revision, created_at FROM sft FINAL
      UNION ALL SELECT run_id, revision, created_at FROM preferences FINAL)
    WHERE revision = {revision:String} GROUP BY run_id
  )
  GROUP BY run_id
  ORDER BY min(started) DESC, run_id`

/** The run of this name, or the newest. Throws UsageFault when there is none. */
export async function findRun(database: Reads, revision: string, run?: string): Promise<ReportRun> {
  const known = await database.rows<Known>(RUNS, { revision })
  const found = run === undefined ? known[0] : known.find(({ run_id }) => run_id === run)
  if (found === undefined) {
    const names = known.slice(0, 10).map(({ run_id }) => run_id)
    const of = revision === 'main' ? '' : ` of revision ${revision}`
    throw new UsageFault(
      run === undefined
        ? `${database.where} holds no run${of} yet`
        : `${database.where} holds no run ${run}${of}; ${names.length === 0 ? 'it holds none' : `there is ${names.join(', ')}`}`,
    )
  }
  const [started, last] = [instant(found.started), instant(found.last)]
  const finished = found.finished === null ? null : instant(found.finished)
  return {
    id: found.run_id,
    revision,
    state: found.state,
    startedAt: started,
    finishedAt: finished,
    lastAt: last,
    seconds: Math.max(0, (Date.parse(finished ?? last) - Date.parse(started)) / 1000),
  }
}

/** ClickHouse's `2026-01-02 03:04:05.678` (UTC) as ISO 8601. */
function instant(text: string): string {
  return `${text.replace(' ', 'T')}Z`
}
