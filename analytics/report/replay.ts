// What a revision is by the config in its row of `runs`: a run that makes its own problems, or a replay. A replay's rows
// hold what others have made and paid for, so a report must know which stages were its own.

import { z } from 'zod'
import type { Database } from '../../sinks/clickhouse/contract.ts'
import type { ReplayOf } from './contract.ts'

/** Of a config of any version, what is needed here. */
const written = z.looseObject({
  replay: z
    .looseObject({
      of: z.string(),
      from: z.string(),
      stages: z.array(z.string()).default([]),
      into: z.string().nullable().default(null),
    })
    .nullable()
    .default(null),
})

/** The replay behind a revision; null: it is none, or has left no record of itself. Throws what the database throws. */
export async function replayOf(
  database: Pick<Database, 'rows'>,
  run: string,
  revision: string,
): Promise<ReplayOf | null> {
  const [row] = await database.rows<{ config: string }>(
    'SELECT config FROM runs FINAL WHERE run_id = {run:String} AND revision = {revision:String}',
    { run, revision },
  )
  const config = row === undefined ? undefined : written.safeParse(jsonOf(row.config)).data
  if (config?.replay == null) return null
  const { of, from, stages, into } = config.replay
  return { of, from, stages, into }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null // written by no version of this program; the report goes by the rows alone
  }
}

/** Stages whose records become rows of `responses`. */
const ANSWERING = new Set(['answer', 'sample', 'verify', 'judge', 'reward', 'converse'])

/** The revision whose responses a revision has curated: its own, or that of what it reads, and so on. */
export async function answersOf(database: Pick<Database, 'rows'>, run: string, revision: string): Promise<string> {
  const seen = new Set<string>()
  for (let name = revision; ;) {
    const replay = await replayOf(database, run, name)
    if (replay === null || seen.has(name) || replay.stages.some((stage) => ANSWERING.has(stage))) return name
    seen.add(name)
    name = replay.of
  }
}

const ROLE_OF: Readonly<Record<string, string>> = {
  tagger: 'tag',
  answerer: 'answer',
  sampler: 'sample',
  judge: 'judge',
  'questioner:turns': 'converse',
  'answerer:turns': 'converse',
}

/** Did this revision ask for what the role did? What a replay has read was paid for by another one. */
export function isOwnCost(replay: ReplayOf | null, role: string): boolean {
  if (replay === null) return true
  return replay.stages.includes(role.startsWith('reward:') ? 'reward' : (ROLE_OF[role] ?? 'produce'))
}

const STEP_OF: Readonly<Record<string, string>> = {
  screened: 'screen',
  tagged: 'tag',
  answered: 'answer',
  sampled: 'sample',
  verified: 'verify',
  judged: 'judge',
  rewarded: 'reward',
  conversed: 'converse',
  sft: 'curate',
  preferences: 'curate',
}

/** Is it a step of the funnel that this replay has? */
export function isOwnStep({ stages }: ReplayOf, step: string): boolean {
  return stages.includes(STEP_OF[step] ?? 'produce')
}
