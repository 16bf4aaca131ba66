// Search by words, and problems like another: on a small run in the embedded database.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { searchTexts } from '../../analytics/search/search.ts'
import { findSimilar } from '../../analytics/search/similar.ts'
import { snippetOf, termsOf } from '../../analytics/search/words.ts'
import { unknownName, unknownToDatabase } from '../../analytics/unknown-name.ts'
import type { AskedName } from '../../analytics/unknown-name.ts'
import { createCodec } from '../../schemas/codec.ts'
import { UsageFault } from '../../schemas/failure.ts'
import { silentLogger } from '../../schemas/logger.ts'
import type { TextEmbedding } from '../../schemas/records.ts'
import { createClickhouseSink } from '../../sinks/clickhouse.ts'
import { asItWas } from '../../sinks/clickhouse/as-of.ts'
import type { Database } from '../../sinks/clickhouse/contract.ts'
import { openDatabase } from '../../sinks/clickhouse/database.ts'
import { message, problem, rejection, rewarded } from '../support/rows.ts'

const TEXTS = [
  'Find the sum of all prime factors of 2024.',
  'A summit is 2024 metres high. How far is the horizon?',
  'The sum of two numbers is 20, and the sum of their squares is 208. Find the sum of their cubes.',
  '素数の和を求めよ。',
  'Simplify $\\frac{6}{8}$ and give its prime factors.',
]
/** The first and the fifth point the same way; the fourth has none. */
const VECTORS: (number[] | null)[] = [[127, 10, 0], [0, 127, 0], [100, -60, 127], null, [127, 12, 0]]

describe('search and likeness', () => {
  let folder = ''
  let database: Database
  const ids = TEXTS.map((_, slot) => problem(slot).id)
  const places = (found: readonly { id: string }[]) => found.map(({ id }) => ids.indexOf(id.split('/')[0]!))
  const search = async (words: string, where: 'problems' | 'answers' = 'problems', over: object = {}) =>
    await searchTexts(database, { terms: termsOf(words), where, revision: 'main', limit: 10, ...over })
  const similar = async (over: object) => await findSimilar(database, { revision: 'main', limit: 10, ...over })

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'magpie-search-'))
    database = await openDatabase({ url: '', stateDir: folder, role: 'owner', log: silentLogger })
    const codec = await createCodec()
    const messages = TEXTS.map((text, slot) => {
      const base = rewarded(slot, 1)
      const vector = VECTORS[slot] ?? null
      const embedding = vector === null ? null : embeddingOf(vector)
      const screening = { ...base.screening, text, embedding }
      return message(codec, 'rewarded', 'Rewarded', { ...base, problem: problem(slot, { text }), screening }, slot)
    })
    messages.push(message(codec, 'rejections', 'Rejection', rejection(1, { reason: 'near-duplicate' }), 0))
    const sink = createClickhouseSink({ database, codec, log: silentLogger })
    await sink.write(messages)
    await sink.write(messages)
  })
  after(async () => {
    await database.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('finds whole words, the text that says most about them first, each once', async () => {
    const { found, matching, texts } = await search('sum')
    assert.deepEqual([places(found), matching, texts], [[2, 0], 2, 5])
    assert.deepEqual(found[0]!.about, ['arithmetic', 'easy', 'pass rate 0.75'])
    assert.equal(found[0]!.text, TEXTS[2])
    // The rarer word counts more.
    const { found: rarer } = await search('2024 horizon')
    assert.deepEqual(places(rarer), [1, 0])
    assert.equal(rarer[0]!.about.at(-1), 'refused: near-duplicate')
  })

  it('finds phrases, other scripts and what stands in LaTeX', async () => {
    assert.deepEqual(places((await search('"prime factors"')).found).toSorted(), [0, 4])
    assert.deepEqual(places((await search('"factors of 2024"')).found), [0])
    assert.deepEqual(places((await search('素数')).found), [3])
    assert.deepEqual(places((await search('\\frac{6}')).found), [4])
    assert.deepEqual(await search('nothing'), { found: [], matching: 0, texts: 5 })
  })

  it('looks through answers, in one run, one revision, at a moment', async () => {
    const { found, texts } = await search('boxed{3}', 'answers')
    assert.deepEqual([texts, found.length, new Set(places(found))], [10, 2, new Set([2])])
    for (const { about } of found) {
      assert.deepEqual([about[0], about[2]], ['Org/some-model', '100 tokens'])
      assert.match(about[1]!, /^(equal|different)$/)
    }
    assert.deepEqual((await search('sum', 'problems', { run: 'none' })).texts, 0)
    assert.deepEqual((await search('sum', 'problems', { revision: 'none' })).texts, 0)
    const { found: one } = await search('sum', 'problems', { limit: 1 })
    assert.deepEqual(places(one), [2])
  })

  it('knows what there is, and says so of a name that is not there', async () => {
    const said = async (asked: AskedName): Promise<string> =>
      (await unknownToDatabase(asItWas(database, asked.asOf ?? undefined), asked))?.message ?? ''
    const run = (await search('sum')).found[0]!.run
    assert.equal(await said({ run, revision: 'main' }), '')
    assert.equal(await said({ revision: 'main' }), '')
    assert.match(
      await said({ run: 'nope', revision: 'main' }),
      new RegExp(`^there is no run nope in .+; there is ${run}$`),
    )
    assert.match(
      await said({ revision: 'nope' }),
      /^there is no run of revision nope in .+; of revisions there is main$/,
    )
    assert.match(
      await said({ run, revision: 'nope' }),
      new RegExp(`^run ${run} has no revision nope in .+; there is main$`),
    )
    assert.match(await said({ asOf: 1000 }), /no run as of 1970-01-01T00:00:01.000Z \(--as-of\)/)
    const many = Array.from({ length: 12 }, (_, at) => ({ run: 'a', revision: `of${at}` }))
    assert.match(unknownName('it', many, { revision: 'x' })!.message, /there is of0, .*of7 and 4 more$/)
  })

  it('takes any words as words', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }), async (words) => {
        let terms
        try {
          terms = termsOf(words)
        } catch (error) {
          assert.ok(error instanceof UsageFault)
          return
        }
        const { matching } = await searchTexts(database, { terms, where: 'problems', revision: 'main', limit: 10 })
        assert.ok(matching <= TEXTS.length)
        const said = snippetOf(words, terms).map(({ text }) => text)
        assert.ok(said.join('').length <= words.length + 2)
      }),
      { numRuns: 60 },
    )
  })

  it('finds problems of the same direction, and says where there is no vector', async () => {
    const { by, found, of } = await similar({ id: ids[0] })
    assert.deepEqual([by, of, places(found)], ['vectors', TEXTS[0], [4, 2, 1]])
    const [dot, one, other] = [127 * 127 + 10 * 12, Math.hypot(127, 10), Math.hypot(127, 12)]
    assert.ok(Math.abs(found[0]!.likeness - dot / one / other) < 1e-6, String(found[0]?.likeness))
    await assert.rejects(similar({ id: ids[3], by: 'vectors' }), /has no vector: .*--by letters/)
    await assert.rejects(similar({ text: 'x', by: 'vectors' }), /give the id of a problem/)
    await assert.rejects(similar({ id: 'none' }), /there is no problem none/)
  })

  it('finds problems of the same letters', async () => {
    const { by, found } = await similar({ text: 'find the sum of the prime factors of 2025' })
    assert.deepEqual([by, places(found).at(0), found.length], ['letters', 0, 5])
    assert.equal((await similar({ id: ids[3] })).by, 'letters')
    assert.equal((await similar({ text: TEXTS[1]!.toUpperCase() })).found[0]?.likeness, 1)
  })
})

describe('a snippet', () => {
  it('marks what matches, and what is round it', () => {
    const text = `${'before '.repeat(30)}the Sum of it ${'after '.repeat(60)}`
    const pieces = snippetOf(text, termsOf('sum it'))
    assert.deepEqual(
      pieces.filter(({ isMatch }) => isMatch).map((piece) => piece.text),
      ['Sum', 'it'],
    )
    assert.equal(pieces[0]?.text, '…')
    assert.equal(pieces.at(-1)?.text, '…')
    assert.ok(pieces.map((piece) => piece.text).join('').length < 215)
  })

  it('begins with the text where nothing matches', () => {
    assert.deepEqual(snippetOf('a text', termsOf('none')), [{ text: 'a text', isMatch: false }])
  })
})

function embeddingOf(vector: number[]): TextEmbedding {
  return {
    version: 'embed@1',
    model: 'a-model',
    vector: Buffer.from(Int8Array.from(vector).buffer),
    error: null,
    endpoint: 'http://127.0.0.1:8000',
    tokens: 5,
    milliseconds: 5,
    attempts: 1,
    usd: null,
  }
}
