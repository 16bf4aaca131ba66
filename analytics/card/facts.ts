// What a card says of the runs behind an export, asked of the database. Promise: every number is of the export's runs and
// revision; what a replay did not do itself (its responses are those of the revision that it read) is looked up there.

import { buildReport } from '../report.ts'
import type { Reads } from '../report/find-run.ts'
import { OF_RUNS } from './contract.ts'
import type { CardFacts, CardManifest, Drawn, Grounds, Scorer, Select } from './contract.ts'
import { readPlots } from './plot-data.ts'
import { sumOf } from './sum-of.ts'

/** Settings of one role; more tell of a run whose settings changed all the time. */
const MOST_DRAWN = 30

/** Where the language of an export's rows stands. */
const LANGUAGE_IN = { sft: 'sft', preference: 'preferences', steps: 'problems' } as const

/** Throws UsageFault when one of the runs is not there, and what the database throws. */
export async function readFacts(database: Reads, manifest: CardManifest): Promise<CardFacts> {
  const { type, filters } = manifest
  const { revision } = filters
  const runs = manifest.runs.map(({ run }) => run)
  const selectOf =
    (of: string): Select =>
    async (sql) =>
      await database.rows(sql, { runs, revision: of })
  const own = selectOf(revision)
  const reports = []
  for (const run of runs) reports.push(await buildReport(database, { run, revision }))
  // Of several runs of one revision; where only some have answered anew in it, the new answers are told of.
  const ground = selectOf((reports.find(({ answersOf }) => answersOf === revision) ?? reports[0]!).answersOf)
  const languages = await own<{ language: string }>(
    `SELECT assumeNotNull(language) AS language FROM ${LANGUAGE_IN[type]} FINAL WHERE ${OF_RUNS} AND language IS NOT NULL
     GROUP BY language ORDER BY count() DESC, language LIMIT 20`,
  )
  return {
    counts: sumOf(reports),
    languages: languages.map(({ language }) => language),
    drawn: await ground<Drawn>(DRAWN),
    scorers: await ground<Scorer>(SCORERS),
    versions: [
      ...(await ground<{ stage: string; version: string }>(VERSIONS)),
      ...(await own<{ stage: string; version: string }>(CURATED_BY)),
    ],
    grounds: await ground<Grounds>(
      `SELECT ifNull(verified_against, 'none') AS against, count() AS problems FROM problems FINAL
       WHERE ${OF_RUNS} AND verify_version IS NOT NULL GROUP BY against ORDER BY problems DESC`,
    ),
    plots: await readPlots({ own, ground, type }),
  }
}

const SAMPLING = `temperature, top_p AS topP, top_k AS topK, min_p AS minP, repetition_penalty AS repetitionPenalty, max_tokens AS maxTokens`

/** Who wrote the problems and the responses, and how. */
const DRAWN = `
  SELECT role, model, template, count() AS texts, ${SAMPLING} FROM
  (
    SELECT 'questioner' AS role, assumeNotNull(model) AS model, template, temperature, top_p, top_k, min_p, repetition_penalty, max_tokens
    FROM problems FINAL WHERE ${OF_RUNS} AND problems.model IS NOT NULL
    UNION ALL
    SELECT role, model, template, temperature, top_p, top_k, min_p, repetition_penalty, max_tokens
    FROM responses FINAL WHERE ${OF_RUNS}
  )
  GROUP BY role, model, template, temperature, top_p, top_k, min_p, repetition_penalty, max_tokens
  ORDER BY indexOf(['questioner', 'answerer', 'sampler'], role), texts DESC LIMIT ${MOST_DRAWN}`

/** Who judged: rewards, the judge of answers, the tagger. */
const SCORERS = `
  SELECT DISTINCT name, version, model FROM
  (
    SELECT concat('reward ', reward) AS name, reward_versions[reward] AS version,
      nullIf(reward_models[reward], '') AS model
    FROM (SELECT reward_versions, reward_models FROM responses FINAL WHERE ${OF_RUNS})
    ARRAY JOIN mapKeys(reward_versions) AS reward
    UNION ALL
    SELECT 'judge', '', CAST(judge_model, 'Nullable(String)') FROM responses FINAL WHERE ${OF_RUNS} AND judge_model IS NOT NULL
    UNION ALL
    SELECT 'tagger', assumeNotNull(tag_version), CAST(tag_model, 'Nullable(String)')
    FROM problems FINAL WHERE ${OF_RUNS} AND tag_version IS NOT NULL
  )
  ORDER BY name, version, model LIMIT 50`

const VERSIONS = `
  SELECT DISTINCT stage, version FROM
  (
    SELECT 'screen' AS stage, screen_version AS version FROM problems FINAL WHERE ${OF_RUNS}
    UNION ALL SELECT 'tag', tag_version FROM problems FINAL WHERE ${OF_RUNS}
    UNION ALL SELECT 'verify', verify_version FROM problems FINAL WHERE ${OF_RUNS}
    UNION ALL SELECT 'judge', judge_version FROM problems FINAL WHERE ${OF_RUNS}
  )
  WHERE version IS NOT NULL
  ORDER BY indexOf(['screen', 'tag', 'verify', 'judge'], stage), version`

const CURATED_BY = `
  SELECT DISTINCT 'curate' AS stage, version FROM
  (
    SELECT curate_version AS version FROM sft FINAL WHERE ${OF_RUNS}
    UNION ALL SELECT curate_version FROM preferences FINAL WHERE ${OF_RUNS}
  )
  ORDER BY version`
