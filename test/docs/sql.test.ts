// Every query of docs/sql.md runs on a small run, in the lane of strangers, and finds something; every table and view is
// on the page.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createCodec } from '../../schemas/codec.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { createClickhouseSink } from '../../sinks/clickhouse.ts'
import { TABLES_WITH_A_PAST } from '../../sinks/clickhouse/as-of.ts'
import type { Database } from '../../sinks/clickhouse/contract.ts'
import { openDatabase } from '../../sinks/clickhouse/database.ts'
import { placeholdersOf } from '../../sinks/clickhouse/placeholders.ts'
import { mainMessages, STRICT, strictMessages } from '../support/questioned-run.ts'
import { problem, RUN } from '../support/rows.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/sql.md'), 'utf8')
/** Each with the sentence above it. */
const queries = [...page.matchAll(/([^\n]+)\n\n```sql\n([^]*?)```/g)].map((match) => ({
  title: match[1]!,
  sql: match[2]!,
}))

const VALUES: Readonly<Record<string, unknown>> = {
  run: RUN,
  other: STRICT,
  reward: 'rm',
  minutes: 30,
  words: ['WHAT IS'],
  id: problem(0).id,
}

describe('docs/sql.md', () => {
  let folder = ''
  let database: Database
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'magpie-cookbook-'))
    database = await openDatabase({ url: '', stateDir: folder, role: 'owner', log: silentLogger })
    const codec = await createCodec()
    const parts = { database, codec, log: silentLogger }
    for (let time = 0; time < 2; time += 1) {
      await createClickhouseSink(parts).write(mainMessages(codec))
      await createClickhouseSink({ ...parts, revision: STRICT }).write(strictMessages(codec))
    }
  })
  after(async () => {
    await database.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('has thirty queries', () => {
    assert.ok(queries.length >= 30, String(queries.length))
  })

  for (const { title, sql } of queries) {
    it(`answers: ${title}`, async () => {
      const names = [...placeholdersOf(sql).keys()]
      const parameters = Object.fromEntries(names.map((name) => [name, VALUES[name] ?? assert.fail(name)]))
      const rows = await database.rows<object>(sql, parameters, { readOnly: true })
      assert.notEqual(rows.length, 0)
      // A query whose every value is empty has lost its column.
      assert.ok(
        rows.some((row) => Object.values(row).every((value) => value !== null && value !== '')),
        JSON.stringify(rows),
      )
    })
  }

  it('names every table and view, and which rows of a table a moment shows', async () => {
    const found = await database.rows<{ name: string }>(
      `SELECT name FROM system.tables WHERE database = currentDatabase() AND name NOT IN ('schema_migrations', 'damages', 'refills', 'openings')`,
    )
    for (const { name } of found) assert.ok(page.includes(`\`${name}\``), name)
    const [, past = ''] = page.split('## As of a moment')
    for (const table of TABLES_WITH_A_PAST) assert.ok(past.includes(`\`${table}\``), table)
  })
})
