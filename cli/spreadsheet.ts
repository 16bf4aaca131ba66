// CSV for spreadsheets, which take a cell that begins with = + - @ for a formula and run it. Promise: no text is one;
// numbers and everything else stay as they are.

/** What makes a text a formula in one spreadsheet or another. */
const FORMULA = new Set(Buffer.from('=+-@\t\r'))
const [QUOTE, COMMA, NEWLINE, APOSTROPHE] = [0x22, 0x2c, 0x0a, 0x27]

/** Puts an apostrophe before each quoted cell that would be a formula. `csv`: as ClickHouse writes it, texts in quotes. */
export function withoutFormulas(csv: Buffer): Buffer {
  const pieces: Buffer[] = []
  let done = 0
  let isQuoted = false
  let isCellStart = true
  for (const [at, byte] of csv.entries()) {
    if (byte === QUOTE) {
      isQuoted = !isQuoted
      if (isCellStart && FORMULA.has(csv[at + 1] ?? 0)) {
        pieces.push(csv.subarray(done, at + 1), Buffer.from([APOSTROPHE]))
        done = at + 1
      }
    }
    isCellStart = !isQuoted && (byte === COMMA || byte === NEWLINE)
  }
  return Buffer.concat([...pieces, csv.subarray(done)])
}
