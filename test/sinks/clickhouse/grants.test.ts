// The users of docs/clickhouse.md, held to by a real ClickHouse server that asks for every right: the writer brings an empty
// database up to date, writes, and drops a revision, and each of its rights is missed where it is left out; the reader
// reads everything and changes nothing.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createCodec } from '../../../schemas/codec.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import { topicFor } from '../../../schemas/topics.ts'
import { createClickhouseSink } from '../../../sinks/clickhouse.ts'
import type { Database } from '../../../sinks/clickhouse/contract.ts'
import { migrate } from '../../../sinks/clickhouse/migrate.ts'
import { countRevisionRows, removeRevisionRows } from '../../../sinks/clickhouse/revision-rows.ts'
import { openServer } from '../../../sinks/clickhouse/server.ts'
import { expireTexts } from '../../../sinks/clickhouse/text-ttl.ts'
import { startTestServer } from '../../support/clickhouse-server.ts'
import type { ServerUser, TestServer } from '../../support/clickhouse-server.ts'
import { statementsOfPage, usersOfPage } from '../../support/clickhouse-users.ts'
import { until } from '../../support/stream.ts'
import { message, preference, problem, rejection, rewarded, RUN, sft } from '../../support/rows.ts'

const { writer, reader } = await usersOfPage()
const DENIED = { code: 'clickhouse-497' }

/** Each right of a user alone, as `INSERT ON magpie.*`. */
const rightsOf = ({ grants }: ServerUser): string[] =>
  grants.flatMap((grant) => {
    const [, rights, place] = /^GRANT ([^]*) (ON \S+)$/.exec(grant)!
    return rights!.split(', ').map((right) => `${right} ${place!}`)
  })

/** Not missed: CREATE TABLE includes the first; without the second a query that is given up runs to its end. */
const NOT_MISSED = ['CREATE VIEW ON magpie.*', 'SELECT ON system.processes']

/** The writer in a database of its own, without one of its rights. */
const poorer = rightsOf(writer).map((missing, number) => {
  const name = `without_${number}`
  const rights = rightsOf(writer).filter((right) => right !== missing)
  const grants = rights.map((right) => `GRANT ${right.replace('ON magpie.', `ON ${name}.`)}`)
  return { missing, user: { name, password: 'none', grants } }
})

describe('the users of docs/clickhouse.md', () => {
  let server: TestServer
  before(async () => {
    server = await startTestServer({ users: [writer, reader, ...poorer.map(({ user }) => user)] })
  })
  after(async () => {
    await server.close()
  })

  async function as(user: ServerUser, work: (database: Database) => Promise<void>, name = 'magpie'): Promise<void> {
    const database = openServer({
      url: `${new URL(server.url).origin}/${name}`,
      user: user.name,
      password: user.password,
    })
    try {
      await work(database)
    } finally {
      await database.close()
    }
  }

  /** All that a sink and a drop ask of a database. */
  async function write(database: Database): Promise<void> {
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
  }

  it('are written as ClickHouse reads it', async () => {
    const statements = await statementsOfPage()
    assert.deepEqual(
      statements.map((statement) => /^(\w+ \w+)/.exec(statement)?.[1]),
      [
        'CREATE DATABASE',
        ...[writer, reader].flatMap(({ grants }) => [
          'CREATE USER',
          ...grants.map((each) => /^\w+ \w+/.exec(each)![0]),
        ]),
      ],
    )
    for (const statement of statements) await server.ask(`EXPLAIN AST ${statement}`)
    await as(writer, async (database) => {
      const given = await database.rows<{ GRANTS: string }>('SHOW GRANTS')
      assert.equal(given.length, writer.grants.length)
      assert.deepEqual(await database.rows("SELECT getSetting('async_insert') AS async"), [{ async: false }])
    })
  })

  it('the writer brings the tables up to date, fills them and drops a revision, and may do no more', async () => {
    await as(writer, async (database) => {
      await write(database)
      await assertInterrupts(database)
      for (const sql of ['DROP TABLE sft', "CREATE USER other IDENTIFIED BY 'x'", 'DETACH TABLE sft'])
        await assert.rejects(database.command(sql), DENIED, sql)
      await assertStaysInside(database)
    })
  })

  it('the writer alone has written, and each insert counted when it was in the table', async () => {
    await server.ask('SYSTEM FLUSH LOGS')
    const written = await server.ask(
      `SELECT user, Settings['async_insert'], count() > 10 FROM system.query_log
       WHERE query_kind = 'Insert' AND type = 'QueryFinish' AND has(databases, 'magpie') GROUP BY ALL`,
    )
    assert.equal(written, 'magpie_writer\t0\t1\n')
  })

  for (const { missing, user } of poorer.filter((each) => !NOT_MISSED.includes(each.missing)))
    it(`the writer would miss ${missing}`, async () => {
      await server.ask(`CREATE DATABASE ${user.name}`)
      await as(user, (database) => assert.rejects(write(database), DENIED), user.name)
    })

  it('the reader reads every table and view, ends its own queries, and changes nothing', async () => {
    await as(writer, (database) => migrate(database, silentLogger))
    await as(reader, async (database) => {
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
    const asked = database.query('SELECT sleepEachRow(0.5) FROM numbers(100) SETTINGS max_block_size = 1', {
      signal: stop.signal,
    })
    const ended = assert.rejects(asked, /interrupted/)
    const running = async (count: number): Promise<void> => {
      const sql =
        "SELECT count() FROM system.processes WHERE query LIKE '%(0.5)%' AND query NOT LIKE '%system.processes%'"
      const isSo = async () => (await database.query(sql, { format: 'TSV' })) === `${count}\n`
      await until(isSo, () => `not ${count} at work`, 20)
    }
    await running(1)
    stop.abort(new Error('interrupted'))
    await ended
    // One that nobody ends goes on for 50 seconds.
    await running(0)
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
