// Rows as JSONEachRow text and back; out in parts that neither ClickHouse nor the event loop chokes on.

/** Most rows and bytes of one INSERT. */
const PART_ROWS = 5000
const PART_BYTES = 4 * 1024 * 1024

/** Lines of JSON, joined to texts of at most 5,000 rows and about 4 MB (a larger row goes alone). */
export function* insertLines(rows: readonly object[]): Generator<string> {
  let lines: string[] = []
  let size = 0
  for (const row of rows) {
    const line = JSON.stringify(row)
    if (lines.length > 0 && (lines.length >= PART_ROWS || size + line.length > PART_BYTES)) {
      yield lines.join('\n')
      lines = []
      size = 0
    }
    lines.push(line)
    size += line.length
  }
  if (lines.length > 0) yield lines.join('\n')
}

/** Objects of JSONEachRow text. */
export function rowsOf<Row>(text: string): Row[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
}
