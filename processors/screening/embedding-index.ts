// Index of the vectors of accepted problems: finds the likest by cosine. Promises: what it reports is as like as it says,
// by the exact cosine of the packed vectors; that it misses one is a matter of chance (see docs/screening.md for how
// often), the same for the same vectors in the same order. Everything lies in typed arrays: of a vector of d dimensions
// d + 192 bytes a place (places double when they are full; vectors come in blocks) and 30 to 60 for the id.

import { createIdMap, idOfWords, idWords, type IdMap } from '../../schemas/id-map.ts'
import { permanent } from '../../schemas/failure.ts'
import { dotOfPacked } from './packed-vector.ts'
import { BITS, createKeyMaker, PROBES, TABLES, type Keys } from './vector-keys.ts'

export interface Likest {
  readonly id: string
  /** Cosine. */
  readonly likeness: number
}

export interface EmbeddingIndex {
  readonly size: number
  /** Bytes of its arrays. */
  readonly bytes: number
  has(id: string): boolean
  /**
   * The likest of the vectors with this fingerprint that are at least as like as the index looks for; of equally like
   * ones that with the smallest id. Throws a permanent `embedding-shape` for another dimension than that of those in it.
   */
  find(vector: Int8Array, fingerprint: number): Likest | null
  /** Whether it has the dimension of those that are in. */
  takes(vector: Int8Array): boolean
  /** Takes a vector in; an id that is in already is left as it is. */
  add(id: string, vector: Int8Array, fingerprint: number): void
}

interface Places {
  readonly capacity: number
  readonly keys: Uint16Array
  /** Entry + 1 that a bucket begins with, and that follows in it; 0: none. Table t begins at t × capacity. */
  readonly heads: Uint32Array
  readonly next: Uint32Array
  readonly fingerprints: Uint32Array
  readonly ids: Uint32Array
  /** 1 / length of the packed vector. */
  readonly scales: Float32Array
  /** The look-up that has seen the entry last. */
  readonly seen: Uint32Array
}

const START = 1024
/** Vectors in a block. */
const BLOCK = 16_384
/** The middle of the vectors is taken from so many, once. */
const MIDDLE_OF = 1024

const placesFor = (capacity: number): Places => ({
  capacity,
  keys: new Uint16Array(capacity * TABLES),
  heads: new Uint32Array(capacity * TABLES),
  next: new Uint32Array(capacity * TABLES),
  fingerprints: new Uint32Array(capacity),
  ids: new Uint32Array(capacity * 4),
  scales: new Float32Array(capacity),
  seen: new Uint32Array(capacity),
})

/** Returns an empty index for vectors of a cosine of at least `similarity`. */
export function createEmbeddingIndex(similarity: number): EmbeddingIndex {
  let places = placesFor(START)
  const blocks: Int8Array[] = []
  const known: IdMap = createIdMap()
  let size = 0
  let dimension = 0
  let lookUps = 0
  let middle = new Float32Array(0)
  /** Keys of two like vectors differ in at most so many bits, but for a chance of one in a million. */
  let mostBits = TABLES * BITS
  let keysOf: (vector: Int8Array, scale: number, middle: Float32Array) => Keys = () => {
    throw new Error('no vector yet')
  }

  const begin = (vector: Int8Array): void => {
    dimension = vector.length
    middle = new Float32Array(dimension)
    mostBits = bitsApart(similarity)
    keysOf = createKeyMaker(dimension)
  }

  const checkDimension = ({ length }: Int8Array): void => {
    if (length === dimension) return
    const text = `a vector of ${length} numbers cannot be compared with those of ${dimension} that accepted problems have; the server has another model under the same name: give the run a new one, or serve the old model`
    throw permanent('embedding-shape', text)
  }

  const link = (entry: number): void => {
    const { capacity, keys, heads, next, fingerprints } = places
    for (let table = 0; table < TABLES; table += 1) {
      const bucket = bucketOf(capacity, table, keys[entry * TABLES + table]!, fingerprints[entry]!)
      next[table * capacity + entry] = heads[bucket]!
      heads[bucket] = entry + 1
    }
  }

  const grow = (): void => {
    const larger = placesFor(places.capacity * 2)
    for (const name of ['keys', 'fingerprints', 'ids', 'scales'] as const) larger[name].set(places[name])
    places = larger
    for (let entry = 0; entry < size; entry += 1) link(entry)
  }

  /** Lets the planes go through the middle of what is there, and gives every vector its new keys. */
  const centre = (): void => {
    for (let entry = 0; entry < size; entry += 1) {
      const from = (entry % BLOCK) * dimension
      const block = blocks[Math.floor(entry / BLOCK)]!
      for (let at = 0; at < dimension; at += 1)
        middle[at] = middle[at]! + (block[from + at]! * places.scales[entry]!) / size
    }
    const squared = middle.reduce((sum, value) => sum + value * value, 0)
    mostBits = bitsApart((similarity - squared) / (1 - squared))
    places.heads.fill(0)
    for (let entry = 0; entry < size; entry += 1) {
      const from = (entry % BLOCK) * dimension
      const vector = blocks[Math.floor(entry / BLOCK)]!.subarray(from, from + dimension)
      places.keys.set(keysOf(vector, places.scales[entry]!, middle).keys, entry * TABLES)
      link(entry)
    }
  }

  const isFar = (entry: number, keys: Uint16Array): boolean => {
    let apart = 0
    for (let table = 0; table < TABLES; table += 1) apart += onesOf(places.keys[entry * TABLES + table]! ^ keys[table]!)
    return apart > mostBits
  }

  return {
    get size() {
      return size
    },
    get bytes() {
      const { keys, heads, next, fingerprints, ids, scales, seen } = places
      const columns = [keys, heads, next, fingerprints, ids, scales, seen, ...blocks]
      return columns.reduce((sum, column) => sum + column.byteLength, known.bytes)
    },
    has: (id) => known.has(id),
    takes: (vector) => size === 0 || vector.length === dimension,
    find(vector, fingerprint) {
      if (size === 0) return null
      checkDimension(vector)
      const scale = scaleOf(vector)
      const { keys, probes } = keysOf(vector, scale, middle)
      const { capacity, heads, next, fingerprints, seen, scales } = places
      lookUps += 1
      let best: Likest | null = null
      for (let place = 0; place < probes.length; place += 1) {
        const table = Math.floor(place / PROBES)
        let entry = heads[bucketOf(capacity, table, probes[place]!, fingerprint)]! - 1
        for (; entry >= 0; entry = next[table * capacity + entry]! - 1) {
          if (seen[entry] === lookUps) continue
          seen[entry] = lookUps
          if (fingerprints[entry] !== fingerprint || isFar(entry, keys)) continue
          const dot = dotOfPacked(blocks[Math.floor(entry / BLOCK)]!, (entry % BLOCK) * dimension, vector)
          const likeness = Math.min(1, dot * scale * scales[entry]!)
          if (likeness < similarity || likeness < (best?.likeness ?? 0)) continue
          const id = idOfWords(places.ids, entry * 4)
          if (best === null || likeness > best.likeness || id < best.id) best = { id, likeness }
        }
      }
      return best
    },
    add(id, vector, fingerprint) {
      if (known.has(id)) return
      if (size === 0) begin(vector)
      checkDimension(vector)
      if (size === places.capacity) grow()
      if (size % BLOCK === 0) blocks.push(new Int8Array(BLOCK * dimension))
      const entry = size
      blocks.at(-1)!.set(vector, (entry % BLOCK) * dimension)
      places.scales[entry] = scaleOf(vector)
      places.fingerprints[entry] = fingerprint
      places.ids.set(idWords(id), entry * 4)
      places.keys.set(keysOf(vector, places.scales[entry], middle).keys, entry * TABLES)
      known.set(id, entry)
      size += 1
      if (size === MIDDLE_OF) centre()
      else link(entry)
    },
  }
}

function scaleOf(vector: Int8Array): number {
  return 1 / Math.sqrt(dotOfPacked(vector, 0, vector))
}

/** Bits in which the keys of two vectors of this cosine differ: what is to be expected and five standard deviations. */
function bitsApart(cosine: number): number {
  const chance = Math.acos(Math.max(-1, Math.min(1, cosine))) / Math.PI
  const bits = TABLES * BITS
  return bits * chance + 5 * Math.sqrt(bits * chance * (1 - chance))
}

function bucketOf(capacity: number, table: number, key: number, fingerprint: number): number {
  let bits = Math.imul(key ^ Math.imul(fingerprint ^ table, 0x9e3779b1), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 15), 0xc2b2ae35)
  return table * capacity + (((bits ^ (bits >>> 13)) >>> 0) % capacity)
}

/** Number of ones among 16 bits. */
function onesOf(value: number): number {
  let bits = value - ((value >>> 1) & 0x5555)
  bits = (bits & 0x3333) + ((bits >>> 2) & 0x3333)
  bits = (bits + (bits >>> 4)) & 0x0f0f
  return (bits + (bits >>> 8)) & 0x1f
}
