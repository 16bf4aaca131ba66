// Which run a report is about, and when it ran.

import { halfDropped } from '../../pipeline/drops.ts'
import { UsageFault } from '../../schemas/failure.ts'
import type { Database } from '../../sinks/clickhouse/contract.ts'
import type { ReportRun } from './contract.ts'
import { unknownToDatabase } from '../unknown-name.ts'
import { replayOf } from './replay.ts'

/** What is asked of the database. */
export type Reads = Pick<Database, 'rows' | 'where'>

interface Known {
  readonly run_id: string
  /** Empty for a run that has left rows but no record of itself. */
  readonly state: string
  readonly started: string
  readonly finished: string | null
  readonly last: string
}

/** Runs of a revision, newest first. The table runs has one row of each, the newest. */
const RUNS = `
  SELECT run_id, max(run_state) AS state,
    -- The problems of a replay are older than itself.
    toString(if({revision:String} != 'main' AND countIf(run_state != '') > 0, minIf(began, run_state != ''), min(began))) AS started,
    toString(max(ended)) AS finished,
    toString(max(seen)) AS last
  FROM
  (
    SELECT run_id, state AS run_state, started_at AS began, finished_at AS ended, created_at AS seen
    FROM runs FINAL WHERE revision = {revision:String}
    UNION ALL
    SELECT run_id, '', created_at, NULL, reached_at FROM problems FINAL WHERE revision = {revision:String}
    UNION ALL
    SELECT run_id, '', created_at, NULL, created_at FROM rejections FINAL WHERE revision = {revision:String}
    UNION ALL
    SELECT run_id, '', created_at, NULL, created_at FROM sft FINAL WHERE revision = {revision:String}
    UNION ALL
    SELECT run_id, '', created_at, NULL, created_at FROM preferences FINAL WHERE revision = {revision:String}
  )
  GROUP BY run_id
  ORDER BY started DESC, run_id`

/**
 * The run of this name, or the newest that is whole. Throws UsageFault when there is none, or a drop has taken a part of
 * it. asOf: the moment that the database is seen at, for what is said then.
 */
export async function findRun(
  database: Reads,
  revision: string,
  run?: string,
  asOf?: number | null,
): Promise<ReportRun> {
  const known = await database.rows<Known>(RUNS, { revision })
  const found =
    run === undefined
      ? (known.find(({ state }) => state !== 'dropping') ?? known[0])
      : known.find(({ run_id }) => run_id === run)
  if (found === undefined)
    throw (
      (await unknownToDatabase(database, { run, revision, asOf })) ??
      new UsageFault(`there is no run of revision ${revision} in ${database.where} that can be reported on yet`)
    )
  if (found.state === 'dropping') throw halfDropped({ runId: found.run_id, revision })
  const [started, last] = [instant(found.started), instant(found.last)]
  const replay = revision === 'main' ? null : await replayOf(database, found.run_id, revision)
  const finished = found.finished === null ? null : instant(found.finished)
  return {
    id: found.run_id,
    revision,
    replay,
    state: found.state === '' ? null : found.state,
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
