// What avsc 5.7.9 needs before it reads foreign bytes: it believes the count in front of a block of items, so that a
// record of 20 bytes can ask for an array of 2^53 and take the process down with it. Here a count is refused where fewer
// bytes follow than items. The avsc version is pinned; test/schemas/avsc-bounds.test.ts holds the seam.

import avro from 'avsc'

interface Tap {
  readonly buf: Buffer
  readonly pos: number
  readLong(): number
  readString(): string
}

interface Reads {
  _read(tap: Tap): unknown
}

interface Blocks extends Reads {
  readonly itemsType: Reads
  readonly valuesType: Reads
}

let isPatched = false

/** Applies the correction; more calls do nothing. */
export function boundAvscBlocks(): void {
  if (isPatched) return
  isPatched = true
  const { ArrayType, MapType } = avro.types as unknown as Record<'ArrayType' | 'MapType', { prototype: Blocks }>
  ArrayType.prototype._read = function (this: Blocks, tap) {
    const items: unknown[] = []
    for (let left = blockLength(tap); left > 0; left = blockLength(tap)) {
      for (; left > 0; left -= 1) items.push(this.itemsType._read(tap))
    }
    return items
  }
  MapType.prototype._read = function (this: Blocks, tap) {
    const values: Record<string, unknown> = {}
    for (let left = blockLength(tap); left > 0; left = blockLength(tap)) {
      for (; left > 0; left -= 1) {
        const key = tap.readString()
        values[key] = this.valuesType._read(tap)
      }
    }
    return values
  }
}

/** Items of the next block; 0 ends the array. No schema here has items of no bytes (null, empty records). */
function blockLength(tap: Tap): number {
  let length = tap.readLong()
  if (length < 0) {
    length = -length
    tap.readLong() // the block's size in bytes
  }
  if (length > tap.buf.length - tap.pos) throw new Error(`a block of ${length} items in fewer bytes`)
  return length
}
