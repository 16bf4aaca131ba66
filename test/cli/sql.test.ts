// `magpie sql` and `magpie report` as a user runs them, while a run owns the database and after it.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createCodec } from '../../schemas/codec.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { createClickhouseSink } from '../../sinks/clickhouse.ts'
import type { Database } from '../../sinks/clickhouse/contract.ts'
import { openDatabase } from '../../sinks/clickhouse/database.ts'
import { message, problem, rewarded, RUN, sft } from '../support/rows.ts'
import { magpie } from './magpie-process.ts'

describe('magpie sql and magpie report', () => {
  let state = ''
  let database: Database
  const ask = (...words: string[]) => magpie([...words, '--state', state], { CLICKHOUSE_URL: '' })

  before(async () => {
    state = await mkdtemp(join(tmpdir(), 'magpie-sql-'))
    database = await openDatabase({ url: '', stateDir: state, role: 'owner', log: silentLogger })
    const codec = await createCodec()
    const sink = createClickhouseSink({ database, codec, log: silentLogger })
    const messages = [
      message(codec, 'problems', 'Problem', problem(0), 0),
      message(codec, 'rewarded', 'Rewarded', rewarded(0), 0),
      message(codec, 'sft', 'SftRecord', sft(0), 0),
    ]
    await sink.write(messages)
    await sink.write(messages)
  })
  after(async () => {
    await database.close()
    await rm(state, { recursive: true, force: true })
  })

  for (const when of ['while a run owns the database', 'after the run']) {
    it(`answer ${when}`, async () => {
      if (when === 'after the run') await database.close()
      const rows = await ask('sql', 'SELECT id, verdict FROM sft FINAL')
      assert.deepEqual(rows, {
        code: 0,
        stdout: `id\\tverdict\n${sft(0).id}\\tequal\n`.replaceAll('\\t', '\t'),
        stderr: '',
      })
      const json = await ask(
        'sql',
        '--format',
        'JSONEachRow',
        "SELECT count() AS samples FROM responses FINAL WHERE kind = 'sample' -- so many",
      )
      assert.deepEqual(JSON.parse(json.stdout), { samples: 8 })

      const report = await ask('report')
      assert.equal(report.stderr, '')
      assert.match(report.stdout, new RegExp(`^Run ${RUN} `))
      const asJson = await ask('report', '--run', RUN, '--json')
      const { ends } = JSON.parse(asJson.stdout) as { ends: unknown }
      assert.deepEqual(ends, { accepted: 1, rejected: 0, deadLetters: 0, open: 0 })
    })

    it(`refuse what is not reading, and say what is wrong, ${when}`, async () => {
      const refused = await ask('sql', 'SELECT 1; DROP TABLE sft')
      assert.equal(refused.code, 1)
      assert.match(refused.stderr, /^magpie: read-only: /)
      assert.equal(refused.stdout, '')
      const wrong = await ask('sql', 'SELECT nothing FROM sft')
      assert.equal(wrong.code, 1)
      assert.match(wrong.stderr, /nothing/)
      assert.doesNotMatch(wrong.stderr, /magpie:[0-9a-f]{8}|\n {4}at /)
    })
  }

  it('say that there is no such run, no database yet, no such format', async () => {
    assert.equal((await ask('report', '--run', 'none')).code, 2)
    for (const words of [['sql', 'SELECT 1'], ['report']]) {
      const none = await magpie([...words, '--state', join(state, 'elsewhere')], { CLICKHOUSE_URL: '' })
      assert.equal(none.code, 2)
      assert.match(none.stderr, /no database in .*elsewhere.* yet/)
    }
    assert.equal((await ask('sql', 'SELECT 1', '--format', '../x')).code, 2)
  })
})
