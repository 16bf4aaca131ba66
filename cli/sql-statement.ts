// The statement of `magpie sql`: from the command line, a file or stdin, and the values of its parameters. Promise: a
// value goes along apart from the SQL, so that nothing in it is ever read as SQL.

import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { takesNull, valueFault } from '../analytics/sql/parameter-values.ts'
import { nearest } from '../configs/nearest.ts'
import { UsageFault } from '../schemas/failure.ts'
import { placeholdersOf } from '../sinks/clickhouse/placeholders.ts'
import { statementFault } from '../sinks/clickhouse/statement-faults.ts'
import { tokenise } from '../sinks/clickhouse/tokens.ts'

/** ClickHouse's own form of NULL as a parameter: NULL for a type that has one, a text for any other. */
const NULL = '\\N'

export interface Statement {
  readonly sql: string
  readonly parameters: Readonly<Record<string, string | null>>
}

/**
 * Reads the statement and its values. query: as an argument; file: where it lies, - for stdin; given: name=value.
 * Throws UsageFault, all faults at once.
 */
export async function readStatement(
  query: string | undefined,
  file: string | undefined,
  given: readonly string[],
): Promise<Statement> {
  if (query !== undefined && file !== undefined)
    throw new UsageFault('give the SQL as an argument or by --file, not both')
  const sql = query ?? (file === undefined ? undefined : await readSql(file))
  if (sql?.trim() === '')
    throw new UsageFault(file === undefined ? 'the SQL is empty: give a statement' : `--file ${file}: has no SQL in it`)
  if (sql === undefined) throw new UsageFault('there is no SQL: give it as an argument, or by --file FILE (- is stdin)')
  const faults: string[] = []
  const values = new Map<string, string | null>()
  for (const pair of given) {
    const { name, value } = /^(?<name>[A-Za-z_]\w*)=(?<value>[^]*)$/.exec(pair)?.groups ?? {}
    if (name === undefined || value === undefined) faults.push(`--param ${pair}: write it as name=value`)
    else if (name === '__proto__') faults.push('--param __proto__: give the parameter another name')
    else if (values.has(name)) faults.push(`--param ${name} is given twice`)
    else values.set(name, value)
  }
  const asked = askedBy(sql)
  for (const [name, types] of asked) {
    const value = values.get(name)
    if (value == null) {
      faults.push(`the SQL asks for {${name}:${types[0]}}: give --param ${name}=…`)
      continue
    }
    const isNull = value === NULL && types.some(takesNull)
    if (isNull) values.set(name, null)
    for (const type of types) {
      const fault = isNull ? notNull(type) : valueFault(type, value)
      if (fault !== null) faults.push(`--param ${name} is {${name}:${type}} in the SQL: ${fault}`)
    }
  }
  for (const name of values.keys()) {
    if (asked.has(name)) continue
    const near = nearest(name, asked.keys())
    faults.push(`--param ${name}: the SQL has no {${name}:Type}${near === null ? '' : `; did you mean ${near}?`}`)
  }
  if (faults.length > 0) throw new UsageFault(faults)
  return { sql, parameters: Object.fromEntries(values) }
}

function notNull(type: string): string | null {
  return takesNull(type) ? null : `${NULL}, which is NULL for its other type, is none here: take two parameters`
}

function askedBy(sql: string): ReturnType<typeof placeholdersOf> {
  try {
    return placeholdersOf(sql)
  } catch (error) {
    const fault = statementFault(error)
    throw fault === null ? error : new UsageFault(fault)
  }
}

/** The format that a statement itself asks for at its end; null: it leaves that open. */
export function formatIn(sql: string): string | null {
  const tokens = tokenise(sql).filter(({ kind, value }) => kind !== 'symbol' || value !== ';')
  const settings = tokens.findLastIndex(({ kind, value }) => kind === 'word' && value.toUpperCase() === 'SETTINGS')
  const [word, name] = (settings === -1 ? tokens : tokens.slice(0, settings)).slice(-2)
  return word?.kind === 'word' && word.value.toUpperCase() === 'FORMAT' && name?.kind === 'word' ? name.value : null
}

async function readSql(file: string): Promise<string> {
  if (file === '-') return await text(process.stdin)
  try {
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '')
  } catch (error) {
    throw new UsageFault(`--file ${file}: cannot be read (${error instanceof Error ? error.message : String(error)})`)
  }
}
