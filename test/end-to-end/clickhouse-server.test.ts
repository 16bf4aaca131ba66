// The whole program on a ClickHouse server that asks for every right, by the two users of docs/clickhouse.md: what the
// writer's run, replay and drop put there and take away, what the reader's commands find, and a kill -9 of the server in
// between.

import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Audit } from '../../analytics/audit/contract.ts'
import type { Front } from '../../local/engine/front.ts'
import { startTestServer } from '../support/clickhouse-server.ts'
import type { ServerUser, TestServer } from '../support/clickhouse-server.ts'
import { usersOfPage } from '../support/clickhouse-users.ts'
import type { Ended, Running, Workshop } from '../support/end-to-end.ts'
import { noRecording, openWorkshop, query, recordingFile, runName, simulatedConfig } from '../support/end-to-end.ts'
import { until } from '../support/stream.ts'

const { writer, reader } = await usersOfPage()
/** The recording has so many different problems. */
const TOTAL = 50
const STRICT = `
name: strict
stages:
  verify: { voters: samples }
  reward: { rewards: [{ name: agreement, kind: agreement }] }
  curate: { reward: agreement, minAgreement: 0.9 }
sinks: { clickhouse: { ttl: { texts: 30 } } }
`

describe('a ClickHouse server', { skip: noRecording }, () => {
  let workshop: Workshop
  let server: TestServer
  let front: Front
  const name = runName('served')
  before(async () => {
    workshop = await openWorkshop()
    server = await startTestServer({ users: [writer, reader] })
    front = await workshop.serve({ recording: recordingFile, slots: 8, medianMs: 100 })
  })
  after(async () => {
    await workshop.close()
    await server.close()
  })

  const login = ({ name: user, password }: ServerUser) => ({
    ...{ CLICKHOUSE_URL: server.url, CLICKHOUSE_USER: user, CLICKHOUSE_PASSWORD: password },
    SIMULATOR_PORT: new URL(front.url).port,
  })
  const by = (user: ServerUser, ...words: string[]): Running => workshop.magpie(words, login(user))
  const done = async (running: Running): Promise<Ended> => {
    const ended = await running.ended
    assert.equal(ended.code, 0, running.said())
    return ended
  }
  const audited = async (revision: string): Promise<Audit> =>
    JSON.parse((await done(by(reader, 'audit', '--run', name, '--revision', revision, '--json'))).out) as Audit
  const rowsOf = async (sql: string) => await query<Record<string, unknown>>(workshop, sql, undefined, login(reader))
  const exported = async (file: string): Promise<string> => {
    await done(by(reader, 'export', '--run', name, '--format', 'jsonl', '--out', file))
    await done(by(reader, 'export', '--check', file))
    return await readFile(join(workshop.folder, file), 'utf8')
  }

  it('has the rows of a run, whole, although it was killed in the middle', async () => {
    const run = by(writer, 'run', '-c', simulatedConfig, '--run', name, '--total', String(TOTAL), '--out', 'out')
    const answered = () => front.stats().total.answered
    await until(
      () => answered() > 60,
      () => run.said(),
      60,
    )
    await server.kill()
    await run.says(/Waiting for ClickHouse/)
    await server.startAgain()
    await run.says(/ClickHouse is back/)
    await done(run)
    const { faults, counts, state } = await audited('main')
    assert.deepEqual([faults, counts.problems, state], [[], TOTAL, 'finished'])
  })

  it('answers people as the embedded one does: SQL, reports, search, exports, as of an earlier time', async () => {
    const [counted] = await rowsOf('SELECT count() AS responses, uniqExact(problem_id) AS problems FROM responses')
    assert.deepEqual(counted, { responses: TOTAL * 9, problems: TOTAL })
    assert.match((await done(by(reader, 'report', '--run', name))).out, /SFT/)
    assert.match((await done(by(reader, 'search', 'triangle', '--run', name))).out, /triangle/i)
    const [sft] = await rowsOf('SELECT count() AS rows FROM sft')
    assert.equal((await exported('all.jsonl')).trim().split('\n').length, sft!['rows'])
    const before = by(
      reader,
      'sql',
      'SELECT count() AS rows FROM sft',
      '--as-of',
      '2020-01-01T00:00:00Z',
      '--format',
      'TSV',
    )
    assert.equal((await done(before)).out, 'rows\n0\n')
  })

  it('says why a question fails, also when a part of the answer was there', async () => {
    for (const [sql, saying, exit] of [
      ['SELECT * FROM numbers(10000000)', /more than 1,000,000 rows/, 1],
      ["SELECT number, throwIf(number = 900000, 'late') FROM numbers(1000000)", /late/, 2],
      ['SELECT * FROM system.users', /Not enough privileges/, 1],
      ['DROP TABLE sft', /DROP is not allowed/, 2],
    ] as const) {
      const { code, error } = await by(reader, 'sql', sql).ended
      assert.match(error, saying)
      assert.equal(code, exit, error)
    }
  })

  it('takes a replay as a revision beside main, with a time to live of texts, and lets the writer alone drop it', async () => {
    await writeFile(join(workshop.folder, 'strict.yaml'), STRICT)
    const before = await exported('before.jsonl')
    const paid = front.stats().total.answered
    const words = ['replay', '--run', name, '--from', 'sampled', '--revision', 'strict', '-c', 'strict.yaml']
    await done(by(writer, ...words))
    assert.equal(front.stats().total.answered, paid)
    assert.deepEqual((await audited('strict')).faults, [])
    const sizes = await rowsOf('SELECT revision, count() AS rows FROM sft GROUP BY revision ORDER BY revision')
    assert.deepEqual(
      sizes.map(({ revision }) => revision),
      ['main', 'strict'],
    )
    assert.ok(Number(sizes[1]!['rows']) < Number(sizes[0]!['rows']), JSON.stringify(sizes))
    assert.match(await server.ask('SHOW CREATE TABLE magpie.responses'), /toIntervalDay\(30\)/)

    const drop = ['revisions', 'drop', 'strict', '--run', name, '--yes']
    const refused = await by(reader, ...drop).ended
    assert.notEqual(refused.code, 0)
    assert.match(refused.error, /Not enough privileges/)
    await done(by(writer, ...drop))
    assert.deepEqual(await rowsOf("SELECT id FROM problems WHERE revision = 'strict'"), [])
    assert.equal(await exported('after.jsonl'), before)
    assert.deepEqual((await audited('main')).faults, [])
  })
})
