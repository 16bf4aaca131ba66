// What a person is told who names a run or a revision that is not there: what there is. Nothing is told of names that are.

import { nearest } from '../configs/nearest.ts'
import { UsageFault } from '../schemas/failure.ts'
import type { Database } from '../sinks/clickhouse/contract.ts'

/** A revision of a run. */
export interface KnownName {
  readonly run: string
  readonly revision: string
}

export interface AskedName {
  /** Any run when left out. */
  readonly run?: string | undefined
  /** Any revision when left out. */
  readonly revision?: string | undefined
  /** The moment that is looked back to, milliseconds since 1970 UTC. */
  readonly asOf?: number | null | undefined
}

/** So many names are listed at most. */
const LISTED = 8

/** The fault of a name that none of the known ones has; null: there is one. where: the store, for the sentence, which begins with what is wrong. */
export function unknownName(
  where: string,
  known: readonly KnownName[],
  { run, revision, asOf }: AskedName,
): UsageFault | null {
  const ofRun = known.filter((each) => run === undefined || each.run === run)
  if (ofRun.some((each) => revision === undefined || each.revision === revision)) return null
  const then = typeof asOf === 'number' ? ` as of ${new Date(asOf).toISOString()} (--as-of)` : ''
  const of = revision === undefined || revision === 'main' ? '' : ` of revision ${revision}`
  if (known.length === 0) {
    const what = `no run${run === undefined ? '' : ` ${run}`}${of}`
    return new UsageFault(
      then === '' ? `there is ${what} yet in ${where}` : `there is ${what}${then} in ${where}: take a later moment`,
    )
  }
  if (ofRun.length === 0)
    return new UsageFault(`there is no run ${run}${of}${then} in ${where}; ${listed(run!, namesOf(known, 'run'))}`)
  const revisions = listed(revision!, namesOf(ofRun, 'revision'))
  return new UsageFault(
    run === undefined
      ? `there is no run of revision ${revision}${then} in ${where}; of revisions ${revisions}`
      : `run ${run} has no revision ${revision}${then} in ${where}; ${revisions}`,
  )
}

function namesOf(known: readonly KnownName[], field: keyof KnownName): string[] {
  return [...new Set(known.map((each) => each[field]))]
}

function listed(asked: string, names: readonly string[]): string {
  const near = nearest(asked, names)
  const shown = near === null ? names : [near, ...names.filter((name) => name !== near)]
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : ''
  return `there is ${shown.slice(0, LISTED).join(', ')}${more}`
}

/** Every revision of every run that has left a row, the newest rows first. */
const KNOWN = `
  SELECT run_id AS run, revision FROM
  (
    ${['runs', 'problems', 'responses', 'sft', 'preferences', 'rejections']
      .map((table) => `SELECT run_id, revision, max(created_at) AS seen FROM ${table} GROUP BY run_id, revision`)
      .join(' UNION ALL ')}
  )
  GROUP BY run_id, revision
  ORDER BY max(seen) DESC, run_id, revision`

/** The same of a database. Throws what it throws. */
export async function unknownToDatabase(
  database: Pick<Database, 'rows' | 'where'>,
  asked: AskedName,
): Promise<UsageFault | null> {
  return unknownName(database.where, await database.rows<KnownName>(KNOWN), asked)
}
