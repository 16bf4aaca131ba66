// The revisions of runs: what each was made from, how far it has come, and what it holds. What Kafka says is always
// there; rows are counted where the database can be asked.

import { z } from 'zod'
import { replayConfig } from '../../configs/replay.ts'
import type { Replay } from '../../configs/replay.ts'
import { readNewest } from '../../pipeline/run-records.ts'
import { readRuns } from '../../pipeline/run-overview.ts'
import type { Looking, Standing } from '../../pipeline/run-overview.ts'
import { topicNames } from '../../stream/topics-admin.ts'
import type { Reads } from '../report/find-run.ts'

export interface RevisionLine {
  readonly run: string
  readonly revision: string
  /** Revision and topic that it reads; null: it makes its problems itself. */
  readonly of: string | null
  readonly from: string | null
  /** Which part of the topic, in words. */
  readonly range: string
  /** What chose its problems, and how many they are; null: all. */
  readonly selection: { readonly sql: string; readonly problems: number } | null
  readonly keep: readonly string[]
  /** Revision whose rows gain what it adds. */
  readonly into: string | null
  readonly state: Standing
  /** Milliseconds since 1970 UTC. */
  readonly startedAt: number
  readonly finishedAt: number | null
  /**
   * Problems made, or taken by its first stage: as its processes have said, which leaves out what one that was killed did in
   * its last seconds; of a run that makes its problems as many as the database has, where these are more.
   */
  readonly in: number
  /** Rows; null: the database was not asked. */
  readonly sft: number | null
  readonly preferences: number | null
  readonly rejections: number | null
  readonly configHash: string
}

export interface ListOptions {
  readonly look: Looking
  /** null: rows are not counted. */
  readonly database: Pick<Reads, 'rows'> | null
  /** Of this run alone. */
  readonly run?: string | undefined
}

/** Every revision that was not dropped; runs by their newest start, main first in each. Throws what Kafka and the database throw. */
export async function listRevisions({ look, database, run }: ListOptions): Promise<RevisionLine[]> {
  const { connection, codec, signal } = look
  const isThere = (await topicNames(connection)).includes('runs')
  const records = isThere ? await readNewest(connection, codec, signal) : []
  const overviews = (await readRuns(look)).filter((each) => run === undefined || each.run === run)
  const counts = database === null ? null : await countsOf(database)
  const lines = overviews.map((overview): RevisionLine => {
    const { revision, state, startedAt, finishedAt, configHash } = overview
    const config = records.find((each) => each.runId === overview.run && each.revision === revision)?.config ?? '{}'
    const replay = replayIn(config)
    const countOf = (table: string): number | null =>
      counts === null ? null : (counts.get(JSON.stringify([overview.run, revision, table])) ?? 0)
    return {
      ...{ run: overview.run, revision, state, startedAt, finishedAt, configHash },
      ...{ of: replay?.of ?? null, from: replay?.from ?? null, range: rangeInWords(replay) },
      selection: replay?.selection == null ? null : { sql: replay.selection.sql, problems: replay.selection.problems },
      ...{ keep: replay?.keep ?? [], into: replay?.into ?? null },
      in: Math.max(overview.problems, replay === null ? (countOf('problems') ?? 0) : 0),
      ...{ sft: countOf('sft'), preferences: countOf('preferences'), rejections: countOf('rejections') },
    }
  })
  const newest = new Map<string, number>()
  for (const line of lines) newest.set(line.run, Math.max(newest.get(line.run) ?? 0, line.startedAt))
  const rank = (line: RevisionLine): number => (line.revision === 'main' ? 0 : 1)
  return lines.sort(
    (one, other) =>
      newest.get(other.run)! - newest.get(one.run)! ||
      (one.run < other.run ? -1 : one.run > other.run ? 1 : 0) ||
      rank(one) - rank(other) ||
      one.startedAt - other.startedAt,
  )
}

async function countsOf(database: Pick<Reads, 'rows'>): Promise<Map<string, number>> {
  const tables = ['problems', 'sft', 'preferences', 'rejections']
  const found = await database.rows<{ run: string; revision: string; name: string; rows: number }>(
    tables
      .map(
        (table) =>
          `SELECT run_id AS run, revision, '${table}' AS name, count() AS rows FROM ${table} FINAL GROUP BY run_id, revision`,
      )
      .join(' UNION ALL '),
  )
  return new Map(found.map(({ run, revision, name, rows }) => [JSON.stringify([run, revision, name]), rows]))
}

/** A config of another version may hold a replay that this one does not read: then it is none here. */
function replayIn(config: string): Replay | null {
  return z.looseObject({ replay: replayConfig.nullish() }).safeParse(JSON.parse(config)).data?.replay ?? null
}

/** Which part of its topic a replay reads: offsets of all partitions together, since no partition says more than another. */
export function rangeInWords(replay: Pick<Replay, 'begin' | 'end'> | null): string {
  if (replay === null) return ''
  const sum = (offsets: Readonly<Record<string, number>>): number =>
    Object.values(offsets).reduce((total, offset) => total + offset, 0)
  const { begin, end } = replay
  const skipped = sum(begin) === 0 ? 'from the beginning' : `after the first ${sum(begin)}`
  return end === null ? `${skipped}, following` : `${skipped}, ${sum(end) - sum(begin)} offsets`
}
