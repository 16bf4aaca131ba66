// A card says what the tables hold, is YAML and Markdown that readers take, and gives text of others no chance to be more
// than text.

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { parse } from 'yaml'
import type { CardManifest } from '../../../analytics/card/contract.ts'
import { writeCard } from '../../../analytics/card/write-card.ts'
import { createCodec } from '../../../schemas/codec.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import { createClickhouseSink } from '../../../sinks/clickhouse.ts'
import type { Database } from '../../../sinks/clickhouse/contract.ts'
import { openDatabase } from '../../../sinks/clickhouse/database.ts'
import { rowSchema } from '../../../sinks/json/rows.ts'
import { HOSTILE, OBEYED } from '../../support/hostile-text.ts'
import { message, preference, problem, rejection, rewarded, RUN, sft } from '../../support/rows.ts'

const codec = await createCodec()

const manifest: CardManifest = {
  ...{ program_version: '1.2.3', created_at: '2026-01-03T00:00:00.000Z', format: 'jsonl', container: 'jsonl' },
  ...{ type: 'sft', steps_of: null, shape: 'conversational', reasoning: 'keep', bare: false, rows: 3 },
  files: [
    { path: 'train.jsonl', split: 'train', rows: 2, bytes: 2000 },
    { path: 'test.jsonl', split: 'test', rows: 1, bytes: 1000 },
  ],
  left_out: {},
  schema: { path: 'rows.avsc' },
  filters: {
    ...{ revision: 'main', where: null, as_of: null, limit: null, min_tokens: null, max_tokens: null, split: 0.3 },
    ...{ reward: null, threshold: null },
  },
  runs: [{ run: RUN, state: 'finished', started_at: '2026-01-02T03:04:05.678Z', rows: 3, config_hashes: ['ab12'] }],
  offsets: { sft: { 0: { lowest: 0, highest: 2 } } },
  newest_row: '2026-01-02T03:04:25.678Z',
}

describe('the card of a data set', () => {
  let folder = ''
  let database: Database

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'magpie-card-'))
    database = await openDatabase({ url: '', stateDir: folder, role: 'owner', log: silentLogger })
    const sink = createClickhouseSink({ database, codec, log: silentLogger })
    await sink.write([
      ...[0, 1, 2, 3].map((slot) => message(codec, 'problems', 'Problem', problem(slot), slot)),
      ...[0, 1, 2].map((slot) => message(codec, 'rewarded', 'Rewarded', rewarded(slot), slot)),
      ...[0, 1, 2].map((slot) => message(codec, 'sft', 'SftRecord', sft(slot), slot)),
      message(codec, 'preferences', 'PreferenceRecord', preference(0), 0),
      message(codec, 'rejections', 'Rejection', rejection(3, { stage: 'screen', reason: 'near-duplicate' }), 0),
    ])
  })
  after(async () => {
    await database.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function cardOf(changes: Partial<CardManifest> = {}, given: { license?: string; title?: string } = {}) {
    await writeFile(join(folder, 'rows.avsc'), rowSchema('sft'))
    const parts = { database, folder, signal: AbortSignal.timeout(60_000), ...given }
    const paths = await writeCard({ ...parts, manifest: { ...manifest, ...changes } })
    const text = await readFile(join(folder, 'README.md'), 'utf8')
    const [, yaml, body] = /^---\n(.*?)\n---\n\n(.*)$/s.exec(text) ?? []
    assert.ok(yaml !== undefined && body !== undefined, 'a card begins with its front matter')
    return { paths, text, front: parse(yaml) as Record<string, unknown>, body }
  }

  it('tells the hub the splits and their files', async () => {
    const { front } = await cardOf()
    assert.deepEqual(front['configs'], [
      {
        config_name: 'default',
        data_files: [
          { split: 'train', path: ['train.jsonl'] },
          { split: 'test', path: ['test.jsonl'] },
        ],
      },
    ])
    assert.deepEqual(front['size_categories'], ['n<1K'])
    assert.deepEqual(front['language'], ['en'])
    assert.deepEqual(front['task_categories'], ['text-generation'])
  })

  it('says the licence that is given, and of models only what is known', async () => {
    assert.equal((await cardOf({}, { license: 'cc-by-4.0' })).front['license'], 'cc-by-4.0')
    const unknown = await cardOf()
    assert.equal(unknown.front['license'], 'other')
    assert.match(unknown.body, /\| answerer \| `Org\/some-model` \|.*not known here/)
  })

  it('counts the way of the problems, the rewards and the duplicates', async () => {
    const { body } = await cardOf()
    assert.match(body, /\| `problems` \| 4 \| 100\.0 % \|/)
    assert.match(body, /\| `screen` \| `near-duplicate` \| 1 \| 25\.0 % \|/)
    assert.match(body, /\| other duplicates \| 1 \|/)
    assert.match(body, /\| reward rm \| `token-rm@1` \| `reward-model` \| 24 \|/)
    assert.match(body, /3 of 3 verified problems have no reference answer/)
  })

  it('says how to make the same files again', async () => {
    const { body } = await cardOf({ filters: { ...manifest.filters, where: "category = 'it''s'" } })
    assert.match(body, /--as-of 2026-01-02T03:04:25\.678Z/)
    assert.ok(body.includes(String.raw`--where 'category = '\''it'\'''\''s'\'''`))
  })

  it('writes every picture that it shows, and the same again', async () => {
    const { paths, body, text } = await cardOf()
    const shown = [...body.matchAll(/!\[[^\]]*\]\((plots\/[\w-]+\.svg)\)/g)].map((match) => match[1]!)
    assert.deepEqual(shown.toSorted(), paths.filter((path) => path.endsWith('.svg')).toSorted())
    assert.ok(shown.length >= 4)
    for (const path of shown) assert.match(await readFile(join(folder, path), 'utf8'), /^<svg [^>]+>.*<\/svg>\n$/s)
    assert.equal((await cardOf()).text, text)
  })

  it('shows text of others as text', async () => {
    const names = [...HOSTILE, '`code` ``more``', '| a | b |', '---\nlicense: mit', '![x](https://evil.example/x.png)']
    for (const name of names) {
      const runs = [{ ...manifest.runs[0]!, config_hashes: [name] }]
      const { text, front, body } = await cardOf(
        { left_out: { [name]: 1 }, filters: { ...manifest.filters, where: name }, runs },
        { title: name },
      )
      assert.doesNotMatch(text, OBEYED)
      assert.equal(front['license'], 'other')
      // Code is text to every reader, so what is left outside of it must be free of what they would obey.
      const outside = body
        .replace(/(?<fence>`{3,})\w*\n.*?\n\k<fence>/gs, '')
        .replace(/(?<fence>`+)(?!`).*?(?<!`)\k<fence>(?!`)/g, '')
      assert.doesNotMatch(outside, /(?<!\\)<script|(?<!\\)!\[x\]/)
    }
  })
})
