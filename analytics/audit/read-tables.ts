// Reads the ids of a run's rows from ClickHouse into a pass, as a reader sees them (FINAL), in ranges of ids, so that no
// answer is large: the port of a run that owns the database gives a million rows at most.

import { readUuid } from '../../schemas/id-table.ts'
import type { Database } from '../../sinks/clickhouse/contract.ts'
import { IN_TABLE, ODD_RESPONSES, packResponses, RESPONSE_ROWS, ROW, SEEN, TWICE } from './entry.ts'
import { pairNumber } from './read-log.ts'
import { gainedRows } from './addition.ts'
import type { Addition } from './addition.ts'
import type { AuditedRun } from './find-run.ts'
import { isIn } from './pass.ts'
import type { Pass } from './pass.ts'

export type AuditDatabase = Pick<Database, 'query'>

/** Tables that are compared. */
export const TABLES = ['problems', 'responses', 'sft', 'preferences', 'rejections', 'dead_letters'] as const

const ROWS_AT_ONCE = 50_000
const OF_RUN = 'run_id = {run:String} AND revision = {revision:String}'

interface Reading {
  readonly database: AuditDatabase
  readonly parameters: Readonly<Record<string, unknown>>
  readonly where: string
  readonly signal: AbortSignal
}

/** Throws what the database throws. */
export async function readTables(
  database: AuditDatabase,
  { record: { runId, revision }, addition }: Pick<AuditedRun, 'record' | 'addition'>,
  pass: Pass,
  signal: AbortSignal,
): Promise<void> {
  const own: Reading = { database, parameters: { run: runId, revision }, where: OF_RUN, signal }
  const of = (table: (typeof TABLES)[number]): Reading => (addition?.table === table ? gaining(own, addition) : own)
  for (const table of ['problems', 'sft', 'rejections'] as const) {
    const reading = of(table)
    const bit = IN_TABLE[table]
    const tail = { problems: '', sft: '/sft', rejections: '/rejection' }[table]
    for await (const [id] of idsOf(reading, table, 'id', 'id', pass)) {
      const at = entryOf(pass, table, id!, tail)
      if (at === null) continue
      const words = pass.problems.words()
      words[at + SEEN]! |= (words[at + SEEN]! & bit) === 0 ? bit : bit << TWICE
    }
  }
  await readPairs(own, pass)
  await readResponses(of('responses'), pass)
  await readLetterRows(own, pass)
}

/** Rows of the other revision that have what the addition gives. */
function gaining(reading: Reading, addition: Addition): Reading {
  const { where, parameters } = gainedRows(addition)
  return {
    ...reading,
    parameters: { ...reading.parameters, ...parameters, revision: addition.into },
    where: `${OF_RUN} AND ${where}`,
  }
}

/** Where the problem's entry begins; null for an id of another form (a stray row) or of another share. */
function entryOf(pass: Pass, table: string, id: string, tail: string): number | null {
  const bytes = Buffer.from(id)
  if (!readUuid(bytes, key) || id.slice(UUID_LENGTH) !== tail) {
    if (pass.share.from === 0) pass.strayRows.push({ store: `table ${table}`, id })
    return null
  }
  return isIn(pass.share, key) ? pass.problems.take(key) : null
}

const UUID_LENGTH = 36
const key = new Uint32Array(4)
const pairKey = new Uint32Array(5)

async function readPairs(reading: Reading, pass: Pass): Promise<void> {
  const bit = IN_TABLE.sft
  for await (const [id] of idsOf(reading, 'preferences', 'id', 'id', pass)) {
    const at = pairEntry(pass, 'table preferences', id!)
    if (at === null) continue
    const words = pass.pairs.words()
    words[at + ROW.seen]! |= (words[at + ROW.seen]! & bit) === 0 ? bit : bit << TWICE
  }
}

/** Where the pair's entry begins; null for an id of another form (a stray row) or of another share. */
export function pairEntry(pass: Pass, store: string, id: string): number | null {
  if (!readUuid(Buffer.from(id), pairKey) || !/^\/preference\/\d+$/.test(id.slice(UUID_LENGTH))) {
    if (pass.share.from === 0) pass.strayRows.push({ store, id })
    return null
  }
  if (!isIn(pass.share, pairKey)) return null
  pairKey[4] = pairNumber(id)
  return pass.pairs.take(pairKey)
}

/** Of each problem: whether it has the answer, its samples 0, 1, … without a gap, and no row of another form. */
const RESPONSES_OF = `countIf(id = concat(problem_id, '/answer')),
  countIf(id = concat(problem_id, '/sample/', toString(index))), maxIf(index + 1, kind = 'sample'), count()`

async function readResponses(reading: Reading, pass: Pass): Promise<void> {
  for await (const row of idsOf(
    reading,
    'responses',
    'problem_id',
    `problem_id, ${RESPONSES_OF}`,
    pass,
    'GROUP BY problem_id',
  )) {
    const at = entryOf(pass, 'responses', row[0]!, '')
    if (at === null) continue
    const [answers, samples, most, all] = row.slice(1).map(Number) as [number, number, number, number]
    const isOdd = answers > 1 || samples !== most || answers + samples !== all
    pass.problems.words()[at + RESPONSE_ROWS] = packResponses(answers > 0, samples) | (isOdd ? ODD_RESPONSES : 0)
  }
}

async function readLetterRows(reading: Reading, pass: Pass): Promise<void> {
  // Keys of letters may be anything, so they are read whole; they are few.
  const text = await reading.database.query(`SELECT id FROM dead_letters FINAL WHERE ${OF_RUN} ORDER BY id`, {
    ...options(reading),
    parameters: reading.parameters,
  })
  for (const [id] of rowsOf(text)) {
    const isProblem = readUuid(Buffer.from(id!), key) && id![UUID_LENGTH] === '/'
    if (isProblem ? !isIn(pass.share, key) : pass.share.from > 0) continue
    const known = pass.letterRows.get(id!)
    pass.letterRows.set(id!, {
      ...(known ?? { messages: 0, isDue: false, seen: null }),
      rows: (known?.rows ?? 0) + 1,
    })
  }
}

const options = ({ signal }: Reading) => ({ format: 'TabSeparated', signal })

/** Rows of a table for the ids of a share, range by range; the first column is `column`. */
async function* idsOf(
  reading: Reading,
  table: string,
  column: string,
  select: string,
  { share }: Pass,
  tail = '',
): AsyncGenerator<string[]> {
  const { database, parameters, where } = reading
  const count = Number(
    (
      await database.query(`SELECT count() FROM ${table} FINAL WHERE ${where}`, { ...options(reading), parameters })
    ).trim(),
  )
  const ranges = Math.min(0x10000, Math.ceil(count / ROWS_AT_ONCE) || 1)
  // Borders are the first four digits of ids; the outermost ranges are open, so that ids of any other form are met.
  const edge = (index: number): number => Math.round((0x10000 * index) / ranges)
  for (let index = 0; index < ranges; index += 1) {
    const [low, high] = [Math.max(edge(index), share.from << 8), Math.min(edge(index + 1), share.to << 8)]
    if (low >= high) continue
    const bounds = [
      low > 0 ? `AND ${column} >= {low:String}` : '',
      high < 0x10000 ? `AND ${column} < {high:String}` : '',
    ]
    const text = await database.query(
      `SELECT ${select} FROM ${table} FINAL WHERE ${where} ${bounds.join(' ')} ${tail}`,
      {
        ...options(reading),
        parameters: {
          ...parameters,
          ...(low > 0 ? { low: digits(low) } : {}),
          ...(high < 0x10000 ? { high: digits(high) } : {}),
        },
      },
    )
    yield* rowsOf(text)
  }
}

const digits = (edge: number): string => edge.toString(16).padStart(4, '0')

function* rowsOf(text: string): Generator<string[]> {
  for (const line of text.split('\n')) if (line !== '') yield line.split('\t').map(unescaped)
}

/** ClickHouse's TabSeparated escapes; ids of letters may hold anything. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(/\\(.)/gs, (_, each: string) => ESCAPES[each] ?? each)
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', b: '\b', f: '\f', '0': '\0' }
