// The lines of a file of any size. Promises: memory is bounded by the longest line that is asked for; a line that
// is longer comes cut, and says so; LF, CRLF and a byte order mark are no part of a line.

import { createReadStream } from 'node:fs'

export interface Line {
  /** From 1. */
  readonly number: number
  readonly bytes: Buffer
  /** It was longer than the limit; bytes are its beginning. */
  readonly cut: boolean
}

const NEW_LINE = 0x0a
const RETURN = 0x0d
const MARK = Buffer.from([0xef, 0xbb, 0xbf])

/** Every line of the file, blank ones included. Throws what the file system throws; ends when the signal aborts. */
export async function* readLines(file: string, maxBytes: number, signal?: AbortSignal): AsyncGenerator<Line> {
  let pieces: Buffer[] = []
  let held = 0
  let cut = false
  let number = 0

  const add = (piece: Buffer): void => {
    // One byte more than the limit, for the return of a CRLF.
    const kept = piece.subarray(0, Math.max(0, maxBytes + 1 - held))
    if (kept.length < piece.length) cut = true
    if (kept.length > 0) pieces.push(kept)
    held += kept.length
  }
  const take = (): Line => {
    number += 1
    let bytes = Buffer.concat(pieces)
    if (number === 1 && bytes.subarray(0, 3).equals(MARK)) bytes = bytes.subarray(3)
    if (!cut && bytes.at(-1) === RETURN) bytes = bytes.subarray(0, -1)
    const line = { number, bytes: bytes.subarray(0, maxBytes), cut: cut || bytes.length > maxBytes }
    pieces = []
    held = 0
    cut = false
    return line
  }

  const stream = createReadStream(file, { highWaterMark: 1 << 18, ...(signal && { signal }) }) as AsyncIterable<Buffer>
  for await (const chunk of stream) {
    let from = 0
    for (let end = chunk.indexOf(NEW_LINE); end !== -1; end = chunk.indexOf(NEW_LINE, from)) {
      add(chunk.subarray(from, end))
      yield take()
      from = end + 1
    }
    if (from < chunk.length) add(chunk.subarray(from))
  }
  if (held > 0) yield take()
}
