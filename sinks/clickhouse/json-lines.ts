// Rows as text that ClickHouse takes, in parts that neither it nor the event loop chokes on; and rows out of its text.

import { setImmediate } from 'node:timers/promises'

/** Most rows and bytes of one INSERT, about; a larger row goes alone. */
export interface PartLimits {
  readonly rows: number
  readonly bytes: number
}

/** Rows of one INSERT. */
export interface InsertPart {
  readonly columns: readonly string[]
  /** JSONCompactEachRow: a JSON array a line, with a value for each column; null: the column's default. */
  readonly lines: Buffer
}

/** So long the event loop waits for rows to become text. */
const SLICE_MS = 10

/** All rows with all columns that any of them has: names are told once, and not with each of a hundred thousand rows. */
export async function* insertParts(rows: readonly object[], limits: PartLimits): AsyncGenerator<InsertPart> {
  const { columns, valuesOf } = columnsOf(rows)
  let pieces: Buffer[] = []
  let bytes = 0
  let since = performance.now()
  const endPart = (): InsertPart => {
    const lines = Buffer.concat(pieces)
    pieces = []
    bytes = 0
    return { columns, lines }
  }
  for (let index = 0; index < rows.length; index += 1) {
    // Each line by itself: one text of all would be copied twice, and be twice as long for one wide character.
    const line = Buffer.from(`${JSON.stringify(valuesOf(index))}\n`)
    if (pieces.length > 0 && (pieces.length >= limits.rows || bytes + line.length > limits.bytes)) yield endPart()
    pieces.push(line)
    bytes += line.length
    if (performance.now() - since < SLICE_MS) continue
    await setImmediate()
    since = performance.now()
  }
  if (pieces.length > 0) yield endPart()
}

/** All columns, and the values of a row in their order. Most rows have the same columns in the same order: theirs are at hand. */
function columnsOf(rows: readonly object[]): { columns: string[]; valuesOf: (index: number) => unknown[] } {
  const first = Object.keys(rows[0] ?? {})
  const all = new Set(first)
  const isLikeFirst = rows.map((row) => {
    const own = Object.keys(row)
    if (own.length === first.length && own.every((column, at) => column === first[at])) return true
    for (const column of own) all.add(column)
    return false
  })
  const columns = [...all]
  return {
    columns,
    valuesOf: (index) => {
      const row = rows[index] as Readonly<Record<string, unknown>>
      return all.size === first.length && isLikeFirst[index] === true
        ? Object.values(row)
        : columns.map((column) => row[column])
    },
  }
}

/** Objects of JSONEachRow text. */
export function rowsOf<Row>(text: string): Row[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
}
