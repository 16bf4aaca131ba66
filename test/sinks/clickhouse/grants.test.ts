// The users of docs/clickhouse.md, held to by ClickHouse itself: the embedded engine knows one user, `default`, so that
// one gets the rights of a user of the page, and nothing else, from a users file. The writer brings the tables up to
// date, writes, and drops a revision; the reader reads everything and changes nothing.

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { drainPending, Session } from 'chdb'
import { createCodec } from '../../../schemas/codec.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import { topicFor } from '../../../schemas/topics.ts'
import { createClickhouseSink } from '../../../sinks/clickhouse.ts'
import type { Database } from '../../../sinks/clickhouse/contract.ts'
import { openEmbedded } from '../../../sinks/clickhouse/embedded.ts'
import { migrate } from '../../../sinks/clickhouse/migrate.ts'
import { countRevisionRows, removeRevisionRows } from '../../../sinks/clickhouse/revision-rows.ts'
import { expireTexts } from '../../../sinks/clickhouse/text-ttl.ts'
import { statementsOf } from '../../../sinks/clickhouse/tokens.ts'
import { message, preference, problem, rejection, rewarded, RUN, sft } from '../../support/rows.ts'

const page = await readFile(join(import.meta.dirname, '../../../docs/clickhouse.md'), 'utf8')
const statements = [...page.matchAll(/```sql\n([^]*?)```/g)].flatMap(([, block]) => statementsOf(block!))

/** Rights of a user of the page, in the engine's only database. */
const rightsOf = (user: string): string[] =>
  statements.flatMap((statement) => {
    const right = new RegExp(`^(GRANT [^]*) TO ${user}$`).exec(statement)?.[1]
    return right === undefined ? [] : [right.replace('magpie.*', 'default.*')]
  })

const DENIED = { code: 'clickhouse-497' }

describe('the users of docs/clickhouse.md', () => {
  let folder = ''
  let number = 0
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'magpie-grants-'))
  })
  after(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  /** Works as somebody who has these rights alone. */
  async function as(rights: readonly string[], work: (database: Database) => Promise<void>): Promise<void> {
    number += 1
    const [users, config] = ['users', 'config'].map((name) => join(folder, `${name}-${number}.xml`)) as [string, string]
    const grants = rights.map((right) => `<query>${right}</query>`).join('')
    const user = `<password/><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>`
    await writeFile(
      users,
      `<clickhouse><profiles><default/></profiles><quotas><default/></quotas><users><default>${user}<grants>${grants}</grants></default></users></clickhouse>`,
    )
    await writeFile(config, `<clickhouse><users_config>${users}</users_config></clickhouse>`)
    const data = join(folder, 'data')
    // The first connection brings the engine up with the file; those that follow are the same user's.
    const first = new Session(data, { connectionArgs: [`--config-file=${config}`] })
    try {
      const database = await openEmbedded(data, silentLogger)
      assert.notEqual(database, null)
      try {
        await work(database!)
      } finally {
        await database!.close()
      }
    } finally {
      first.close()
      await drainPending()
    }
  }
  const granted = async (database: Database): Promise<string[]> =>
    (await database.rows<{ GRANTS: string }>('SHOW GRANTS')).map(({ GRANTS: right }) => right)

  it('are written as ClickHouse reads it', async () => {
    assert.deepEqual(
      statements.map((statement) => /^(\w+ \w+)/.exec(statement)?.[1]),
      ['CREATE DATABASE', 'CREATE USER', 'GRANT SELECT', 'GRANT SELECT', 'CREATE USER', 'GRANT SELECT', 'GRANT SELECT'],
    )
    await as(['GRANT SELECT ON default.*'], async (database) => {
      for (const sql of statements)
        assert.notEqual(await database.query('SELECT formatQuery({sql:String})', { parameters: { sql } }), '')
      await assert.rejects(database.command('CREATE TABLE t (a Int8) ENGINE = MergeTree ORDER BY a'), DENIED)
    })
  })

  it('the writer brings the tables up to date, fills them and drops a revision, and may do no more', async () => {
    await as(rightsOf('magpie_writer'), async (database) => {
      assert.equal((await granted(database)).length, 2)
      for (const days of [30, null]) {
        await migrate(database, silentLogger)
        await expireTexts(database, days, silentLogger)
      }
      const codec = await createCodec()
      for (const revision of ['main', 'strict']) {
        const sink = createClickhouseSink({ database, codec, log: silentLogger, revision })
        const headers = { 'magpie.run': RUN, 'magpie.revision': revision }
        const batch = [
          message(codec, topicFor('problems', revision), 'Problem', problem(0), 0),
          message(codec, topicFor('rewarded', revision), 'Rewarded', rewarded(0), 0),
          message(codec, topicFor('sft', revision), 'SftRecord', sft(0), 0),
          message(codec, topicFor('preferences', revision), 'PreferenceRecord', preference(0), 0),
          message(codec, topicFor('rejections', revision), 'Rejection', rejection(1, { revision }), 0),
        ]
        await sink.write(batch.map((each) => ({ ...each, headers })))
      }
      const of = (revision: string) => ({ runId: RUN, revision })
      assert.notDeepEqual(await countRevisionRows(database, of('strict')), [])
      await removeRevisionRows(database, of('strict'))
      assert.deepEqual(await countRevisionRows(database, of('strict')), [])
      assert.notDeepEqual(await countRevisionRows(database, of('main')), [])
      await assertInterrupts(database)
      for (const sql of ['DROP TABLE sft', "CREATE USER other IDENTIFIED BY 'x'", 'DETACH TABLE sft'])
        await assert.rejects(database.command(sql), DENIED, sql)
      await assertStaysInside(database)
    })
  })

  it('the reader reads every table and view, ends its own queries, and changes nothing', async () => {
    await as(rightsOf('magpie_reader'), async (database) => {
      assert.equal((await granted(database)).length, 2)
      const names = await database.rows<{ name: string }>(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND name NOT LIKE '.inner%' ORDER BY name",
      )
      assert.ok(names.length > 30, `${names.length} tables and views`)
      for (const { name } of names) await database.query(`SELECT * FROM ${name} LIMIT 1`, { readOnly: true })
      await assertInterrupts(database)
      for (const sql of [
        'INSERT INTO sft (id) SELECT 1',
        'DELETE FROM sft WHERE true',
        'TRUNCATE TABLE sft',
        'DROP TABLE sft',
        'DROP VIEW funnel',
        'ALTER TABLE sft ADD COLUMN more String',
        'ALTER TABLE sft MODIFY TTL toDateTime(created_at) + toIntervalDay(1)',
        'OPTIMIZE TABLE sft FINAL',
        'CREATE TABLE other (a Int8) ENGINE = MergeTree ORDER BY a',
        'CREATE VIEW other AS SELECT 1',
        "CREATE USER other IDENTIFIED BY 'x'",
      ])
        await assert.rejects(database.command(sql), DENIED, sql)
      await assertStaysInside(database)
    })
  })

  async function assertInterrupts(database: Database): Promise<void> {
    const stop = new AbortController()
    const asked = database.query('SELECT sleepEachRow(1) FROM numbers(50) SETTINGS max_block_size = 1', {
      signal: stop.signal,
    })
    setImmediate(() => {
      stop.abort(new Error('interrupted'))
    })
    await assert.rejects(asked, /interrupted/)
    const [left] = await database.rows<{ left: number }>(
      "SELECT count() AS left FROM system.processes WHERE query LIKE '%sleepEachRow(1)%' AND query NOT LIKE '%system.processes%'",
    )
    assert.equal(left?.left, 0)
  }

  async function assertStaysInside(database: Database): Promise<void> {
    for (const source of [
      "file('/etc/passwd', 'LineAsString')",
      "url('http://127.0.0.1:1/', 'LineAsString')",
      "s3('http://127.0.0.1:1/bucket/key', 'LineAsString')",
    ])
      await assert.rejects(database.query(`SELECT * FROM ${source}`), DENIED, source)
  }
})
