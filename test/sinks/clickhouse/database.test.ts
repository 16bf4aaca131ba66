// The embedded database and a server: tables, repeats, lanes, strangers.

import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { UsageFault } from '../../../schemas/failure.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import type { Database } from '../../../sinks/clickhouse/contract.ts'
import { openDatabase } from '../../../sinks/clickhouse/database.ts'
import { migrate, readMigrations } from '../../../sinks/clickhouse/migrate.ts'
import { DATABASE_KINDS, openTestDatabase } from '../../support/clickhouse-databases.ts'
import { until } from '../../support/stream.ts'

const hasCode = (code: string | RegExp, retry?: string) => (error: Error & { code?: string; retry?: string }) => {
  assert.match(error.code ?? '', typeof code === 'string' ? new RegExp(`^${code}$`) : code, error.message)
  if (retry !== undefined) assert.equal(error.retry, retry)
  return true
}

for (const kind of DATABASE_KINDS) {
  describe(`the ${kind} database`, () => {
    let folder = ''
    let database: Database
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'magpie-database-'))
      database = await openTestDatabase(kind, folder)
      await database.command('DROP TABLE IF EXISTS try_it')
      await database.command(
        'CREATE TABLE try_it (id String, n Int64, at DateTime64(3), m Map(String, Float64), v UInt64) ENGINE = ReplacingMergeTree(v) ORDER BY id',
      )
    })
    after(async () => {
      await database.close()
      await rm(folder, { recursive: true, force: true })
    })

    it('keeps the newest row of an id', async () => {
      const row = { id: 'a;\'"\n数\u0000', n: '9007199254740993', at: '2026-01-02 03:04:05.678', m: { x: 0.1 } }
      await database.insert('try_it', [{ ...row, v: 2 }])
      await database.insert('try_it', [{ ...row, v: 1, m: {} }])
      await database.insert('try_it', [{ ...row, v: 2 }])
      const rows = await database.rows<object>('SELECT id, toString(n) AS n, toString(at) AS at, m FROM try_it FINAL')
      assert.deepEqual(rows, [row])
    })

    it('takes more rows than one INSERT holds, and none', async () => {
      await database.insert('try_it', [])
      const many = Array.from({ length: 12_000 }, (_, n) => ({ id: `many-${n}`, n, v: 1 }))
      await database.insert('try_it', many)
      const [count] = await database.rows<{ c: number }>("SELECT count() AS c FROM try_it WHERE id LIKE 'many-%'")
      assert.equal(count?.c, 12_000)
    })

    it('takes rows again that were taken away, on a table that remembers blocks', async () => {
      await database.command(
        'CREATE TABLE remembers (id String) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100',
      )
      const rows = [{ id: 'a' }, { id: 'b' }]
      await database.insert('remembers', rows)
      await database.command('DELETE FROM remembers WHERE true')
      await database.insert('remembers', rows)
      assert.deepEqual(await database.rows('SELECT id FROM remembers ORDER BY id'), rows)
      await database.command('DROP TABLE remembers')
    })

    it('binds parameters of every sort, in both lanes', async () => {
      const sql = 'SELECT {a:UInt32} + 1 AS a, {b:String} AS b, {c:Array(String)} AS c'
      const parameters = { a: 41, b: "it's\n\\", c: ['x', "y'"] }
      const expected = { a: 42, b: "it's\n\\", c: ['x', "y'"] }
      assert.deepEqual(await database.rows(sql, parameters), [expected])
      const text = await database.query(sql, { parameters, readOnly: true, format: 'JSONEachRow' })
      assert.deepEqual(JSON.parse(text), expected)
    })

    it('says what is wrong with SQL, and whether it may pass', async () => {
      await assert.rejects(database.query('SELECT nothing FROM nowhere'), hasCode('clickhouse-60', 'permanent'))
      await assert.rejects(database.query('SELEC 1'), hasCode('clickhouse-62', 'permanent'))
      await assert.rejects(
        database.insert('try_it', [{ id: 'a', n: 'no number' }]),
        hasCode(/^clickhouse-/, 'permanent'),
      )
    })

    it('refuses strangers all but reading', async () => {
      const readOnly = { readOnly: true }
      for (const sql of [
        'DROP TABLE try_it',
        'SELECT 1; SELECT 2',
        "SELECT file('/etc/passwd')",
        "SELECT 1 INTO OUTFILE '/tmp/magpie-x'",
      ]) {
        await assert.rejects(database.query(sql, readOnly), hasCode('sql-refused', 'permanent'))
      }
      // What the check lets through, ClickHouse itself refuses.
      for (const sql of [
        'WITH 1 AS x INSERT INTO try_it (id) SELECT x',
        'SELECT 1 SETTINGS readonly = 0',
        "SELECT * FROM format(CSV, 'a')",
        "SELECT * FROM '/etc/passwd'",
        'EXPLAIN SELECT * FROM `/etc/passwd`',
      ]) {
        await assert.rejects(database.query(sql, readOnly), hasCode(/^clickhouse-/), sql)
      }
      await assert.rejects(database.query('SELECT * FROM numbers(100000000)', readOnly), hasCode('clickhouse-396'))
      // What goes wrong when a part of the answer is there already.
      const late = "SELECT number, throwIf(number = 900000, 'late') FROM numbers(1000000)"
      for (const options of [readOnly, {}])
        await assert.rejects(database.query(late, options), hasCode('clickhouse-395'))
      assert.equal(existsSync('/tmp/magpie-x'), false)
      assert.match(await database.query('SELECT count() AS c FROM try_it', readOnly), /^c\n\d+\n$/)
    })

    it('groups and sorts for strangers by way of the disk before it refuses', async () => {
      const limits = ['group_by', 'sort'].map((work) => `getSetting('max_bytes_before_external_${work}')`)
      const text = await database.query(`SELECT ${[...limits, "getSetting('max_memory_usage')"].join(', ')}`, {
        ...{ readOnly: true, format: 'JSONCompactEachRow' },
      })
      const [groups, sorts, most] = (JSON.parse(text) as unknown[]).map(Number)
      assert.ok(groups! > 0 && groups! < most! && sorts! > 0 && sorts! < most!, text)
    })

    it('inserts while a long SELECT of a stranger runs, and stops the SELECT when it is given up', async () => {
      const giveUp = new AbortController()
      const forever = 'SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))'
      const long = database.query(forever, { readOnly: true, signal: giveUp.signal })
      const ended = assert.rejects(long, /enough/)
      await database.insert('try_it', [{ id: 'meanwhile', n: 1, v: 1 }])
      assert.equal(await database.query('SELECT 1', { readOnly: true, format: 'TSV' }), '1\n')
      giveUp.abort(new Error('enough'))
      await ended
      // It goes a moment after it was told to.
      await until(async () => {
        const running = await database.rows<{ c: number }>(
          "SELECT count() AS c FROM system.processes WHERE query LIKE '%sipHash64(number)%' AND query NOT LIKE '%processes%'",
        )
        return running[0]?.c === 0
      })
    })

    it('migrates once, and refuses a newer database', async () => {
      const before = await database.rows('SELECT number, applied_at FROM schema_migrations FINAL ORDER BY number')
      assert.deepEqual(before.length, readMigrations().length)
      await migrate(database, silentLogger)
      assert.deepEqual(
        await database.rows('SELECT number, applied_at FROM schema_migrations FINAL ORDER BY number'),
        before,
      )
      await assert.rejects(migrate(database, silentLogger, []), hasCode('database-newer', 'permanent'))
    })
  })
}

describe('opening', () => {
  it('finds no database where there is none, and makes none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'magpie-database-'))
    try {
      const open = openDatabase({ url: '', stateDir: folder, role: 'reader', log: silentLogger })
      await assert.rejects(open, (error) => error instanceof UsageFault && /no database/.test(error.message))
      assert.equal(existsSync(join(folder, 'clickhouse')), false)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  it('refuses a URL that is none, without showing it', async () => {
    const open = openDatabase({ url: 'user:secret@host', stateDir: '/nowhere', role: 'reader', log: silentLogger })
    await assert.rejects(open, (error) => error instanceof UsageFault && !error.message.includes('secret'))
  })

  it('goes on without a server that is down, and says so at every call', async () => {
    const url = 'http://user:secret@127.0.0.1:1/db'
    const database = await openDatabase({ url, stateDir: '/nowhere', role: 'owner', log: silentLogger })
    assert.equal(database.where, 'http://127.0.0.1:1/db')
    const calls = [() => database.insert('sft', [{ id: 'a' }]), () => database.query('SELECT 1', { readOnly: true })]
    for (const call of calls) {
      await assert.rejects(call(), (error: Error) => {
        assert.doesNotMatch(error.message, /secret/)
        return hasCode('clickhouse-unreachable', 'transient')(error)
      })
    }
    await database.close()
  })

  it('leaves the note of the owner to its user alone, and takes it away', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'magpie-database-'))
    try {
      const database = await openDatabase({ url: '', stateDir: folder, role: 'owner', log: silentLogger })
      const note = join(folder, 'clickhouse', 'owner.json')
      assert.equal(statSync(note).mode & 0o777, 0o600)
      await database.close()
      await database.close()
      assert.equal(existsSync(note), false)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
