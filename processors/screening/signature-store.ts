// Where the screen index keeps its entries: typed arrays that grow by whole segments, so that nothing is copied and
// memory never peaks, and hash tables of places, which double. A bucket is a chain of entries, the newest first.

import { idOfWords, idWords } from '../../schemas/id-map.ts'
import { ASKED_LENGTH, SAID_LENGTH } from './asked-words.ts'
import { BANDS, bandKey, SIGNATURE_LENGTH, type Contrast, type Features } from './features.ts'

const SEGMENT = 8192
/** Tables: one for each band, and the last for exact hashes. */
const TABLES = BANDS + 1

interface Segment {
  readonly signatures: Uint16Array
  readonly exact: Uint32Array
  readonly fingerprints: Uint32Array
  readonly sequence: Uint32Array
  readonly places: Uint32Array
  readonly exchanged: Uint32Array
  readonly asked: Uint16Array
  readonly said: Uint32Array
  readonly counted: Uint16Array
  readonly ids: Uint32Array
  /** Entry + 1 that follows in the bucket of each table; 0 ends it. */
  readonly next: Uint32Array
}

export interface SignatureStore {
  readonly size: number
  /** Bytes of its arrays. */
  readonly bytes: number
  /** Returns the number of the new entry. */
  add(id: string, features: Features): number
  idOf(entry: number): string
  /** An entry with this exact hash, or null. */
  sameText(exact: Features['exact']): number | null
  /** Calls back for the entries that share a band and the fingerprint; some of them more than once. */
  candidates(features: Features, visit: (entry: number) => void): void
  /** Share of the signature's places that agree. */
  likenessTo(entry: number, signature: Uint16Array): number
  contrastOf(entry: number): Contrast
}

const newSegment = (): Segment => ({
  signatures: new Uint16Array(SEGMENT * SIGNATURE_LENGTH),
  exact: new Uint32Array(SEGMENT * 2),
  fingerprints: new Uint32Array(SEGMENT),
  sequence: new Uint32Array(SEGMENT),
  places: new Uint32Array(SEGMENT),
  exchanged: new Uint32Array(SEGMENT * 2),
  asked: new Uint16Array(SEGMENT * ASKED_LENGTH),
  said: new Uint32Array(SEGMENT * SAID_LENGTH),
  counted: new Uint16Array(SEGMENT * ASKED_LENGTH),
  ids: new Uint32Array(SEGMENT * 4),
  next: new Uint32Array(SEGMENT * TABLES),
})

/** Returns an empty store. */
export function createSignatureStore(): SignatureStore {
  const segments: Segment[] = []
  let capacity = 1024
  /** Entry + 1 that each bucket begins with; table t has the places from t × capacity. */
  let heads = new Uint32Array(capacity * TABLES)
  let size = 0

  const segmentOf = (entry: number): Segment => segments[Math.floor(entry / SEGMENT)]!

  const bandPlace = (signatures: Uint16Array, from: number, band: number, fingerprint: number): number =>
    band * capacity + (bandKey(signatures, from, band, fingerprint) & (capacity - 1))

  const exactPlace = (high: number): number => BANDS * capacity + (high & (capacity - 1))

  /** Places an entry, whose own columns are filled, in its buckets. */
  const link = (entry: number): void => {
    const segment = segmentOf(entry)
    const at = entry % SEGMENT
    const fingerprint = segment.fingerprints[at]!
    for (let table = 0; table < TABLES; table += 1) {
      const place =
        table === BANDS
          ? exactPlace(segment.exact[at * 2]!)
          : bandPlace(segment.signatures, at * SIGNATURE_LENGTH, table, fingerprint)
      segment.next[at * TABLES + table] = heads[place]!
      heads[place] = entry + 1
    }
  }

  const nextOf = (entry: number, table: number): number =>
    segmentOf(entry).next[(entry % SEGMENT) * TABLES + table]! - 1

  return {
    get size() {
      return size
    },
    get bytes() {
      return segments.length * SEGMENT_BYTES + heads.byteLength
    },
    add(id, { exact, fingerprint, sequence, places, exchanged, asked, said, counted, signature }) {
      if (size === segments.length * SEGMENT) segments.push(newSegment())
      if (size === capacity) {
        capacity *= 2
        heads = new Uint32Array(capacity * TABLES)
        for (let entry = 0; entry < size; entry += 1) link(entry)
      }
      const segment = segmentOf(size)
      const at = size % SEGMENT
      segment.signatures.set(signature, at * SIGNATURE_LENGTH)
      segment.exact.set(exact, at * 2)
      segment.fingerprints[at] = fingerprint
      segment.sequence[at] = sequence
      segment.places[at] = places
      segment.exchanged.set(exchanged, at * 2)
      segment.asked.set(asked, at * ASKED_LENGTH)
      segment.said.set(said, at * SAID_LENGTH)
      segment.counted.set(counted, at * ASKED_LENGTH)
      segment.ids.set(idWords(id), at * 4)
      link(size)
      size += 1
      return size - 1
    },
    idOf: (entry) => idOfWords(segmentOf(entry).ids, (entry % SEGMENT) * 4),
    sameText([high, low]) {
      for (let entry = heads[exactPlace(high)]! - 1; entry >= 0; entry = nextOf(entry, BANDS)) {
        const { exact } = segmentOf(entry)
        const at = (entry % SEGMENT) * 2
        if (exact[at] === high && exact[at + 1] === low) return entry
      }
      return null
    },
    candidates({ signature, fingerprint }, visit) {
      for (let band = 0; band < BANDS; band += 1) {
        const place = bandPlace(signature, 0, band, fingerprint)
        for (let entry = heads[place]! - 1; entry >= 0; entry = nextOf(entry, band))
          if (segmentOf(entry).fingerprints[entry % SEGMENT] === fingerprint) visit(entry)
      }
    },
    likenessTo(entry, signature) {
      const { signatures } = segmentOf(entry)
      const from = (entry % SEGMENT) * SIGNATURE_LENGTH
      let same = 0
      for (let at = 0; at < SIGNATURE_LENGTH; at += 1) if (signatures[from + at] === signature[at]) same += 1
      return same / SIGNATURE_LENGTH
    },
    contrastOf(entry) {
      const { sequence, places, exchanged, asked, said, counted } = segmentOf(entry)
      const at = entry % SEGMENT
      return {
        sequence: sequence[at]!,
        places: places[at]!,
        exchanged: [exchanged[at * 2]!, exchanged[at * 2 + 1]!],
        asked: asked.subarray(at * ASKED_LENGTH, (at + 1) * ASKED_LENGTH),
        said: said.subarray(at * SAID_LENGTH, (at + 1) * SAID_LENGTH),
        counted: counted.subarray(at * ASKED_LENGTH, (at + 1) * ASKED_LENGTH),
      }
    },
  }
}

/** Of each entry: columns of 16 bits, then those of 32. */
const SEGMENT_BYTES =
  SEGMENT * ((SIGNATURE_LENGTH + 2 * ASKED_LENGTH) * 2 + (2 + 1 + 1 + 1 + 2 + SAID_LENGTH + 4 + TABLES) * 4)
