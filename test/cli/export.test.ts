// `magpie export` as a user runs it, while a run owns the database and after it.

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createCodec } from '../../schemas/codec.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { createClickhouseSink } from '../../sinks/clickhouse.ts'
import type { Database } from '../../sinks/clickhouse/contract.ts'
import { openDatabase } from '../../sinks/clickhouse/database.ts'
import { EPOCH, message, RUN, sft } from '../support/rows.ts'
import { magpie } from './magpie-process.ts'

describe('magpie export', () => {
  let state = ''
  let database: Database
  const run = (...words: string[]) => magpie(['export', ...words, '--state', state], { CLICKHOUSE_URL: '' })

  before(async () => {
    state = await mkdtemp(join(tmpdir(), 'magpie-export-cli-'))
    database = await openDatabase({ url: '', stateDir: state, role: 'owner', log: silentLogger })
    const codec = await createCodec()
    const sink = createClickhouseSink({ database, codec, log: silentLogger })
    await sink.write([0, 1, 2].map((slot) => message(codec, 'sft', 'SftRecord', sft(slot), slot)))
  })
  after(async () => {
    await database.close()
    await rm(state, { recursive: true, force: true })
  })

  it('writes and checks while a run owns the database', async () => {
    const out = join(state, 'owned')
    const moment = new Date(EPOCH + 20_001).toISOString()
    const words = ['--format', 'messages', '--where', "model = 'Org/some-model'", '--as-of', moment, '--split', '0.5']
    const written = await run(...words, '--out', out)
    assert.deepEqual([written.code, written.stderr], [0, ''])
    assert.match(written.stdout, new RegExp(`^2 rows of ${RUN} \\(main\\) in `))
    const checked = await run('--check', out)
    assert.deepEqual([checked.code, checked.stderr], [0, ''])
    assert.match(checked.stdout, /: 2 rows of format messages, as the manifest has them\n$/)
  })

  it('says where a side of the split has no file', async () => {
    const out = join(state, 'one-side')
    const { code, stdout } = await run('--format', 'messages', '--split', '0.0000001', '--out', out)
    assert.equal(code, 0)
    assert.match(
      stdout,
      /^3 rows of [^]*train\.jsonl: 3 rows,[^]*\nno file test: --split 1e-7 puts none of these problems on that side\n$/,
    )
  })

  it('writes after the run, and tells as JSON', async () => {
    await database.close()
    const out = join(state, 'rows.jsonl')
    const json = await run('--format', 'jsonl', '--out', out, '--json')
    const { manifest } = JSON.parse(json.stdout) as { manifest: { rows: number } }
    assert.equal(manifest.rows, 3)
    const lines = (await readFile(out, 'utf8')).trimEnd().split('\n')
    await writeFile(out, lines.slice(1).join('\n'))
    const broken = await run('--check', out, '--json')
    assert.equal(broken.code, 1)
    assert.equal((JSON.parse(broken.stdout) as { faultCount: number }).faultCount, 2)
  })

  it('says what is wrong, all at once, and why nothing is left', async () => {
    const nothing = await run()
    assert.equal(nothing.code, 2)
    assert.match(nothing.stderr, /--format is missing: one of magpie, jsonl[^]*--out is missing/)
    const out = join(state, 'none')
    const wrong = await run('--format', 'dpo', '--type', 'sft', '--reward', 'x', '--out', out)
    assert.equal(wrong.code, 2)
    assert.match(wrong.stderr, /--type sft[^]*--reward/)
    assert.equal((await run('--check', state)).code, 2)
    const aCard = await run('--format', 'jsonl', '--title', 'x', '--reasoning', 'keep', '--out', `${out}.jsonl`)
    assert.equal(aCard.code, 2)
    assert.match(aCard.stderr, /--reasoning is not for format jsonl[^]*--title is for a folder/)
    const more = await run('--check', out, '--where', '1', '--out', 'y')
    assert.deepEqual([more.code, /takes no --out, --where/.test(more.stderr)], [2, true], more.stderr)
    const empty = await run('--format', 'jsonl', '--where', 'reward > 7', '--out', out)
    assert.equal(empty.code, 1)
    assert.match(empty.stderr, /--where left none of 3 rows of table sft/)
  })
})
