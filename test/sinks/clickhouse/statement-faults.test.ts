// Who has to mend what ClickHouse complains about: the statement's writer, or whoever runs the server.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Failure, permanent, transient } from '../../../schemas/failure.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import type { Database } from '../../../sinks/clickhouse/contract.ts'
import { openDatabase } from '../../../sinks/clickhouse/database.ts'
import { statementFault } from '../../../sinks/clickhouse/statement-faults.ts'

const WRONG = [
  'DROP TABLE sft',
  'SELECT 1 FROM sft WHERE',
  'SELECT nothing FROM sft',
  'SELECT 1 FROM nowhere',
  'SELECT nofunction(1)',
  "SELECT CAST(1 AS UInt9), 'x'",
  'SELECT 1 FORMAT Nope',
  "SELECT 1 + 'a'",
  'SELECT cutURLParameter(1)',
  'SELECT 1 % 0',
  "SELECT match('a', '(')",
  "SELECT [1, 'a']",
  'SELECT 1 FROM sft WHERE id',
  "SELECT toUInt8('a')",
  "SELECT toDate('a')",
  'SELECT {n:UUID}',
  'SELECT id FROM sft GROUP BY revision',
  'SELECT 1 UNION ALL SELECT 1, 2',
  'SELECT count() FROM sft WHERE count() > 1',
  'SELECT 1 FROM sft AS a ASOF JOIN sft AS b ON a.id = b.id',
]

describe('a fault of a statement', () => {
  let folder = ''
  let database: Database
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'magpie-faults-'))
    database = await openDatabase({ url: '', stateDir: folder, role: 'owner', log: silentLogger })
  })
  after(async () => {
    await database.close()
    await rm(folder, { recursive: true, force: true })
  })

  const ask = async (sql: string): Promise<unknown> =>
    await database.query(sql, { readOnly: true, parameters: { n: 'x' } }).then(
      () => null,
      (error: unknown) => error,
    )

  it('is known by what ClickHouse answers', async () => {
    for (const sql of WRONG) assert.notEqual(statementFault(await ask(sql)), null, sql)
  })

  it('is not what the server, its limits or the way there are the reason of', async () => {
    const tooMuch = await ask('SELECT * FROM numbers(100000000)')
    assert.ok(tooMuch instanceof Failure)
    assert.equal(statementFault(tooMuch), null)
    for (const code of [
      'clickhouse-unreachable',
      'clickhouse-client',
      'clickhouse-241',
      'clickhouse-159',
      'clickhouse-497',
    ])
      for (const failure of [permanent(code, 'x'), transient(code, 'x')]) assert.equal(statementFault(failure), null)
    assert.equal(statementFault(new Error('Code: 62. DB::Exception')), null)
  })
})
