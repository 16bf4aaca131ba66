// SQL of strangers against the real embedded database: what the check of the text lets through, ClickHouse itself has to
// refuse. Each statement here is one that was tried to get out: to files, hosts, writes, settings, memory.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { silentLogger } from '../../schemas/logger.ts'
import type { Database } from '../../sinks/clickhouse/contract.ts'
import { openDatabase } from '../../sinks/clickhouse/database.ts'

const SECRET = 'what-the-file-holds'

/** {file}: a file of the machine. {out}: one that is not there and must not be made. */
const REFUSED = [
  ...["SELECT * FROM '{file}'", 'SELECT * FROM `{file}`', 'SELECT * FROM "{file}"', 'SELECT * FROM default.`{file}`'],
  'WITH x AS (SELECT * FROM `{file}`) SELECT * FROM x',
  'SELECT * FROM (SELECT 1 AS x) AS a JOIN `{file}` AS b ON a.x = b.x',
  'SELECT 1 IN `{file}`',
  'SELECT * FROM view(SELECT * FROM `{file}`)',
  "SELECT * FROM viewExplain('EXPLAIN', '', (SELECT * FROM `{file}`))",
  ...[
    'DESCRIBE `{file}`',
    'DESCRIBE default.`{file}`',
    'DESCRIBE (SELECT * FROM `{file}`)',
    'EXPLAIN SELECT * FROM `{file}`',
  ],
  ...['DESCRIBE file(`{file}`)', "DESCRIBE TABLE (file('{file}'))", 'SHOW CREATE TABLE `{file}`'],
  ...["SELECT file('{file}')", "SELECT /**/ file /**/ ('{file}')", "SELECT FILE('{file}')", "SELECT `file`('{file}')"],
  ...["SELECT arrayMap(file, ['{file}'])", "SELECT * APPLY(file) FROM (SELECT '{file}')", 'SELECT $$a$$ -- $$'],
  ...["SELECT * FROM url('http://127.0.0.1:1/', LineAsString)", "SELECT * FROM s3('http://127.0.0.1:1/a/b')"],
  ...["SELECT * FROM remote('127.0.0.1', system.one)", "SELECT * FROM cluster('default', system.one)"],
  ...["SELECT * FROM executable('id', LineAsString, 'a String')", "SELECT * FROM icebergLocal('/tmp')"],
  ...["SELECT * FROM sqlite('{file}', 't')", "SELECT * FROM mysql('h', 'd', 't', 'u', 'p')"],
  ...["SELECT dictGet('d', 'a', 1)", "SELECT * FROM dictionary('d')", "SELECT catboostEvaluate('{file}', 1)"],
  ...["SELECT 1 INTO OUTFILE '{out}'", "SELECT 1 INTO\n\tOUTFILE '{out}' TRUNCATE", "SHOW TABLES INTO OUTFILE '{out}'"],
  ...['SELECT 1; SELECT 2', 'SELECT 1 FORMAT CSV; DROP TABLE problems', 'SELECT 1 PARALLEL WITH DROP TABLE problems'],
  ...['WITH 1 AS x INSERT INTO problems SELECT x', 'EXPLAIN INSERT INTO problems SELECT 1', 'DROP TABLE problems'],
  ...[
    'SYSTEM SHUTDOWN',
    'KILL QUERY WHERE 1',
    'SET readonly = 0',
    'USE system',
    "BACKUP TABLE problems TO File('{out}')",
  ],
  ...['CREATE DICTIONARY d (a UInt8) PRIMARY KEY a', "CREATE FUNCTION f AS x -> file('{file}')", 'ATTACH TABLE x'],
  'CREATE TEMPORARY TABLE x (a UInt8) ENGINE = Memory',
  ...['readonly = 0', 'readonly = 2', 'max_execution_time = 0', 'max_memory_usage = 0', 'final = 0'].map(
    (setting) => `SELECT 1 SETTINGS ${setting}`,
  ),
  "SELECT 1 FORMAT Protobuf SETTINGS format_schema = '{file}'",
  ...['SELECT sleepEachRow(3) FROM numbers(1000)', "SELECT repeat('x', 2000000000)"],
  'SELECT repeat(toString(number), 1000) FROM numbers(400000)',
  'SELECT arrayJoin(range(100000000)) FROM numbers(100)',
  'SELECT number FROM numbers(2000000)',
]

/** The same by the value of a parameter, {p:…}. */
const BY_PARAMETER: readonly (readonly [string, string])[] = [
  ['DESCRIBE TABLE {p:Identifier}', '{file}'],
  ['EXISTS TABLE {p:Identifier}', '{file}'],
  ['SHOW CREATE TABLE {p:Identifier}', '{file}'],
  ['EXPLAIN SELECT * FROM {p:Identifier}', '{file}'],
  ['SELECT * FROM {p:Identifier}', '{file}'],
  ['SELECT 1 IN {p:Identifier}', '{file}'],
  ['SELECT {p:Identifier} FROM system.one', "file('{file}')"],
  ['SELECT {p:UInt8}', '1; DROP TABLE problems'],
  ['SELECT {p:UInt8}', "1 UNION ALL SELECT file('{file}')"],
  ['SELECT {p:Array(UInt8)}', "[1]) FROM file('{file}'"],
]

describe('SQL of strangers', () => {
  let folder = ''
  let database: Database
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'magpie-strangers-'))
    await writeFile(join(folder, 'file.txt'), `${SECRET}\n`)
    database = await openDatabase({ url: '', stateDir: folder, role: 'owner', log: silentLogger })
  })
  after(async () => {
    await database.close()
    await rm(folder, { recursive: true, force: true })
  })

  for (const sql of REFUSED) {
    it(`is refused: ${sql}`, async () => {
      const statement = sql.replaceAll('{file}', join(folder, 'file.txt')).replaceAll('{out}', join(folder, 'out'))
      await assert.rejects(database.query(statement, { readOnly: true }), (error: Error) => {
        assert.ok(!error.message.includes(SECRET), error.message)
        return true
      })
      assert.ok(!existsSync(join(folder, 'out')))
    })
  }

  for (const [sql, value] of BY_PARAMETER) {
    it(`is refused by a parameter: ${sql} with ${value}`, async () => {
      const parameters = { p: value.replaceAll('{file}', join(folder, 'file.txt')) }
      await assert.rejects(database.query(sql, { readOnly: true, parameters }), (error: Error) => {
        assert.ok(!error.message.includes(SECRET), error.message)
        return true
      })
    })
  }

  it('gets every text by a parameter as it is, at every moment', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.boolean(), async (text, past) => {
        const asOf = past ? { asOf: 0 } : {}
        const options = { readOnly: true, parameters: { text, list: [text] }, format: 'JSONEachRow', ...asOf }
        const answer = await database.query('SELECT {text:String} AS text, {list:Array(String)} AS list', options)
        assert.deepEqual(JSON.parse(answer), { text, list: [text] })
      }),
      { numRuns: 200 },
    )
  })

  it('still reads the tables afterwards, and nothing was changed', async () => {
    assert.equal(await database.query('SELECT count() FROM problems', { readOnly: true, format: 'TSV' }), '0\n')
    const [setting] = await database.rows<{ value: string }>(
      "SELECT value FROM system.settings WHERE name = 'readonly'",
    )
    assert.equal(setting?.value, '0', 'our own lane is as it was')
  })
})
