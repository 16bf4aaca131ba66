// Finds problems of known benchmarks in a text, however it is spaced, set, cased or embedded and whatever its people
// are called. Promises: a benchmark problem counts as found where the text holds enough of its word triples and all of
// its numbers (a short one: all of its exact grams), and then always; the likest one is named.

import { z } from 'zod'
import type { Fingerprint, FingerprintEntry } from './contamination-fingerprint.ts'
import { exactGramsOf, numbersOf, triplesOf } from './contamination-grams.ts'
import { wordsOf } from './contamination-words.ts'

export const contaminationConfig = z.strictObject({
  enabled: z.boolean().default(true),
  benchmarks: z
    .union([z.literal('all'), z.array(z.string().min(1)).min(1)], 'is "all" or a list of benchmarks')
    .default('all')
    .describe('all: those of configs/benchmarks; or their names and paths of own files of ./magpie fingerprint'),
  share: z
    .number()
    .min(0.2)
    .max(1)
    .default(0.4)
    .describe('Share of the word triples of a benchmark problem, beyond its first 8, that a contaminated text holds'),
  numbersMatter: z
    .boolean()
    .default(true)
    .describe('A benchmark problem with other numbers is another problem, and kept'),
})

export type ContaminationConfig = z.infer<typeof contaminationConfig>

/** A benchmark problem that a text holds. */
export interface Contaminant {
  /** Name of the benchmark and place of the problem in it, from 0: gsm8k/17. */
  readonly id: string
  /** Share of it that the text holds. */
  readonly share: number
}

export interface Contamination {
  /** Benchmark problems that it knows. */
  readonly size: number
  /** The benchmark problem of which the text holds the largest share (the first of equal ones); null: none. */
  find(text: string): Contaminant | null
}

/** Why a text that holds a benchmark problem is refused. */
export interface Contaminated {
  readonly reason: 'contaminated'
  readonly detail: string
  /** Id of the benchmark problem. */
  readonly collidedWith: string
}

/**
 * The refusal of a text that holds a benchmark problem; null: it holds none. The text is taken as it came: what cleaning
 * cuts off may be the half by which a benchmark problem is known.
 */
export function contaminatedBy(raw: string, contamination: Contamination | null): Contaminated | null {
  const contaminant = contamination?.find(raw) ?? null
  if (contaminant === null) return null
  const { id, share } = contaminant
  const detail = `holds ${Math.floor(share * 100)} % of the benchmark problem ${id}`
  return { reason: 'contaminated', detail, collidedWith: id }
}

interface Known extends FingerprintEntry {
  readonly id: string
  readonly mayMiss: number
  /** So many of its anchors must be hit before the whole problem is compared. */
  readonly hitsNeeded: number
}

/** Word triples that a text holds in any case; the share is of the others: the shorter a problem, the less it may miss. */
const LEAST = 8

/** Hits asked for where the problem has triples enough: chance hits of 24 bits seldom come in threes. */
const HITS = 3

/**
 * Makes the finder. Of each problem only its rarest triples are looked up, its anchors: a text that misses at most m
 * of its triples holds h at least of any m + h (prefix filter, Bayardo et al. 2007), so none is lost.
 */
export function createContamination(
  fingerprints: readonly Fingerprint[],
  { share, numbersMatter }: Pick<ContaminationConfig, 'share' | 'numbersMatter'>,
): Contamination {
  const known: Known[] = fingerprints.flatMap(({ name, entries }) =>
    entries.flatMap((entry, index) => {
      const count = entry.grams.length
      if (count === 0) return []
      const mayMiss = entry.exact ? 0 : Math.floor((1 - share) * (count - LEAST) + 1e-9)
      return [{ ...entry, id: `${name}/${index}`, mayMiss, hitsNeeded: Math.min(HITS, count - mayMiss) }]
    }),
  )
  const anchors = anchorTable(known)
  const hits = new Uint8Array(known.length)

  /** The known problems with hits enough, in their order. */
  const suspects = (...lists: readonly number[][]): number[] => {
    const touched: number[] = []
    for (const grams of lists) {
      for (const gram of grams) {
        for (let at = anchors.first(gram); at !== -1; at = anchors.next(at, gram)) {
          const problem = anchors.problem(at)
          if (hits[problem] === 0) touched.push(problem)
          if (hits[problem]! < HITS) hits[problem]! += 1
        }
      }
    }
    const found = touched.filter((problem) => hits[problem]! >= known[problem]!.hitsNeeded)
    for (const problem of touched) hits[problem] = 0
    return found.sort((left, right) => left - right)
  }

  return {
    size: known.length,
    find(text) {
      const words = wordsOf(text)
      const triples = triplesOf(words)
      const exact = exactGramsOf(words, 'sentences')
      const suspected = suspects(triples, exact)
      if (suspected.length === 0) return null
      const grams = new Set([...triples, ...exact])
      const numbers = numbersOf(words)
      let best: Contaminant | null = null
      for (const problem of suspected) {
        const entry = known[problem]!
        const all = entry.grams.length
        const held = entry.grams.reduce((sum, gram) => sum + (grams.has(gram) ? 1 : 0), 0)
        if (held < all - entry.mayMiss || held / all <= (best?.share ?? 0)) continue
        if ((numbersMatter || entry.exact) && !holdsAll(numbers, entry.numbers)) continue
        best = { id: entry.id, share: held / all }
      }
      return best
    },
  }
}

/** Whether a sorted list holds each of the others, as often; sorted too. */
function holdsAll(list: readonly number[], others: readonly number[]): boolean {
  let at = 0
  for (const other of others) {
    while (at < list.length && list[at]! < other) at += 1
    if (list[at] !== other) return false
    at += 1
  }
  return true
}

/** Anchors by their gram: buckets in typed arrays. */
function anchorTable(known: readonly Known[]) {
  const frequency = new Map<number, number>()
  for (const { grams } of known) for (const gram of grams) frequency.set(gram, (frequency.get(gram) ?? 0) + 1)
  const anchors = known.flatMap(({ grams, mayMiss, hitsNeeded }, problem) =>
    grams
      .toSorted((left, right) => frequency.get(left)! - frequency.get(right)! || left - right)
      .slice(0, mayMiss + hitsNeeded)
      .map((gram) => ({ gram, problem })),
  )
  const buckets = 2 ** Math.ceil(Math.log2(anchors.length * 2 + 2))
  const heads = new Int32Array(buckets).fill(-1)
  const followers = new Int32Array(anchors.length)
  const grams = Uint32Array.from(anchors, ({ gram }) => gram)
  const problems = Uint32Array.from(anchors, ({ problem }) => problem)
  grams.forEach((gram, at) => {
    followers[at] = heads[gram & (buckets - 1)]!
    heads[gram & (buckets - 1)] = at
  })
  const find = (from: number, gram: number): number => {
    let at = from
    while (at !== -1 && grams[at] !== gram) at = followers[at]!
    return at
  }
  return {
    first: (gram: number) => find(heads[gram & (buckets - 1)]!, gram),
    next: (at: number, gram: number) => find(followers[at]!, gram),
    problem: (at: number) => problems[at]!,
  }
}
