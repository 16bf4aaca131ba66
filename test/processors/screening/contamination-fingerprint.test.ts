import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  decodeFingerprint,
  encodeFingerprint,
  fingerprintProblems,
  SHORT,
  type Fingerprint,
  type FingerprintEntry,
} from '../../../processors/screening/contamination-fingerprint.ts'

const SOURCE = 'ab'.repeat(32)
const LONG =
  'Anna walks 3 kilometres to the market every day of the week and buys 2 pears there. How many pears does she buy in a week?'

const sorted = (values: readonly number[]): number[] => [...values].sort((left, right) => left - right)
const hash = fc.nat({ max: 0xffffff })
const entry: fc.Arbitrary<FingerprintEntry> = fc
  .tuple(fc.boolean(), fc.uniqueArray(hash, { minLength: 1, maxLength: 40 }), fc.array(hash, { maxLength: 8 }))
  .map(([exact, grams, numbers]) => ({ exact, grams: sorted(grams), numbers: sorted(numbers) }))
const fingerprint: fc.Arbitrary<Fingerprint> = fc
  .tuple(
    fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/),
    fc.stringMatching(/^[0-9a-f]{64}$/),
    fc.array(entry, { minLength: 1, maxLength: 10 }),
  )
  .map(([name, source, entries]) => ({ name, source, entries }))

/** A whole file with one thing changed. */
function broken(change: (tree: Record<string, unknown>) => void): string {
  const text = encodeFingerprint({ name: 'exam', source: SOURCE, entries: fingerprintProblems([LONG, 'What is 2+2?']) })
  const tree = JSON.parse(text) as Record<string, unknown>
  change(tree)
  return JSON.stringify(tree)
}

const FAULTS: readonly (readonly [string, string, RegExp])[] = [
  ['is no JSON', '{"format":', /^is not JSON/],
  ['is something else', '[]', /^is no fingerprint: it /],
  [
    'has another format',
    broken((tree) => (tree['format'] = 'magpie-fingerprint@9')),
    /format must be .*make the fingerprint again/,
  ],
  [
    'has another normal form',
    broken((tree) => (tree['normalForm'] = 'words@0')),
    /normalForm must be .*make the fingerprint again/,
  ],
  ['has no name', broken((tree) => (tree['name'] = 'No Name')), /name must be small letters/],
  ['has a broken hash', broken((tree) => (tree['entries'] = [{ triples: 'abc', numbers: '' }])), /entries\.0/],
  ['has a line too few', broken((tree) => (tree['entries'] as unknown[]).pop()), /says 2 problems and holds 1/],
  ['has a field more', broken((tree) => (tree['text'] = LONG)), /is no fingerprint/],
]

describe('fingerprints', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(fingerprint, (each) => {
        assert.deepEqual(decodeFingerprint(encodeFingerprint(each)), each)
      }),
    )
  })

  it('are the same bytes for the same problems, one problem a line', () => {
    const make = () => encodeFingerprint({ name: 'exam', source: SOURCE, entries: fingerprintProblems([LONG, LONG]) })
    assert.equal(make(), make())
    assert.equal(
      make()
        .split('\n')
        .filter((line) => line.includes('"triples"')).length,
      2,
    )
  })

  it('hold no word of the benchmark', () => {
    const text = encodeFingerprint({ name: 'exam', source: SOURCE, entries: fingerprintProblems([LONG]) })
    const { entries } = JSON.parse(text) as { entries: Record<string, string>[] }
    for (const [field, value] of entries.flatMap((each) => Object.entries(each))) {
      assert.match(field, /^(?:triples|numbers)$/)
      assert.match(value, /^[A-Za-z0-9+/]*$/)
    }
    for (const word of ['kilometres', 'market', 'Anna', 'pears']) assert.ok(!text.includes(word))
  })

  it('tell short problems by exact grams', () => {
    const [long, short] = fingerprintProblems([LONG, 'What is $2+2$?'])
    assert.ok(!long!.exact && long!.grams.length >= SHORT)
    assert.ok(short!.exact && short!.grams.length > 0)
  })

  it('do not depend on the names of people', () => {
    const renamed = LONG.replace('Anna', 'Omar').replace('she', 'he')
    assert.deepEqual(fingerprintProblems([LONG]), fingerprintProblems([renamed]))
  })

  for (const [what, text, expected] of FAULTS) {
    it(`refuses a file that ${what}`, () => {
      const read = decodeFingerprint(text)
      assert.ok('fault' in read)
      assert.match(read.fault, expected)
      assert.match(read.fault, /make the fingerprint again with \.\/magpie fingerprint$/)
    })
  }
})
