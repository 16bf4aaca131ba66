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

/**
 * All rows with all columns that any of them has: names are told once, and not with each of a hundred thousand rows.
 * A part's lines lie in memory that the next part uses again: whoever takes a part is done with it when asking for more.
 */
export async function* insertParts(rows: readonly object[], limits: PartLimits): AsyncGenerator<InsertPart> {
  const { columns, valuesOf } = columnsOf(rows)
  let bytes: Buffer = Buffer.alloc(0)
  let count = 0
  let end = 0
  let since = performance.now()
  for (let index = 0; index < rows.length; index += 1) {
    const line = `${JSON.stringify(valuesOf(index))}\n`
    const most = end + line.length * BYTES_OF_A_LETTER
    if (most > bytes.length)
      bytes = grown(bytes, end, Math.max(most, Math.min(limits.bytes, rows.length * line.length)))
    const before = end
    // Each line by itself: one text of all would be copied twice, and be twice as long for one wide character.
    end += bytes.write(line, before)
    count += 1
    if (count > 1 && (count > limits.rows || end > limits.bytes)) {
      yield { columns, lines: bytes.subarray(0, before) }
      bytes.copyWithin(0, before, end)
      end -= before
      count = 1
    }
    if (performance.now() - since < SLICE_MS) continue
    await setImmediate()
    since = performance.now()
  }
  if (count > 0) yield { columns, lines: bytes.subarray(0, end) }
}

/** In UTF-8, of one that takes one place in a string, at most. */
const BYTES_OF_A_LETTER = 3

/** Room for so many bytes and more; the first `end` are those that were there. */
function grown(bytes: Buffer, end: number, least: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.max(least, Math.ceil(1.5 * bytes.length)))
  bytes.copy(larger, 0, 0, end)
  return larger
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
