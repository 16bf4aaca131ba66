// A map from UUID to a small number that holds a million ids in about 40 MB outside the JavaScript heap (a Map
// of strings takes three times that, and no Map holds more than 16.7 million keys). Ids are kept whole: no false hits.

const WORDS = 5 // four of the id, one for the value + 1 (0: an empty place)

export interface IdMap {
  readonly size: number
  /** Bytes of its table. */
  readonly bytes: number
  /** undefined where the id is not in the map. */
  get(id: string): number | undefined
  /** value: an integer from 0 to 4,294,967,294. */
  set(id: string, value: number): void
  has(id: string): boolean
}

const HEX = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Is it a lower-case UUID, as all ids of problems are? */
export function isUuid(text: string): boolean {
  return HEX.test(text)
}

/** The four 32-bit words of a lower-case UUID. Throws on anything else. */
export function idWords(id: string): [number, number, number, number] {
  if (!isUuid(id)) throw new TypeError(`not a UUID: ${JSON.stringify(id)}`)
  return [
    Number.parseInt(id.slice(0, 8), 16),
    Number.parseInt(id.slice(9, 13) + id.slice(14, 18), 16),
    Number.parseInt(id.slice(19, 23) + id.slice(24, 28), 16),
    Number.parseInt(id.slice(28), 16),
  ]
}

/** The UUID of four words. */
export function idOfWords(words: ArrayLike<number>, at = 0): string {
  const hex = [0, 1, 2, 3].map((index) => words[at + index]!.toString(16).padStart(8, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** Returns an empty map. */
export function createIdMap(): IdMap {
  let capacity = 1024
  let table = new Uint32Array(capacity * WORDS)
  let size = 0

  /** Offset of the id's place, or of the empty place where it belongs. UUIDv5 is a hash: its words spread by themselves. */
  const place = (into: Uint32Array, mask: number, words: ArrayLike<number>, at: number): number => {
    let slot = (words[at]! ^ words[at + 3]!) & mask
    for (;;) {
      const offset = slot * WORDS
      if (into[offset + 4] === 0) return offset
      if (
        into[offset] === words[at] &&
        into[offset + 1] === words[at + 1] &&
        into[offset + 2] === words[at + 2] &&
        into[offset + 3] === words[at + 3]
      )
        return offset
      slot = (slot + 1) & mask
    }
  }

  const grow = (): void => {
    const larger = new Uint32Array(capacity * 2 * WORDS)
    for (let offset = 0; offset < table.length; offset += WORDS) {
      if (table[offset + 4] === 0) continue
      const to = place(larger, capacity * 2 - 1, table, offset)
      larger.set(table.subarray(offset, offset + WORDS), to)
    }
    table = larger
    capacity *= 2
  }

  const get = (id: string): number | undefined => {
    const value = table[place(table, capacity - 1, idWords(id), 0) + 4]!
    return value === 0 ? undefined : value - 1
  }

  return {
    get size() {
      return size
    },
    get bytes() {
      return table.byteLength
    },
    get,
    has: (id) => get(id) !== undefined,
    set(id, value) {
      if (size >= capacity * 0.7) grow()
      const words = idWords(id)
      const offset = place(table, capacity - 1, words, 0)
      if (table[offset + 4] === 0) size += 1
      table.set(words, offset)
      table[offset + 4] = value + 1
    },
  }
}
