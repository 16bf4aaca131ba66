// A hash table from ids to a few words of notes, for millions of ids outside the JavaScript heap: one typed array, ids
// whole (no false hits), nothing else allocated for an entry. An id is the four words of a UUID, with a number behind
// it where several things belong to one problem.

/** An entry is `key` words, then `notes` words; the highest bit of the first note is the table's own. */
export interface IdTable {
  readonly size: number
  /** Bytes that it holds. */
  readonly bytes: number
  /** All entries. Another array after the table has grown: ask again after every take(). */
  words(): Uint32Array
  /** Where the entry of this key begins in words(); it is made where there is none, with empty notes. */
  take(key: ArrayLike<number>): number
  /** The same; -1 where there is none. */
  find(key: ArrayLike<number>): number
  /** Where each entry begins; the table must not grow meanwhile. */
  entries(): Generator<number>
}

/** Marks an entry in the first word of its notes. */
const TAKEN = 0x80000000
const FULL = 0.7

/** An empty table; it grows by doubling. */
export function createIdTable({ key: keyWords, notes }: { key: 4 | 5; notes: number }): IdTable {
  const stride = keyWords + notes
  let capacity = 1024
  let table = new Uint32Array(capacity * stride)
  let size = 0

  /** Where the key's entry is, or the empty place for it. UUIDv5 is a hash: its words spread by themselves. */
  const place = (into: Uint32Array, mask: number, key: ArrayLike<number>, at: number): number => {
    const own = keyWords === 5 ? Math.imul(key[at + 4]!, 0x9e3779b1) : 0
    for (let slot = (key[at + 1]! ^ key[at + 3]! ^ own) & mask; ; slot = (slot + 1) & mask) {
      const offset = slot * stride
      if ((into[offset + keyWords]! & TAKEN) === 0) return offset
      let same = 0
      while (same < keyWords && into[offset + same] === key[at + same]) same += 1
      if (same === keyWords) return offset
    }
  }

  const isTaken = (offset: number): boolean => (table[offset + keyWords]! & TAKEN) !== 0

  const grow = (): void => {
    const larger = new Uint32Array(capacity * 2 * stride)
    for (let offset = 0; offset < table.length; offset += stride) {
      if (!isTaken(offset)) continue
      larger.set(table.subarray(offset, offset + stride), place(larger, capacity * 2 - 1, table, offset))
    }
    table = larger
    capacity *= 2
  }

  return {
    get size() {
      return size
    },
    get bytes() {
      return table.byteLength
    },
    words: () => table,
    take(key) {
      if (size >= capacity * FULL) grow()
      const offset = place(table, capacity - 1, key, 0)
      if (isTaken(offset)) return offset
      for (let word = 0; word < keyWords; word += 1) table[offset + word] = key[word]!
      table[offset + keyWords] = TAKEN
      size += 1
      return offset
    },
    find(key) {
      const offset = place(table, capacity - 1, key, 0)
      return isTaken(offset) ? offset : -1
    },
    *entries() {
      for (let offset = 0; offset < table.length; offset += stride) if (isTaken(offset)) yield offset
    },
  }
}

const NO_DIGIT = 255
const DIGITS = new Uint8Array(256).fill(NO_DIGIT)
for (let value = 0; value < 16; value += 1) DIGITS[value.toString(16).charCodeAt(0)] = value
const DASH = 0x2d
const UUID_LENGTH = 36

/**
 * Reads a lower-case UUID from the bytes at `from` into the first four words of `into`, without making a string;
 * false where there is none. What follows it is not looked at.
 */
export function readUuid(bytes: Uint8Array, into: Uint32Array, from = 0): boolean {
  if (bytes.length < from + UUID_LENGTH) return false
  let word = 0
  let digits = 0
  for (let index = 0; index < UUID_LENGTH; index += 1) {
    const byte = bytes[from + index]!
    if (index === 8 || index === 13 || index === 18 || index === 23) {
      if (byte !== DASH) return false
      continue
    }
    const digit = DIGITS[byte]!
    if (digit === NO_DIGIT) return false
    word = ((word << 4) | digit) >>> 0
    digits += 1
    if (digits % 8 === 0) {
      into[digits / 8 - 1] = word
      word = 0
    }
  }
  return true
}
