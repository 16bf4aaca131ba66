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
  const columns = columnsOf(rows)
  let pieces: Buffer[] = []
  let lines: string[] = []
  let [count, bytes] = [0, 0]
  let since = performance.now()
  const endPiece = (): void => {
    if (lines.length > 0) pieces.push(Buffer.from(`${lines.join('\n')}\n`))
    lines = []
  }
  const endPart = (): InsertPart => {
    endPiece()
    const part = { columns, lines: pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces) }
    pieces = []
    count = bytes = 0
    return part
  }
  for (const row of rows as readonly Readonly<Record<string, unknown>>[]) {
    const line = JSON.stringify(columns.map((column) => row[column] ?? null))
    if (count > 0 && (count >= limits.rows || bytes + line.length > limits.bytes)) yield endPart()
    lines.push(line)
    count += 1
    bytes += line.length
    if (performance.now() - since < SLICE_MS) continue
    endPiece()
    await setImmediate()
    since = performance.now()
  }
  if (count > 0) yield endPart()
}

function columnsOf(rows: readonly object[]): string[] {
  const columns = new Set<string>()
  for (const row of rows) for (const column in row) columns.add(column)
  return [...columns]
}

/** Objects of JSONEachRow text. */
export function rowsOf<Row>(text: string): Row[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
}
