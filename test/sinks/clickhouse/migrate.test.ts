// Migrations on a server: two processes that start at once, and one that is killed between any two statements.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { silentLogger } from '../../../schemas/logger.ts'
import type { Database } from '../../../sinks/clickhouse/contract.ts'
import { openDatabase } from '../../../sinks/clickhouse/database.ts'
import { migrate, readMigrations } from '../../../sinks/clickhouse/migrate.ts'
import { openServer } from '../../../sinks/clickhouse/server.ts'
import { someServer } from '../../support/clickhouse-server.ts'

describe('migrations on a server', () => {
  let folder: string
  let server: Awaited<ReturnType<typeof someServer>>
  let url: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'magpie-migrate-'))
    server = await someServer()
    ;({ url } = server)
  })
  after(async () => {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** A process of its own, as far as the server can tell; `lives`: statements that it gets through before it is killed. */
  const processOf = (lives = Infinity): Database => {
    const database = openServer({ url })
    let left = lives
    const step = async <Result>(work: () => Promise<Result>): Promise<Result> => {
      if (left <= 0) throw new Error('killed')
      left -= 1
      return await work()
    }
    return {
      ...database,
      command: (sql) => step(() => database.command(sql)),
      insert: (table, rows) => step(() => database.insert(table, rows)),
    }
  }
  const shape = async (database: Database): Promise<unknown> => [
    await database.rows('SELECT number, name FROM schema_migrations FINAL ORDER BY number'),
    await database.rows(
      "SELECT table, name, type, default_expression FROM system.columns WHERE database = currentDatabase() AND table NOT LIKE '.inner%' ORDER BY table, position",
    ),
  ]

  it('go on where one was killed, at every few statements, and leave what an undisturbed one leaves', async () => {
    const all = readMigrations()
    let kills = 0
    for (let lives = 1, isDone = false; !isDone; lives += 3) {
      isDone = await migrate(processOf(lives), silentLogger).then(
        () => true,
        (error: unknown) => {
          assert.match(String(error), /killed/)
          return false
        },
      )
      if (!isDone) kills += 1
    }
    assert.ok(kills >= 3, `only ${kills} kills`)
    const database = processOf()
    await migrate(database, silentLogger)
    const [rows] = (await shape(database)) as [{ number: number; name: string }[]]
    assert.deepEqual(
      rows.map(({ name }) => name),
      all.map(({ name }) => name),
    )
  })

  it('may be applied by two processes at once, again and again', async () => {
    const before = await shape(processOf())
    await processOf().command('TRUNCATE TABLE schema_migrations')
    await Promise.all([migrate(processOf(), silentLogger), migrate(processOf(), silentLogger)])
    assert.deepEqual(await shape(processOf()), before)
    await migrate(processOf(1), silentLogger)
  })

  it('come with the time to live of texts that the config has, and without it where it has none', async () => {
    for (const [textDays, columns] of [
      [7, 9],
      [null, 0],
    ] as const) {
      const database = await openDatabase({ url, stateDir: folder, role: 'owner', log: silentLogger, textDays })
      const tables = await database.rows<{ times: number }>(
        "SELECT countSubstrings(create_table_query, 'toIntervalDay(7)') AS times FROM system.tables WHERE database = currentDatabase()",
      )
      assert.equal(
        tables.reduce((sum, { times }) => sum + times, 0),
        columns,
      )
      await database.close()
    }
  })
})
