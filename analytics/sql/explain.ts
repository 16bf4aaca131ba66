// ClickHouse's refusal of a person's SQL in one line that says what to do: the name that was meant, the limit that was
// met. Its own words stay where they are clear.

import { nearest } from '../../configs/nearest.ts'
import { Failure, UsageFault } from '../../schemas/failure.ts'
import type { Database } from '../../sinks/clickhouse/contract.ts'
import { statementFault } from '../../sinks/clickhouse/statement-faults.ts'

type Reads = Pick<Database, 'rows'>

/** Advice by ClickHouse's number of the error. */
const ADVICE: Readonly<Record<string, string>> = {
  '158': 'it reads too many rows: choose a run or a revision by WHERE',
  '159': 'it took longer than 60 s: choose a run or a revision by WHERE, or ask for less at once',
  '241':
    'it needs too much memory: choose a run or a revision by WHERE, or leave long texts out of GROUP BY and ORDER BY',
  '396':
    'the result has more than 1,000,000 rows or 256 MB: add LIMIT or a WHERE, or take ./magpie export for whole data sets',
  '394': 'it was stopped',
  '164': 'only reading is allowed, and no setting may be changed',
}

/** The same error, said better where ClickHouse says it of a person's SQL: a UsageFault where the SQL itself is wrong. */
export async function explained(database: Reads, error: unknown): Promise<unknown> {
  if (!(error instanceof Failure)) return error
  const number = /^clickhouse-(\d+)$/.exec(error.code)?.[1]
  const said = error.message.replace(/^ClickHouse: /, '')
  const text = number === undefined ? error.message : await wordsFor(database, number, said)
  return statementFault(error) === null
    ? new Failure(error.retry, error.code, text, { cause: error })
    : new UsageFault(text)
}

async function wordsFor(database: Reads, number: string, said: string): Promise<string> {
  const advice = ADVICE[number]
  if (advice !== undefined) return advice
  const name = /identifier [`'"]([^`'"]+)[`'"]/i.exec(said)?.[1] ?? ''
  switch (number) {
    case '60':
      return await unknownTable(database, name)
    case '47':
      return await unknownColumn(database, name, said)
    case '62':
      return syntaxFault(said)
    case '73': {
      const format = /format (\w+)/.exec(said)?.[1] ?? ''
      const rows = await database.rows<{ name: string }>('SELECT name FROM system.formats WHERE is_output')
      return `there is no format ${format}${meant(format, rows)}`
    }
    default:
      return firstSentence(said)
  }
}

async function unknownTable(database: Reads, name: string): Promise<string> {
  const rows = await database.rows<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND name NOT LIKE '.%' ORDER BY name",
  )
  const all = rows.map((row) => row.name).join(', ')
  return `there is no table ${name}${meant(name, rows) || `; there are ${all}`}`
}

/** Where another table has a column of this name, it is that; else ClickHouse hints at one of the tables that are read. */
async function unknownColumn(database: Reads, name: string, said: string): Promise<string> {
  const rows = await database.rows<{ name: string; tables: string }>(
    `SELECT name, arrayStringConcat(groupArray(table), ', ') AS tables FROM
       (SELECT name, table FROM system.columns WHERE database = currentDatabase() ORDER BY table) GROUP BY name`,
  )
  const column = name.split('.').at(-1)
  const elsewhere = rows.find((row) => row.name === column)
  if (elsewhere !== undefined) return `there is no column ${name} there; it is one of ${elsewhere.tables}`
  const hint = /Maybe you meant: \[([^\]]+)\]/.exec(said)?.[1]?.replaceAll("'", '')
  const near = hint === undefined ? meant(name, rows) : `; did you mean ${hint}?`
  return `there is no column ${name}${near || '; DESCRIBE TABLE lists those of a table'}`
}

function syntaxFault(said: string): string {
  const { at, line, column } =
    /failed at position \d+ \((?<at>[^]*?)\) \(line (?<line>\d+), col (?<column>\d+)\)/.exec(said)?.groups ?? {}
  if (at === undefined) return firstSentence(said)
  return at === 'end of query'
    ? 'the SQL ends before it is whole'
    : `the SQL is not understood from line ${line}, column ${column} on: ${at}`
}

function meant(name: string, known: readonly { name: string }[]): string {
  const others = known.map((each) => each.name).filter((each) => each !== name)
  const near = nearest(name, others)
  return near === null ? '' : `; did you mean ${near}?`
}

/** Without the statement that ClickHouse quotes, and the tokens that it would have taken. */
function firstSentence(said: string): string {
  return said
    .replace(/\s*In scope [^]*$/i, '')
    .replace(/: (?:While|In) (?:processing|executing|query)[^]*$/, '')
    .replace(/\s*Expected one of: [^]*$/, '')
    .split('\n')[0]!
    .trim()
}
