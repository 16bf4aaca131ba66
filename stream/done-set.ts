// The set of finished offsets above a partition's watermark, small enough for a commit's metadata (4,096 bytes).
// Promises: whatever lies within MAX_SPREAD of the watermark fits; text that is not ours reads as null.

/**
 * How far above the watermark (in offsets) a finished record may lie: its bitmap then always fits, with room for the
 * places of 40 output partitions (see output-places.ts) and the mark of the journal beside it.
 */
export const MAX_SPREAD = 22_320

/** The broker's default limit for a commit's metadata (offset.metadata.max.bytes). */
export const MAX_METADATA_BYTES = 4096

const RUNS = 'r1'
const BITMAP = 'b1'

/**
 * Writes offsets (ascending, none below `watermark`, all within MAX_SPREAD of it) as text: run lengths or a
 * bitmap, whichever is shorter, in base64. The empty set is ''.
 */
export function encodeDoneSet(watermark: number, done: readonly number[]): string {
  if (done.length === 0) return ''
  const runs = runLengths(watermark, done)
  const bitmapBytes = Math.floor((done.at(-1)! - watermark) / 8) + 1
  if (runs.length <= bitmapBytes) return RUNS + Buffer.from(runs).toString('base64')
  const bitmap = Buffer.alloc(bitmapBytes)
  for (const offset of done) {
    const bit = offset - watermark
    bitmap[bit >> 3]! |= 1 << (bit & 7)
  }
  return BITMAP + bitmap.toString('base64')
}

/** Reads what encodeDoneSet wrote, ascending; null if the text is not of this kind. */
export function decodeDoneSet(watermark: number, text: string): number[] | null {
  if (text === '') return []
  const kind = text.slice(0, 2)
  const base64 = text.slice(2)
  const bytes = Buffer.from(base64, 'base64')
  if (bytes.toString('base64') !== base64) return null
  if (kind === BITMAP) return bytes.length * 8 <= MAX_SPREAD ? fromBitmap(watermark, bytes) : null
  if (kind === RUNS) return fromRunLengths(watermark, bytes)
  return null
}

/** Alternating lengths of not-done and done stretches, each a little-endian base-128 number. */
function runLengths(watermark: number, done: readonly number[]): number[] {
  const bytes: number[] = []
  let next = watermark
  let index = 0
  while (index < done.length) {
    const first = done[index]!
    let last = first
    while (index + 1 < done.length && done[index + 1] === last + 1) {
      last += 1
      index += 1
    }
    index += 1
    pushNumber(bytes, first - next)
    pushNumber(bytes, last - first + 1)
    next = last + 1
  }
  return bytes
}

function pushNumber(bytes: number[], value: number): void {
  let rest = value
  while (rest >= 128) {
    bytes.push((rest & 127) | 128)
    rest >>= 7
  }
  bytes.push(rest)
}

function fromRunLengths(watermark: number, bytes: Buffer): number[] | null {
  const done: number[] = []
  let next = watermark
  let isDone = false
  let value = 0
  let shift = 0
  for (const byte of bytes) {
    value |= (byte & 127) << shift
    shift += 7
    if (byte >= 128) continue
    if (next + value > watermark + MAX_SPREAD) return null
    if (isDone) for (let each = 0; each < value; each += 1) done.push(next + each)
    next += value
    isDone = !isDone
    value = 0
    shift = 0
  }
  return shift === 0 && !isDone ? done : null
}

function fromBitmap(watermark: number, bytes: Buffer): number[] {
  const done: number[] = []
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    if ((bytes[bit >> 3]! & (1 << (bit & 7))) !== 0) done.push(watermark + bit)
  }
  return done
}
