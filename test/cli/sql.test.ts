// `magpie sql` and `magpie report` as a user runs them, while a run owns the database and after it.

import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createCodec } from '../../schemas/codec.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { createClickhouseSink } from '../../sinks/clickhouse.ts'
import type { Database } from '../../sinks/clickhouse/contract.ts'
import { openDatabase } from '../../sinks/clickhouse/database.ts'
import { EPOCH, message, problem, rewarded, RUN, sft } from '../support/rows.ts'
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

    it(`take parameters, files, moments and forms, ${when}`, async () => {
      const byName = 'SELECT {n:UInt32} + 1 AS n, {text:String} AS text'
      const words = ['--param', 'n=41', '--param', "text=it's = \\ ; --", '--format', 'jsonl']
      assert.deepEqual(JSON.parse((await ask('sql', byName, ...words)).stdout), { n: 42, text: "it's = \\ ; --" })

      const file = join(state, 'query.sql')
      await writeFile(file, '\uFEFFSELECT count() AS c FROM sft -- the last line')
      const count = async (...more: string[]) => (await ask('sql', '--file', file, '--format', 'csv', ...more)).stdout
      assert.equal(await count(), '"c"\n1\n')
      assert.equal(await count('--as-of', new Date(EPOCH + 20_000).toISOString()), '"c"\n1\n')
      assert.equal(await count('--as-of', new Date(EPOCH + 19_999).toISOString()), '"c"\n0\n')

      const out = join(state, `${when}.parquet`)
      const written = await ask('sql', 'SELECT id FROM responses', '--out', out)
      assert.deepEqual([written.code, written.stdout], [0, ''])
      const parquet = await readFile(out)
      assert.equal(parquet.subarray(0, 4).toString() + parquet.subarray(-4).toString(), 'PAR1PAR1')
      const again = await ask('sql', 'SELECT 1', '--out', out)
      assert.deepEqual([again.code, await readFile(out)], [2, parquet])
      assert.equal((await ask('sql', 'SELECT 1', '--out', out, '--force')).code, 0)
      assert.notDeepEqual(await readFile(out), parquet)
      assert.deepEqual(
        (await readdir(state)).filter((name) => name.endsWith('.tmp')),
        [],
      )

      const found = await ask('search', 'what is', '--limit', '1', '--as-of', '1m')
      assert.match(
        found.stdout,
        new RegExp(
          `^\\d\\.\\d\\d {2}${problem(0).id} {2}arithmetic, easy, .*\\n +What is 0 \\+ 1\\?\\n1 of 1 problems`,
        ),
      )
      const like = await ask('similar', '--text', 'What is 0+1', '--json')
      assert.equal((JSON.parse(like.stdout) as { found: { id: string }[] }).found[0]?.id, problem(0).id)
      assert.deepEqual(await ask('similar', 'none').then(({ code }) => code), 2)
      assert.deepEqual(await ask('similar', '--text', ' ').then(({ code }) => code), 2)

      const table = await ask('sql', 'SELECT step, problems FROM funnel ORDER BY position LIMIT 1', '--format', 'table')
      assert.equal(table.stdout, 'step      problems\nproblems         1\n1 row\n')

      const nulls = 'SELECT {n:Nullable(UInt8)} IS NULL, {t:Nullable(String)} IS NULL, {s:String}'
      const given = ['n', 't', 's'].flatMap((name) => ['--param', `${name}=\\N`])
      const isNull = await ask('sql', nulls, ...given, '--format', 'jsonl')
      assert.deepEqual(Object.values(JSON.parse(isNull.stdout) as object), [1, 1, '\\N'], isNull.stderr)
    })

    it(`refuse what is not reading, and say what is wrong, ${when}`, async () => {
      const refused = await ask('sql', 'SELECT 1; DROP TABLE sft')
      assert.equal(refused.code, 2)
      assert.match(refused.stderr, /^magpie: read-only: /)
      assert.equal(refused.stdout, '')
      const wrong = await ask('sql', 'SELECT nothing FROM sft')
      assert.equal(wrong.code, 2)
      assert.match(wrong.stderr, /^magpie: there is no column nothing/)
      assert.doesNotMatch(wrong.stderr, /magpie:[0-9a-f]{8}|\n {4}at /)
    })
  }

  it('say what is wrong in one line, and what to do', async () => {
    const said = async (...words: string[]) => {
      const { code, stdout, stderr } = await ask('sql', ...words)
      // The database is able and willing: what is wrong is wrong use, but for its limits.
      assert.deepEqual([code, stdout], [/1,000,000 rows/.test(stderr) ? 1 : 2, ''], stderr)
      return stderr
    }
    const faults: [string[], RegExp][] = [
      [['SELECT 1 FROM respnses'], /^magpie: there is no table respnses; did you mean responses\?$/],
      [['SELECT 1 FROM zzz'], /^magpie: there is no table zzz; there are .*\bcost\b.*\bsft\b.*$/],
      [['SELECT idd FROM sft'], /^magpie: there is no column idd; did you mean id\?$/],
      [['SELECT verdict FROM problems'], /^magpie: there is no column verdict there; it is one of .*responses.*$/],
      [['SELECT 1 FROM sft WHERE'], /^magpie: the SQL ends before it is whole$/],
      [['SELECT a b c FROM sft'], /^magpie: the SQL is not understood from line 1, column 12 on: c$/],
      [['SELECT 1 FORMAT Parquett'], /^magpie: there is no format Parquett; did you mean Parquet\?$/],
      [['SELECT * FROM numbers(100000000)'], /^magpie: the result has more than 1,000,000 rows .* add LIMIT .*$/],
      [['SELECT 1 SETTINGS readonly = 0'], /^magpie: only reading is allowed, .*$/],
      [
        ['SELECT {n:UInt8}', '--param', 'n=x'],
        /^magpie: --param n is \{n:UInt8\} in the SQL: x is no whole number \(0 to 255\)$/,
      ],
      [
        ['SELECT {n:UInt8}', '--param', 'm=1', '--param', '7'],
        /name=value\n.*\{n:UInt8\}: give --param n=…\n.*did you mean n\?$/,
      ],
      [['SELECT 1', '--param', 'n=1'], /^magpie: --param n: the SQL has no \{n:Type\}$/],
      [['--file', join(state, 'none.sql')], /^magpie: --file .*none\.sql: cannot be read/],
      [['SELECT 1', '--file', 'a.sql'], /not both$/],
      [[], /^magpie: there is no SQL: give it as an argument/],
      [['SELECT 1', '--out', join(state, 'x.docx')], /nothing says in which format/],
      [['SELECT 1', '-c', join(state, 'none.yaml')], /none\.yaml/],
    ]
    for (const [words, expected] of faults) assert.match((await said(...words)).trimEnd(), expected)
  })

  it('ask the server of the config', async () => {
    const config = join(state, 'run.yaml')
    await writeFile(config, 'name: elsewhere\nsinks: { clickhouse: { server: { url: "http://127.0.0.1:1/" } } }\n')
    const { code, stderr } = await ask('sql', 'SELECT 1', '-c', config)
    assert.equal(code, 1, stderr)
    assert.match(stderr, /ECONNREFUSED/)
  })

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
