// The few forms of Avro's binary encoding that frame records which are carried as they are: longs, lengths, a cursor.

/** A long, zigzag and base 128; within the whole numbers that JavaScript has. */
export function longField(value: number): Buffer {
  let rest = value < 0 ? -2 * value - 1 : 2 * value
  const bytes: number[] = []
  while (rest >= 128) {
    bytes.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return Buffer.from(bytes)
}

/** Bytes or a string: its length, then itself. */
export function bytesField(value: Buffer): [Buffer, Buffer] {
  return [longField(value.length), value]
}

/** Reads on in bytes. All throw RangeError where they end. */
export interface Cursor {
  readonly long: () => number
  /** A view. */
  readonly bytes: (length: number) => Buffer
  readonly at: () => number
}

export function createCursor(buffer: Buffer, begin = 0): Cursor {
  let at = begin
  return {
    long() {
      let value = 0
      for (let scale = 1; ; scale *= 128) {
        const byte = buffer[at]
        if (byte === undefined || scale > 2 ** 56) throw new RangeError('the bytes end in a number')
        at += 1
        value += (byte % 128) * scale
        if (byte < 128) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
      }
    },
    bytes(length) {
      if (length < 0 || at + length > buffer.length) throw new RangeError('the bytes end too early')
      at += length
      return buffer.subarray(at - length, at)
    },
    at: () => at,
  }
}
