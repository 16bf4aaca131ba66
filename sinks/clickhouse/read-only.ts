// What a stranger's SQL may do: one statement that reads tables, nothing else. ClickHouse's readonly=1 already
// refuses every write, setting and most table functions; this closes what it leaves open in an embedded server
// (tried one by one): INTO OUTFILE, a second statement, KILL, USE, the function file(), and DESCRIBE of a
// table function, which opens files and URLs to guess their columns.

import { permanent } from '../../schemas/failure.ts'
import { tokenise } from './tokens.ts'
import type { Token } from './tokens.ts'

/** What bounds a stranger's query. A result of more rows or bytes is an error, not a part. */
export const READ_ONLY_SETTINGS = {
  // Every table collapses repeats; a stranger who does not write FINAL shall not see one either.
  final: 1,
  max_execution_time: 60,
  // Of a server; the embedded database takes less where the machine is small.
  max_memory_usage: 4 * 2 ** 30,
  // What grows beyond this while it is grouped or sorted goes by way of the disk: slower, and not refused.
  max_bytes_before_external_group_by: 2 ** 29,
  max_bytes_before_external_sort: 2 ** 29,
  max_result_rows: 1_000_000,
  max_result_bytes: 256 * 1024 * 1024,
  result_overflow_mode: 'throw',
  readonly: 1,
} as const

const FIRST_WORDS = new Set(['SELECT', 'WITH', 'FROM', 'SHOW', 'DESCRIBE', 'DESC', 'EXPLAIN', 'EXISTS'])

/** Functions that read the machine's files: refused wherever the name stands, as APPLY(file) needs no bracket. */
const FILE_FUNCTIONS = new Set(['file', 'catboostevaluate'])

/** Table functions that leave the database; a bracket makes the name a call. */
const OUTSIDE =
  /^(file|url|s3|gcs|oss|cosn|hdfs|azure|iceberg|deltalake|hudi|paimon|remote|cluster|mysql|postgres|mongo|redis|sqlite|odbc|jdbc|ytsaurus|executable|eval|input|python|arrowstream|filesystem|prometheus|loop|dictionary)/

/** Throws Failure permanent `sql-refused` saying what is not allowed; returns where there is nothing to refuse. */
export function assertReadOnly(sql: string): void {
  const tokens = tokenise(sql)
  while (isSymbol(tokens.at(-1), ';')) tokens.pop()
  const first = tokens.find((token) => !isSymbol(token, '('))
  if (first === undefined) throw refused('there is no statement')
  if (tokens.some((token) => isSymbol(token, ';'))) throw refused('one statement at a time')
  const verb = first.value.toUpperCase()
  if (first.kind !== 'word' || !FIRST_WORDS.has(verb)) {
    throw refused(`${verb} is not allowed: only SELECT, SHOW, DESCRIBE, EXPLAIN and EXISTS are`)
  }
  const looksAtShape = !['SELECT', 'WITH', 'FROM'].includes(verb)
  tokens.forEach((token, place) => {
    assertToken(token, tokens[place + 1])
    const isPath = token.kind === 'text' || (token.kind === 'name' && /[/\\:]/.test(token.value))
    if (
      looksAtShape &&
      isPath &&
      ['DESCRIBE', 'DESC', 'TABLE'].includes(tokens[place - 1]?.value.toUpperCase() ?? '')
    ) {
      throw refused('a file in place of a table')
    }
    // A parameter's value is not seen here, and as a name it may be a path.
    if (looksAtShape && token.value === 'Identifier' && isSymbol(tokens[place - 1], ':')) {
      throw refused('a name by parameter is for SELECT alone')
    }
  })
}

function assertToken(token: Token, following: Token | undefined): void {
  if (token.kind !== 'word' && token.kind !== 'name') return
  const name = token.value.toLowerCase()
  if (token.kind === 'word' && name === 'into' && following?.value.toLowerCase() === 'outfile') {
    throw refused('INTO OUTFILE is not allowed: redirect the output of the command')
  }
  if (FILE_FUNCTIONS.has(name)) throw refused(`${token.value} is not allowed: it reads files of the machine`)
  if (isSymbol(following, '(') && OUTSIDE.test(name))
    throw refused(`${token.value}() is not allowed: it leaves the database`)
}

function isSymbol(token: Token | undefined, value: string): boolean {
  return token?.kind === 'symbol' && token.value === value
}

function refused(reason: string): Error {
  return permanent('sql-refused', `read-only: ${reason}`)
}
