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

  for (const when of ['while a run owns the database', 'after the run']) {
    it(`writes and checks ${when}`, async () => {
      if (when === 'after the run') await database.close()
      const out = join(state, when.replaceAll(' ', '-'))
      const moment = new Date(EPOCH + 20_001).toISOString()
      const words = ['--format', 'messages', '--where', "model = 'Org/some-model'", '--as-of', moment, '--split', '0.5']
      const written = await run(...words, '--out', out)
      assert.deepEqual([written.code, written.stderr], [0, ''])
      assert.match(written.stdout, new RegExp(`^2 rows of ${RUN} \\(main\\) in `))
      const checked = await run('--check', out)
      assert.deepEqual([checked.code, checked.stderr], [0, ''])
      assert.match(checked.stdout, /: 2 rows of format messages, as the manifest has them\n$/)

      const json = await run('--format', 'jsonl', '--out', `${out}.jsonl`, '--json')
      const { manifest } = JSON.parse(json.stdout) as { manifest: { rows: number; program_version: string } }
      assert.equal(manifest.rows, 3)
      const lines = (await readFile(`${out}.jsonl`, 'utf8')).trimEnd().split('\n')
      await writeFile(`${out}.jsonl`, lines.slice(1).join('\n'))
      const broken = await run('--check', `${out}.jsonl`)
      assert.equal(broken.code, 1)
      assert.match(broken.stdout, /has 2 rows; the manifest says 3/)
      const told = JSON.parse((await run('--check', `${out}.jsonl`, '--json')).stdout) as { faultCount: number }
      assert.equal(told.faultCount, 2)
    })
  }

  it('says what is wrong, all at once, and why nothing is left', async () => {
    const nothing = await run()
    assert.equal(nothing.code, 2)
    assert.match(nothing.stderr, /--format is missing: one of magpie, jsonl[^]*--out is missing/)
    const out = join(state, 'none')
    const wrong = await run('--format', 'dpo', '--type', 'sft', '--reward', 'x', '--out', out)
    assert.equal(wrong.code, 2)
    assert.match(wrong.stderr, /--type sft[^]*--reward/)
    assert.equal((await run('--format', 'jsonl', '--split', '1', '--out', out)).code, 2)
    assert.equal((await run('--format', 'jsonl', '--split', '0.1', '--out', `${out}.jsonl`)).code, 2)
    assert.equal((await run('--check', state)).code, 2)
    const empty = await run('--format', 'jsonl', '--where', 'reward > 7', '--out', out)
    assert.equal(empty.code, 1)
    assert.match(empty.stderr, /--where left none of 3 rows of table sft/)
    const pairs = await run('--format', 'dpo', '--out', out)
    assert.equal(pairs.code, 1)
    assert.match(pairs.stderr, /table preferences has no rows/)
  })
})
