// Scores and labels that a replay adds to the rows of the revision that it read. Promises: a row keeps what others have
// added to it before; no later row of that revision replaces it; the same addition once more leaves the same row; rows
// keep the times that they were made and reached at, so that a data set as of an earlier time still has them.
// Additions of the same stage come one after another (pipeline/replay/prepare.ts): each writes what it has read whole.

import type { Answered, Conversed, Judged, Rewarded, Sampled, Tagged, Verified } from '../../schemas/records.ts'
import type { Database } from './contract.ts'
import type { Origin, Row } from './place.ts'
import { responseRows } from './response-rows.ts'
import { problemRow } from './rows.ts'

/** What a replay adds. */
export interface Addition {
  /** Revision whose rows gain it. */
  readonly into: string
  /** tag: labels, to rows of problems; reward: scores, to rows of responses. */
  readonly stage: 'tag' | 'reward'
}

type Reader = Pick<Database, 'rows'>

/** Rows that gained something have at least this version: above all that a place in the log gives (place.ts). */
export const FIRST_VERSION = 2n ** 60n

/** Columns of `responses` with one entry a reward. */
const REWARD_MAPS = [
  'rewards',
  'reward_steps',
  'reward_versions',
  'reward_models',
  'reward_errors',
  'reward_tokens',
  'reward_seconds',
  'reward_attempts',
  'reward_usd',
  'reward_details',
  'reward_kept_from',
] as const

type RewardMap = Readonly<Record<string, unknown>>
type PresentResponse = Readonly<Record<(typeof REWARD_MAPS)[number], RewardMap>> & Present

interface Present {
  readonly id: string
  readonly version: string
  readonly created_at: string
}

/** Problems of one question to the database: their ids travel in its URL, or in a header of at most 16 KiB. */
const AT_ONCE = 100

/** The rows of one batch. */
export interface AddedRows {
  /** What became of a record of the run. */
  take(record: Tagged | Answered | Sampled | Verified | Judged | Rewarded | Conversed, origin: Origin): void
  /** Returned = in the table. Throws Failure. */
  write(database: Pick<Database, 'insert' | 'rows'>): Promise<void>
}

/** Begins a batch. */
export function beginAddition({ into, stage }: Addition): AddedRows {
  const rows: Row[] = []
  /** Names of the rewards that a problem gained, and did not bring along. */
  const gained = new Map<string, ReadonlySet<string>>()
  return {
    take(record, origin) {
      const there = { ...origin, revision: into }
      if (stage === 'tag') rows.push(problemRow(record, there))
      else if ('rewards' in record) {
        const own = record.rewards.filter(({ keptFrom }) => keptFrom === null)
        gained.set(record.id, new Set(own.map(({ name }) => name)))
        rows.push(...responseRows(record, there))
      }
    },
    async write(database) {
      if (rows.length === 0) return
      if (stage === 'tag') await database.insert('problems', await overPresentProblems(database, into, rows))
      else await database.insert('responses', await withPresentScores(database, into, rows, gained))
    },
  }
}

/** Rows of problems, all of one run, that replace those that the table has. */
async function overPresentProblems(database: Reader, into: string, rows: readonly Row[]): Promise<Row[]> {
  const of = { table: 'problems', problem: 'id', columns: 'created_at, reached_at' }
  const present = await presentRows<Present & { readonly reached_at: string }>(database, of, into, rows)
  return rows.map((row) => {
    const before = present.get(String(row['id']))
    return { ...row, ...standing(before, row), reached_at: before?.reached_at ?? row['reached_at'] }
  })
}

/** Rows of responses, all of one run, with the scores that the table has already; of rewards that were gained, the new ones. */
async function withPresentScores(
  database: Reader,
  into: string,
  rows: readonly Row[],
  gained: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<Row[]> {
  const columns = ['created_at', ...REWARD_MAPS].join(', ')
  const of = { table: 'responses', problem: 'problem_id', columns }
  const present = await presentRows<PresentResponse>(database, of, into, rows)
  return rows.map((row) => {
    const before = present.get(String(row['id']))
    const own = gained.get(String(row['problem_id']))
    // Of a reward that was not gained, the table knows as much or more.
    const isTheirs = (name: string): boolean => before?.reward_versions[name] !== undefined && own?.has(name) !== true
    const maps = REWARD_MAPS.map((column) => {
      const ours = Object.entries((row[column] ?? {}) as RewardMap).filter(([name]) => !isTheirs(name))
      const theirs = Object.entries(before?.[column] ?? {}).filter(([name]) => isTheirs(name))
      return [column, Object.fromEntries([...ours, ...theirs])] as const
    })
    return { ...row, ...Object.fromEntries(maps), ...standing(before, row) }
  })
}

async function presentRows<Found extends Present>(
  database: Reader,
  { table, problem, columns }: { table: string; problem: string; columns: string },
  into: string,
  rows: readonly Row[],
): Promise<Map<string, Found>> {
  const run = rows[0]?.['run_id']
  const problems = [...new Set(rows.map((row) => row[problem]))]
  const found = new Map<string, Found>()
  for (let from = 0; from < problems.length; from += AT_ONCE) {
    const parameters = { run, into, problems: problems.slice(from, from + AT_ONCE) }
    for (const row of await database.rows<Found>(
      `SELECT id, toString(version) AS version, ${columns} FROM ${table} FINAL
       WHERE run_id = {run:String} AND revision = {into:String} AND ${problem} IN {problems:Array(String)}`,
      parameters,
    ))
      found.set(row.id, row)
  }
  return found
}

function standing(before: Present | undefined, row: Row): Row {
  const version = BigInt(before?.version ?? 0)
  return {
    created_at: before?.created_at ?? row['created_at'],
    version: String((version < FIRST_VERSION ? FIRST_VERSION : version) + 1n),
  }
}
