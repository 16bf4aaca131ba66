// Texts of problems and answers that have some of the words, the best first: BM25 (Robertson and Zaragoza 2009, k1 1.2,
// b 0.75) over all texts that are looked at. Every text is read through: a million problems take seconds, and no index
// slows a run down.

import type { Database } from '../../sinks/clickhouse/contract.ts'
import type { Term } from './words.ts'

export type Where = 'problems' | 'answers'

export interface Search {
  readonly terms: readonly Term[]
  readonly where: Where
  /** All runs when left out. */
  readonly run?: string | undefined
  readonly revision: string
  readonly limit: number
}

export interface Found {
  readonly id: string
  readonly run: string
  /** The problem that an answer is to; that of a problem is its own id. */
  readonly problemId: string
  readonly score: number
  /** Of problems: category, difficulty, pass rate, and why it was refused; of answers: model and verdict. */
  readonly about: readonly string[]
  readonly text: string
}

export interface Findings {
  readonly found: readonly Found[]
  /** Texts that have at least one of the terms, and all that were looked at. */
  readonly matching: number
  readonly texts: number
}

const SOURCES: Readonly<Record<Where, { table: string; text: string; problem: string; about: string }>> = {
  problems: {
    table: 'problems',
    text: 'ifNull(instruction, text)',
    problem: 'id',
    about:
      "[ifNull(category, ''), ifNull(difficulty, ''), if(pass_rate IS NULL, '', concat('pass rate ', toString(round(assumeNotNull(pass_rate), 2))))]",
  },
  answers: {
    table: 'responses',
    text: 'text',
    problem: 'problem_id',
    about: "[toString(model), ifNull(verdict, ''), concat(toString(completion_tokens), ' tokens')]",
  },
}

/** Looks through the texts; reading only, within the bounds of strangers. Throws what the database throws. */
export async function searchTexts(database: Pick<Database, 'rows'>, search: Search): Promise<Findings> {
  const { terms, run, revision, limit } = search
  const { table, text, problem, about } = SOURCES[search.where]
  const scope = `revision = {revision:String} ${run === undefined ? '' : 'AND run_id = {run:String}'}`
  const patterns = Object.fromEntries(terms.map(({ pattern }, at) => [`p${at}`, `(?i)${pattern}`]))
  const parameters = { ...patterns, needles: terms.map(needleOf), revision, run, limit }
  const readOnly = { readOnly: true }
  const counts = terms.map((_, at) => `countMatches(words, {p${at}:String})`).join(', ')
  const best = await database.rows<{ run: string; id: string; score: number; matching: number; texts: number }>(
    `SELECT run_id AS run, id, count() OVER () AS matching, assumeNotNull((SELECT count() FROM ${table} FINAL WHERE ${scope})) AS texts,
       sumForEach(arrayMap(hit -> hit > 0, hits)) OVER () AS having_it, avg(size) OVER () AS mean_size,
       arraySum((hit, having) -> log(1 + (texts - having + 0.5) / (having + 0.5)) * hit * 2.2 / (hit + 1.2 * (0.25 + 0.75 * size / mean_size)),
         hits, having_it) AS score
     FROM
     (
       SELECT run_id, id, ${text} AS words, length(words) AS size, [${counts}] AS hits FROM ${table} FINAL
       WHERE ${scope} AND multiSearchAnyCaseInsensitiveUTF8(words, {needles:Array(String)}) AND arraySum(hits) > 0
     )
     ORDER BY score DESC, id LIMIT {limit:UInt32}`,
    parameters,
    readOnly,
  )
  if (best.length === 0) {
    const [counted] = await database.rows<{ texts: number }>(
      `SELECT count() AS texts FROM ${table} FINAL WHERE ${scope}`,
      parameters,
      readOnly,
    )
    return { found: [], matching: 0, texts: counted?.texts ?? 0 }
  }
  const whole = await database.rows<Omit<Found, 'score'>>(
    `SELECT run_id AS run, id, ${problem} AS problemId, ${about} AS about, ${text} AS text FROM ${table} FINAL
     WHERE ${scope} AND id IN {ids:Array(String)}`,
    { ...parameters, ids: best.map(({ id }) => id) },
    readOnly,
  )
  const refusals =
    search.where === 'problems'
      ? await refusalsOf(database, scope, { ...parameters, ids: best.map(({ id }) => id) })
      : new Map<string, string>()
  const byPlace = new Map(whole.map((each) => [`${each.run} ${each.id}`, each]))
  const found = best.flatMap(({ run: of, id, score }) => {
    const row = byPlace.get(`${of} ${id}`)
    if (row === undefined) return []
    const about = [...row.about, refusals.get(`${of} ${id}`) ?? ''].filter((word) => word !== '')
    return [{ ...row, about, score }]
  })
  return { found, matching: best[0]!.matching, texts: best[0]!.texts }
}

/** Why problems were refused, by run and id. */
async function refusalsOf(
  database: Pick<Database, 'rows'>,
  scope: string,
  parameters: Readonly<Record<string, unknown>>,
): Promise<Map<string, string>> {
  const rows = await database.rows<{ run: string; id: string; reason: string }>(
    `SELECT run_id AS run, problem_id AS id, toString(any(reason)) AS reason FROM rejections FINAL
     WHERE ${scope} AND problem_id IN {ids:Array(String)} GROUP BY run, id`,
    parameters,
    { readOnly: true },
  )
  return new Map(rows.map(({ run, id, reason }) => [`${run} ${id}`, `refused: ${reason}`]))
}

/** What must stand in a text for the pattern to match: of a phrase its first word, as spaces may differ. */
function needleOf({ text }: Term): string {
  return text.split(/\s/)[0]!
}
