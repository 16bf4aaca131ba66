// The SQL of an export: which rows, and one page of them. Promise: whatever a condition says, it is read in the
// read-only lane and can only narrow what run, revision and moment allow.

import { RECORD_COLUMNS } from '../../sinks/clickhouse/read-rows.ts'
import type { ExportType, Filters, Look } from './contract.ts'

/** SQL with its parameters. */
export interface Query {
  readonly sql: string
  readonly parameters: Readonly<Record<string, unknown>>
}

export const TABLE_OF = { sft: 'sft', preference: 'preferences', steps: 'responses' } as const

const OF_RUNS = 'run_id IN {runs:Array(String)} AND revision = {revision:String}'

/** Where a server has told no tokens, and for further turns: so many characters are taken for one. */
export const CHARACTERS_PER_TOKEN = 3

const estimated = (...texts: string[]): string =>
  `ceil((${texts.map((text) => `lengthUTF8(ifNull(${text}, ''))`).join(' + ')}) / ${CHARACTERS_PER_TOKEN})`
const measuredOr = (measured: string, estimate: string): string => `if(${measured} > 0, ${measured}, ${estimate})`
const ofSide = (side: string): string =>
  measuredOr(
    `(JSONExtractUInt(${side}_generation, 'prompt_tokens') + JSONExtractUInt(${side}_generation, 'completion_tokens'))`,
    estimated('instruction', `${side}_reasoning`, side),
  )

const FIRST_TURN = measuredOr('(prompt_tokens + completion_tokens)', estimated('instruction', 'reasoning', 'response'))
const FURTHER_TURNS = `greatest(0, ${estimated('conversations')} - ${estimated('instruction', 'reasoning', 'response')})`

/** Prompt and completion tokens of a row: of all its sequences, as each must keep to the limits. */
const TOKENS: Record<ExportType, readonly string[]> = {
  sft: [`${FIRST_TURN} + if(turns > 1, ${FURTHER_TURNS}, 0)`],
  preference: [ofSide('chosen'), ofSide('rejected')],
  steps: [measuredOr('(prompt_tokens + completion_tokens)', estimated('text'))],
}

/** A filter by which rows were taken out, and what to call it. */
export interface Narrowing {
  readonly name: string
  readonly condition: string
}

/** The filters in the order in which they are counted, each on top of those before. */
export function narrowings(type: ExportType, { where, minTokens, maxTokens }: Filters, look: Look): Narrowing[] {
  const tokens = TOKENS[type]
  return [
    ...(type === 'steps'
      ? [
          { name: `--reward ${look.reward ?? ''}`, condition: 'mapContains(reward_steps, {reward:String})' },
          // Scores outlive their texts where these expire.
          { name: 'responses that have their text', condition: "ifNull(solution, text) != ''" },
        ]
      : []),
    ...(look.stepsOf === null
      ? []
      : [
          {
            name: `--type ${look.stepsOf}`,
            condition: `problem_id IN (SELECT problem_id FROM ${TABLE_OF[look.stepsOf]} FINAL WHERE ${OF_RUNS})`,
          },
        ]),
    // A condition that ends in a comment does not swallow the bracket.
    ...(where === null ? [] : [{ name: '--where', condition: `(${where}\n)` }]),
    ...(minTokens === null
      ? []
      : [{ name: '--min-tokens', condition: tokens.map((each) => `${each} >= {min:UInt64}`).join(' AND ') }]),
    ...(maxTokens === null
      ? []
      : [{ name: '--max-tokens', condition: tokens.map((each) => `${each} <= {max:UInt64}`).join(' AND ') }]),
  ]
}

/** Values of the parameters that conditions name. */
export function parametersOf({ runs, revision, minTokens, maxTokens }: Filters, { reward }: Look): Query['parameters'] {
  return {
    runs: [...runs],
    revision,
    ...(minTokens === null ? {} : { min: minTokens }),
    ...(maxTokens === null ? {} : { max: maxTokens }),
    ...(reward === null ? {} : { reward }),
  }
}

/** Counts rows of the runs (`of_runs`), and those that each filter with all before it leaves (`kept`). */
export function countQuery(filters: Filters, look: Look): Query {
  const kept = narrowings(look.type, filters, look).map(({ condition }) => `(${condition})`)
  const counts = kept.map((_, place) => `countIf(${kept.slice(0, place + 1).join(' AND ')})`)
  return {
    sql: `SELECT count() AS of_runs, [${counts.join(', ')}]::Array(UInt64) AS kept FROM ${TABLE_OF[look.type]} FINAL WHERE ${OF_RUNS}`,
    parameters: parametersOf(filters, look),
  }
}

/** What a page needs to know: ids above `after`, from `from` on, below `before` ('' : to the end). */
export interface PageBounds {
  readonly after: string
  readonly from: string
  readonly before: string
  readonly rows: number
}

/** The rows of an export between bounds, by id. Without `bounds` all of them, for the manifest. */
export function pageQuery(filters: Filters, look: Look, bounds?: PageBounds): Query {
  const { type } = look
  const within = (key: string): string[] =>
    bounds === undefined
      ? []
      : [`${key} >= {from:String}`, ...(bounds.before === '' ? [] : [`${key} < {before:String}`])]
  const conditions = [
    OF_RUNS,
    ...within(type === 'steps' ? 'problem_id' : 'id'),
    ...(bounds === undefined ? [] : ['id > {after:String}']),
    ...narrowings(type, filters, look).map(({ condition }) => condition),
  ]
  const rows = `${TABLE_OF[type]} FINAL WHERE ${conditions.join(' AND ')}`
  const sql =
    type === 'steps'
      ? `SELECT ${STEP_COLUMNS} FROM (SELECT * FROM ${rows}) AS r LEFT JOIN (SELECT id, instruction, reference_answer, model FROM problems FINAL WHERE ${[OF_RUNS, ...within('id')].join(' AND ')}) AS p ON p.id = r.problem_id ORDER BY r.id`
      : `SELECT ${RECORD_COLUMNS} FROM ${rows} ORDER BY id`
  const limit = bounds?.rows ?? filters.limit
  return {
    sql: limit === null ? sql : `${sql} LIMIT ${limit}`,
    parameters: { ...parametersOf(filters, look), ...boundParameters(bounds) },
  }
}

const STEP_COLUMNS = `r.id AS id, r.run_id AS run_id, r.revision AS revision, r.problem_id AS problem_id,
  p.instruction AS instruction, p.reference_answer AS reference_answer, p.model AS question_model,
  ifNull(r.solution, r.text) AS solution, r.reward_steps[{reward:String}] AS steps,
  if(mapContains(r.rewards, {reward:String}), r.rewards[{reward:String}], NULL) AS reward, r.model AS model,
  r.verdict AS verdict, r.final_answer AS final_answer, r.topic AS topic, r.partition AS partition, r.offset AS offset,
  r.config_hash AS config_hash, toUnixTimestamp64Milli(r.created_at) AS created_ms`

function boundParameters(bounds: PageBounds | undefined): Query['parameters'] {
  if (bounds === undefined) return {}
  const { after, from, before } = bounds
  return { after, from, ...(before === '' ? {} : { before }) }
}
