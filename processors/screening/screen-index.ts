// Index of accepted problems: finds exact and near duplicates by MinHash-LSH. Promises: what it finds depends on
// what it holds, not on the order in which that came; it can be rebuilt from the log; everything lies in typed
// arrays, under 600 bytes a problem with its id (bench/screen.ts).

import { createIdMap, type IdMap } from '../../schemas/id-map.ts'
import type { Screened } from '../../schemas/records.ts'
import { areApart, featuresOf, type Features } from './features.ts'
import { createSignatureStore, type SignatureStore } from './signature-store.ts'

export interface IndexRules {
  /** Likeness (Jaccard, 0 to 1) from which two problems are near duplicates. */
  readonly similarity: number
  /** Problems that differ in numbers or operators are never near duplicates. */
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
  /** The same; `further` is asked where nothing collides, before the problem is taken in. */
  admit<Further>(id: string, text: string, further: () => Further | null): Collision | Further | null
  /** Forgets everything, then takes in accepted problems. runId: take those of one run only; null takes all. Returns how many. */
  rebuild(records: AsyncIterable<Screened>, runId: string | null): Promise<number>
}

/** Returns an empty index. */
export function createScreenIndex(rules: IndexRules): ScreenIndex {
  let store: SignatureStore = createSignatureStore()
  let known: IdMap = createIdMap()

  const findExact = ({ exact }: Features): Collision | null => {
    const entry = store.sameText(exact)
    return entry === null ? null : { kind: 'exact', id: store.idOf(entry), likeness: 1 }
  }

  const findNear = (features: Features): Collision | null => {
    let best: Collision | null = null
    const looked = new Set<number>()
    store.candidates(features, (entry) => {
      if (looked.has(entry)) return
      looked.add(entry)
      const alike = store.likenessTo(entry, features.signature)
      if (alike < rules.similarity || alike < (best?.likeness ?? 0)) return
      if (areApart(store.contrastOf(entry), features)) return
      const id = store.idOf(entry)
      if (best === null || alike > best.likeness || id < best.id) best = { kind: 'near', id, likeness: alike }
    })
    return best
  }

  const add = (id: string, features: Features): void => {
    known.set(id, store.add(id, features))
  }

  return {
    get size() {
      return store.size
    },
    get bytes() {
      return store.bytes + known.bytes
    },
    admit<Further>(id: string, text: string, further?: () => Further | null): Collision | Further | null {
      if (known.has(id)) return null
      const features = featuresOf(text, rules)
      const collision = findExact(features) ?? findNear(features) ?? further?.() ?? null
      if (collision === null) add(id, features)
      return collision
    },
    async rebuild(records, runId) {
      store = createSignatureStore()
      known = createIdMap()
      for await (const record of records) {
        if (runId !== null && record.runId !== runId) continue
        if (!known.has(record.id)) add(record.id, featuresOf(record.screening.text, rules))
      }
      return store.size
    },
  }
}
