// The report of a run: how many problems got how far, why the others ended, what models cost, what was found.
// All of it comes from the shipped views, so every figure can be asked for again in SQL.

import { UsageFault } from '../schemas/failure.ts'
import type { Database } from '../sinks/clickhouse/contract.ts'

export interface Report {
  readonly run: string
  readonly revision: string
  readonly state: string
  /** UTC, as ClickHouse writes times. */
  readonly startedAt: string
  readonly finishedAt: string | null
  /** Seconds between the first problem and the last row or end. */
  readonly seconds: number
  readonly funnel: readonly { step: string; problems: number }[]
  readonly reasons: readonly { stage: string; reason: string; problems: number; example: string | null }[]
  readonly failures: readonly { stage: string; code: string; deadLetters: number; example: string }[]
  /** seconds: sum of the calls' wall times. */
  readonly cost: readonly {
    role: string
    model: string
    calls: number
    promptTokens: number
    completionTokens: number
    seconds: number
  }[]
  readonly verdicts: readonly { kind: string; verdict: string; responses: number }[]
  readonly rewards: readonly { reward: string; verdict: string; responses: number; mean: number }[]
}

interface RunRow {
  run: string
  revision: string
  state: string
  startedAt: string
  finishedAt: string | null
}

/** Builds the report of a run, of the newest one unless named. Throws UsageFault where there is no such run. */
export async function buildReport(
  database: Database,
  asked: { run?: string | undefined; revision?: string | undefined },
): Promise<Report> {
  const runs = await database.rows<RunRow>(
    `SELECT run_id AS run, revision, state, toString(started_at) AS startedAt, toString(finished_at) AS finishedAt
     FROM runs FINAL ORDER BY started_at DESC`,
  )
  const named = runs.filter((row) => asked.run === undefined || row.run === asked.run)
  const run = named.find((row) => row.revision === (asked.revision ?? 'main'))
  if (run === undefined) throw noSuchRun(runs, asked)
  const scope = { run: run.run, revision: run.revision }
  const where = 'run_id = {run:String} AND revision = {revision:String}'
  const ask = <Row>(sql: string): Promise<Row[]> => database.rows<Row>(sql, scope)
  return {
    ...run,
    seconds:
      (
        await ask<{ seconds: number }>(
          `SELECT max(last) - min(first) AS seconds FROM (
           SELECT toUnixTimestamp64Milli(min(created_at)) / 1000 AS first, toUnixTimestamp64Milli(max(reached_at)) / 1000 AS last
           FROM problems WHERE ${where} HAVING count() > 0)`,
        )
      )[0]?.seconds ?? 0,
    funnel: await ask(`SELECT step, problems FROM funnel WHERE ${where} ORDER BY position`),
    reasons: await ask(
      `SELECT stage, reason, problems, example FROM reasons WHERE ${where} ORDER BY problems DESC, stage, reason`,
    ),
    failures: await ask(
      `SELECT stage, code, dead_letters AS deadLetters, example FROM failures WHERE ${where} ORDER BY dead_letters DESC`,
    ),
    cost: await ask(
      `SELECT role, model, calls, prompt_tokens AS promptTokens, completion_tokens AS completionTokens, seconds
       FROM cost WHERE ${where} ORDER BY seconds DESC`,
    ),
    verdicts: await ask(
      `SELECT kind, verdict, sum(responses) AS responses FROM verdicts WHERE ${where} GROUP BY kind, verdict ORDER BY kind, verdict`,
    ),
    rewards: await ask(
      `SELECT reward, ifNull(verdict, 'unknown') AS verdict, count() AS responses, avg(value) AS mean
       FROM (SELECT verdict, rewards FROM responses FINAL WHERE ${where})
       ARRAY JOIN mapKeys(rewards) AS reward, mapValues(rewards) AS value
       GROUP BY reward, verdict ORDER BY reward, verdict`,
    ),
  }
}

function noSuchRun(
  runs: readonly RunRow[],
  { run, revision }: { run?: string | undefined; revision?: string | undefined },
): UsageFault {
  if (runs.length === 0)
    return new UsageFault('there is no run in the database yet: start one with ./magpie quickstart')
  const known = [...new Set(runs.map((row) => row.run))].slice(0, 10).join(', ')
  const wanted = run === undefined ? '' : ` ${run}`
  return new UsageFault(`there is no run${wanted} of revision ${revision ?? 'main'}; there are ${known}`)
}
