// Index of accepted problems: finds exact and near duplicates by MinHash-LSH. Promises: what it finds depends on
// what it holds, not on the order in which that came; it can be rebuilt from the log; everything lies in typed
// arrays, 436 bytes a place (places double when they are full) and 30 to 60 for the id: see bench/screen.ts.

import { createIdMap, idOfWords, idWords, type IdMap } from '../../schemas/id-map.ts'
import type { Screened } from '../../schemas/records.ts'
import { BANDS, bandKey, featuresOf, likeness, SIGNATURE_LENGTH, type Features } from './features.ts'

export interface IndexRules {
  /** Likeness (Jaccard, 0 to 1) from which two problems are near duplicates. */
  readonly similarity: number
  /** Problems that differ in numbers, operators or contrast words are never near duplicates. */
  readonly numbersMatter: boolean
}

export interface Collision {
  readonly kind: 'exact' | 'near'
  readonly id: string
  /** Estimated likeness; 1 for exact ones. */
  readonly likeness: number
}

export interface ScreenIndex {
  readonly size: number
  /** Bytes of its arrays. */
  readonly bytes: number
  /**
   * Takes a problem in and returns null; or leaves it out and returns the likest accepted problem that it repeats
   * (of equally like ones that with the smallest id). An id that is already in is null again: a redelivery.
   */
  admit(id: string, text: string): Collision | null
  /** Forgets everything, then takes in accepted problems. runId: take those of one run only; null takes all. Returns how many. */
  rebuild(records: AsyncIterable<Screened>, runId: string | null): Promise<number>
}

/** Arrays for a number of entries; entry e has its signature at e × SIGNATURE_LENGTH, its place in band b at b × capacity + e. */
interface Arrays {
  readonly capacity: number
  readonly signatures: Uint16Array
  readonly exact: Uint32Array
  readonly fingerprints: Uint32Array
  readonly ids: Uint32Array
  /** Entry + 1 that a bucket begins with; 0 is an empty bucket. */
  readonly bandHeads: Uint32Array
  /** Entry + 1 that follows in the bucket. */
  readonly bandNext: Uint32Array
  readonly exactHeads: Uint32Array
  readonly exactNext: Uint32Array
}

const START = 1024

const arraysFor = (capacity: number): Arrays => ({
  capacity,
  signatures: new Uint16Array(capacity * SIGNATURE_LENGTH),
  exact: new Uint32Array(capacity * 2),
  fingerprints: new Uint32Array(capacity),
  ids: new Uint32Array(capacity * 4),
  bandHeads: new Uint32Array(capacity * BANDS),
  bandNext: new Uint32Array(capacity * BANDS),
  exactHeads: new Uint32Array(capacity),
  exactNext: new Uint32Array(capacity),
})

/** Returns an empty index. */
export function createScreenIndex(rules: IndexRules): ScreenIndex {
  let arrays = arraysFor(START)
  let known: IdMap = createIdMap()
  let size = 0

  /** Places an entry, whose own columns are filled, in its buckets. */
  const link = (into: Arrays, entry: number): void => {
    const bucket = into.exact[entry * 2]! % into.capacity
    into.exactNext[entry] = into.exactHeads[bucket]!
    into.exactHeads[bucket] = entry + 1
    for (let band = 0; band < BANDS; band += 1) {
      const head = bandBucket(into, into.signatures, entry * SIGNATURE_LENGTH, band, into.fingerprints[entry]!)
      into.bandNext[band * into.capacity + entry] = into.bandHeads[head]!
      into.bandHeads[head] = entry + 1
    }
  }

  const grow = (): void => {
    const larger = arraysFor(arrays.capacity * 2)
    larger.signatures.set(arrays.signatures)
    larger.exact.set(arrays.exact)
    larger.fingerprints.set(arrays.fingerprints)
    larger.ids.set(arrays.ids)
    for (let entry = 0; entry < size; entry += 1) link(larger, entry)
    arrays = larger
  }

  const findExact = ({ exact: [high, low] }: Features): Collision | null => {
    let entry = arrays.exactHeads[high % arrays.capacity]! - 1
    while (entry >= 0) {
      if (arrays.exact[entry * 2] === high && arrays.exact[entry * 2 + 1] === low)
        return { kind: 'exact', id: idOfWords(arrays.ids, entry * 4), likeness: 1 }
      entry = arrays.exactNext[entry]! - 1
    }
    return null
  }

  const findNear = ({ signature, fingerprint }: Features): Collision | null => {
    let best: Collision | null = null
    const looked = new Set<number>()
    for (let band = 0; band < BANDS; band += 1) {
      let entry = arrays.bandHeads[bandBucket(arrays, signature, 0, band, fingerprint)]! - 1
      while (entry >= 0) {
        if (arrays.fingerprints[entry] === fingerprint && !looked.has(entry)) {
          looked.add(entry)
          const alike = likeness(arrays.signatures, signature, entry * SIGNATURE_LENGTH)
          if (alike >= rules.similarity && alike >= (best?.likeness ?? 0)) {
            const id = idOfWords(arrays.ids, entry * 4)
            if (best === null || alike > best.likeness || id < best.id) best = { kind: 'near', id, likeness: alike }
          }
        }
        entry = arrays.bandNext[band * arrays.capacity + entry]! - 1
      }
    }
    return best
  }

  const add = (id: string, { exact, fingerprint, signature }: Features): void => {
    if (size === arrays.capacity) grow()
    const entry = size
    arrays.signatures.set(signature, entry * SIGNATURE_LENGTH)
    arrays.exact.set(exact, entry * 2)
    arrays.fingerprints[entry] = fingerprint
    arrays.ids.set(idWords(id), entry * 4)
    link(arrays, entry)
    known.set(id, entry)
    size += 1
  }

  return {
    get size() {
      return size
    },
    get bytes() {
      const { signatures, exact, fingerprints, ids, bandHeads, bandNext, exactHeads, exactNext } = arrays
      const columns = [signatures, exact, fingerprints, ids, bandHeads, bandNext, exactHeads, exactNext]
      return columns.reduce((sum, column) => sum + column.byteLength, known.bytes)
    },
    admit(id, text) {
      if (known.has(id)) return null
      const features = featuresOf(text, rules)
      const collision = findExact(features) ?? findNear(features)
      if (collision === null) add(id, features)
      return collision
    },
    async rebuild(records, runId) {
      arrays = arraysFor(START)
      known = createIdMap()
      size = 0
      for await (const record of records) {
        if (runId !== null && record.runId !== runId) continue
        if (!known.has(record.id)) add(record.id, featuresOf(record.screening.text, rules))
      }
      return size
    },
  }
}

function bandBucket(
  arrays: Arrays,
  signatures: ArrayLike<number>,
  from: number,
  band: number,
  fingerprint: number,
): number {
  return band * arrays.capacity + (bandKey(signatures, from, band, fingerprint) % arrays.capacity)
}
