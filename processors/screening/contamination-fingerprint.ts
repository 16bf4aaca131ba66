// A benchmark as hashes: what `magpie fingerprint` writes and what screening compares with. Promises: no text of the
// benchmark is in it; the same problems give the same bytes; encode and decode are each other's reverse, and whatever
// is no fingerprint is refused with the place and the reason.

import { z } from 'zod'
import { exactGramsOf, numbersOf, triplesOf } from './contamination-grams.ts'
import { collectSmallWords, peopleIn } from './contamination-names.ts'
import { NORMAL_FORM, wordsOf } from './contamination-words.ts'

const FORMAT = 'magpie-fingerprint@1'

/** A problem with fewer word triples than this is short: it is told by exact grams, of which none may be missing. */
export const SHORT = 12

/** One problem. */
export interface FingerprintEntry {
  /** True: grams are exact pairs and triples, with numbers and signs. False: word triples. */
  readonly exact: boolean
  readonly grams: readonly number[]
  /** The numbers of the problem, each as often as it stands there. Sorted, as grams is. */
  readonly numbers: readonly number[]
}

export interface Fingerprint {
  /** Short name of the benchmark, as gsm8k. */
  readonly name: string
  /** SHA-256 of the file that it was made of. */
  readonly source: string
  /** In the order of the file. */
  readonly entries: readonly FingerprintEntry[]
}

export const BENCHMARK_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/

/** Makes the entries of a benchmark's problems. They depend on the whole list: see collectSmallWords. */
export function fingerprintProblems(problems: readonly string[]): FingerprintEntry[] {
  const smallWords = new Set<number>()
  for (const problem of problems) collectSmallWords(wordsOf(problem), smallWords)
  return problems.map((problem) => {
    const words = wordsOf(problem)
    const people = peopleIn(words, smallWords)
    const triples = sortedSet(triplesOf(words, people))
    const exact = triples.length < SHORT
    const grams = exact ? sortedSet(exactGramsOf(words, 'text', people)) : triples
    return { exact, grams, numbers: numbersOf(words, people) }
  })
}

const AGAIN = 'make the fingerprint again with ./magpie fingerprint'

const base64 = z.string().regex(/^(?:[A-Za-z0-9+/]{4})*$/, 'must be base64 of 3 bytes a hash')
const entryShapes = [
  z.strictObject({ triples: base64.min(4), numbers: base64 }),
  z.strictObject({ exact: base64, numbers: base64 }),
] as const
const fileShape = z.strictObject(
  {
    format: z.literal(FORMAT, `must be "${FORMAT}"`),
    normalForm: z.literal(NORMAL_FORM, `must be "${NORMAL_FORM}"`),
    name: z
      .string('must be a text')
      .regex(BENCHMARK_NAME, 'must be small letters, digits, ".", "_" or "-", at most 64'),
    source: z.string('must be a text').regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hexadecimal digits'),
    problems: z.int('must be a whole number').min(1, 'must be at least 1'),
    entries: z.array(
      z.union(entryShapes, 'must hold "numbers" and either "triples" or "exact", each in base64'),
      'must be a list',
    ),
  },
  // The message stands for faults of the whole: it is no object, or has a field too many.
  'must be an object with format, normalForm, name, source, problems and entries, and with nothing else',
)

/** The fingerprint as a JSON text, one problem a line. */
export function encodeFingerprint({ name, source, entries }: Fingerprint): string {
  const head = { format: FORMAT, normalForm: NORMAL_FORM, name, source: `sha256:${source}`, problems: entries.length }
  const lines = entries.map(({ exact, grams, numbers }) =>
    JSON.stringify({ [exact ? 'exact' : 'triples']: pack(grams), numbers: pack(numbers) }),
  )
  return `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "entries": [\n    ${lines.join(',\n    ')}\n  ]\n}\n`
}

/** Reads one; or says in one sentence what is wrong with it. */
export function decodeFingerprint(text: string): Fingerprint | { readonly fault: string } {
  let tree: unknown
  try {
    tree = JSON.parse(text)
  } catch (error) {
    return { fault: `is not JSON (${error instanceof Error ? error.message : String(error)}); ${AGAIN}` }
  }
  const parsed = fileShape.safeParse(tree)
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!
    return { fault: `is no fingerprint: ${path.length === 0 ? 'it' : path.map(String).join('.')} ${message}; ${AGAIN}` }
  }
  const { name, source, problems, entries } = parsed.data
  if (problems !== entries.length)
    return { fault: `is cut: it says ${problems} problems and holds ${entries.length}; ${AGAIN}` }
  return {
    name,
    source: source.slice('sha256:'.length),
    entries: entries.map((entry) => ({
      exact: 'exact' in entry,
      grams: unpack('exact' in entry ? entry.exact : entry.triples),
      numbers: unpack(entry.numbers),
    })),
  }
}

function sortedSet(values: readonly number[]): number[] {
  return [...new Set(values)].sort((left, right) => left - right)
}

/** Three bytes each, big-endian: four base64 characters a hash. */
function pack(values: readonly number[]): string {
  const bytes = Buffer.alloc(values.length * 3)
  values.forEach((value, index) => bytes.writeUIntBE(value, index * 3, 3))
  return bytes.toString('base64')
}

function unpack(text: string): number[] {
  const bytes = Buffer.from(text, 'base64')
  return Array.from({ length: bytes.length / 3 }, (_, index) => bytes.readUIntBE(index * 3, 3))
}
