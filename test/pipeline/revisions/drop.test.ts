// Drops of revisions on a real Kafka, an embedded ClickHouse and files: all of a revision goes, nothing of main or of
// another run does, and a drop that was broken off is ended by the next.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { assertNotHalfDropped } from '../../../analytics/half-dropped.ts'
import { findAuditedRun } from '../../../analytics/audit/find-run.ts'
import { findRun } from '../../../analytics/report/find-run.ts'
import { findSource } from '../../../pipeline/replay/plan.ts'
import { dropRevision } from '../../../pipeline/revisions/drop.ts'
import type { DropParts, Dropped } from '../../../pipeline/revisions/drop.ts'
import { publishRunRecord, readNewest } from '../../../pipeline/run-records.ts'
import { readRuns } from '../../../pipeline/run-overview.ts'
import { readStarts } from '../../../pipeline/run-starts.ts'
import { transient } from '../../../schemas/failure.ts'
import type { RunRecord } from '../../../schemas/records.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import { createClickhouseSink } from '../../../sinks/clickhouse.ts'
import type { Database } from '../../../sinks/clickhouse/contract.ts'
import { openDatabase } from '../../../sinks/clickhouse/database.ts'
import { forgetRows } from '../../../sinks/clickhouse/forget.ts'
import { countRevisionRows, removeRevisionRows } from '../../../sinks/clickhouse/revision-rows.ts'
import { groupNames } from '../../../stream/groups-admin.ts'
import { topicNames } from '../../../stream/topics-admin.ts'
import { openBench } from '../../support/stream.ts'
import type { Bench } from '../../support/stream.ts'
import { sayRun } from '../../analytics/audit/invented-run.ts'
import { everythingOf, makeRevision, plan, replayOf, SIGNAL } from './bench.ts'

describe('a drop', () => {
  let bench: Bench
  let database: Database
  let folder = ''
  before(async () => {
    bench = await openBench()
    folder = await mkdtemp(join(tmpdir(), 'magpie-drop-'))
    database = await openDatabase({ url: '', stateDir: folder, role: 'owner', log: silentLogger })
  })
  after(async () => {
    await database.close()
    await bench.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** Plans and carries out; the database is asked over its owner's port, as by another process. */
  const drop = async (run: string, revision: string, more: Partial<DropParts> = {}): Promise<Dropped> => {
    const { plan: planned, record } = more.plan === undefined ? await plan(bench, database, { run, revision }) : more
    return await dropRevision({
      ...{ connection: bench.connection, codec: bench.codec, sender: bench.sender, signal: SIGNAL, now: Date.now() },
      ...{ plan: planned!, record: record! },
      forgetRows: () => forgetRows({ url: '', stateDir: folder, log: silentLogger }, { runId: run, revision }),
      ...more,
    })
  }
  const stateOf = async (run: string, revision: string): Promise<string | undefined> =>
    (await readNewest(bench.connection, bench.codec, SIGNAL)).find((each) => each.id === `${run}/${revision}`)?.state

  it('takes all of it, and leaves every byte of main', async () => {
    const revision = bench.name('strict')
    const made = await makeRevision(bench, database, folder, revision)
    const before = await everythingOf(bench, database, made, 'main')
    assert.ok(before.log.length > 100 && before.rows.length >= 6 && before.files.length >= 4)
    const own = await everythingOf(bench, database, made, revision)
    assert.ok(own.log.length > 60 && own.rows.length >= 5 && own.files.length >= 4)

    const { plan: planned } = await plan(bench, database, { run: made.run, revision })
    assert.ok(planned.topics.length >= 12 && planned.topics.every((topic) => topic.endsWith(`.${revision}`)))
    assert.deepEqual(planned.kept, [])
    assert.equal(planned.entries.length, 2)
    assert.equal(planned.letters, 1)
    assert.deepEqual(await everythingOf(bench, database, made, revision), own, 'planning changes nothing')

    await drop(made.run, revision)
    assert.deepEqual(await everythingOf(bench, database, made, 'main'), before)
    const left = await everythingOf(bench, database, made, revision)
    assert.deepEqual([left.rows, left.files], [[], []])
    const kinds = new Set(left.log.map((line) => (JSON.parse(line) as string[])[0]))
    assert.deepEqual([...kinds].sort(), ['calls', 'dead-letters', 'runs', 'starts'])
    assert.deepEqual(
      (await topicNames(bench.connection)).filter((name) => name.endsWith(`.${revision}`)),
      [],
    )
    assert.deepEqual(
      (await groupNames(bench.connection)).filter((name) => name.includes(`.${revision}.`)),
      [],
    )
    const starts = (await readStarts(bench.connection, bench.codec, SIGNAL)).filter(({ runId }) => runId === made.run)
    assert.deepEqual(
      starts.map((start) => start.revision),
      ['main'],
    )
    const runs = await readRuns({ ...bench, now: Date.now(), isAlive: () => false, signal: SIGNAL })
    assert.deepEqual(
      runs.filter(({ run }) => run === made.run).map((each) => each.revision),
      ['main'],
    )
    // A dead letter of it lies on the shared topic for good, so its name stays taken.
    assert.equal(await stateOf(made.run, revision), 'dropped')
  })

  it('is not undone by a sink that reads the shared topics again', async () => {
    const revision = bench.name('strict')
    const { run } = await makeRevision(bench, database, folder, revision)
    await drop(run, revision)
    const sink = createClickhouseSink({ database, codec: bench.codec, log: silentLogger })
    for (const topic of ['dead-letters', 'runs', 'starts'] as const)
      await sink.write((await bench.read(topic)).filter(({ headers }) => headers['magpie.run'] === run))
    assert.deepEqual(await countRevisionRows(database, { runId: run, revision }), [])
    const rows = await countRevisionRows(database, { runId: run, revision: 'main' })
    assert.deepEqual(
      rows.filter(({ table }) => ['dead_letters', 'run_starts', 'runs'].includes(table)).map((each) => each.rows),
      [1, 1, 1],
    )
  })

  it('frees the name where nothing of it stays on the log', async () => {
    const revision = bench.name('strict')
    const { run } = await makeRevision(bench, database, folder, revision, { letters: false })
    assert.deepEqual(await drop(run, revision), { isClean: true, keptFor: [] })
    assert.equal(await stateOf(run, revision), undefined)
    await assert.rejects(plan(bench, database, { run, revision }), /has no revision .*; it has none but main/)
  })

  it('leaves topics that another run shares, and takes them with the last one', async () => {
    const revision = bench.name('strict')
    const one = await makeRevision(bench, database, folder, revision)
    const other = await makeRevision(bench, database, folder, revision)
    const before = await everythingOf(bench, database, other, revision)
    const { plan: planned } = await plan(bench, database, { run: one.run, revision })
    assert.deepEqual([planned.topics, planned.keptFor], [[], [other.run]])
    assert.ok(planned.kept.includes(`verified.${revision}`))
    await drop(one.run, revision)
    assert.equal(await stateOf(one.run, revision), 'dropped')
    assert.deepEqual(await everythingOf(bench, database, other, revision), before)
    assert.deepEqual((await everythingOf(bench, database, one, revision)).rows, [])
    await drop(other.run, revision)
    assert.deepEqual(
      (await topicNames(bench.connection)).filter((name) => name.endsWith(`.${revision}`)),
      [],
    )
    // Again: nothing is left to do, and nothing goes wrong.
    await drop(one.run, revision)
    assert.equal(await stateOf(one.run, revision), 'dropped')
  })

  it('leaves topics to a run that has begun a revision of this name since it was planned', async () => {
    const revision = bench.name('strict')
    const one = await makeRevision(bench, database, folder, revision, { letters: false })
    const { plan: planned, record } = await plan(bench, database, { run: one.run, revision })
    assert.ok(planned.isClean && planned.topics.length >= 12)
    const other = await makeRevision(bench, database, folder, revision, { says: { state: 'running' } })
    const before = await everythingOf(bench, database, other, revision)
    const done = await drop(one.run, revision, { plan: planned, record })
    assert.deepEqual(done, { isClean: false, keptFor: [other.run] })
    assert.equal(await stateOf(one.run, revision), 'dropped')
    assert.deepEqual(await everythingOf(bench, database, other, revision), before)
    assert.deepEqual((await everythingOf(bench, database, one, revision)).rows, [])
  })

  it('takes nothing of a revision that was started since it was planned, and does not hide who leads', async () => {
    const revision = bench.name('strict')
    const made = await makeRevision(bench, database, folder, revision)
    const { plan: planned, record } = await plan(bench, database, { run: made.run, revision })
    await sayRun(bench.sender, bench.codec, made.run, { out: made.out, revision, replay: replayOf(), state: 'running' })
    const { rows, files } = await everythingOf(bench, database, made, revision)
    await assert.rejects(drop(made.run, revision, { plan: planned, record }), /was started meanwhile: it is left alone/)
    assert.equal(await stateOf(made.run, revision), 'running')
    const left = await everythingOf(bench, database, made, revision)
    assert.deepEqual([left.rows, left.files], [rows, files])
    const groups = await groupNames(bench.connection)
    for (const group of planned.groups) assert.ok(groups.includes(group), group)
    const topics = await topicNames(bench.connection)
    for (const topic of planned.topics) assert.ok(topics.includes(topic), topic)
    // Its process was killed: now it goes.
    await drop(
      made.run,
      revision,
      await plan(bench, database, { run: made.run, revision }, { now: Date.now() + 60_000 }),
    )
    assert.equal(await stateOf(made.run, revision), 'dropped')
  })

  it('leaves no word behind where another drop has ended since it was planned', async () => {
    const revision = bench.name('strict')
    const { run } = await makeRevision(bench, database, folder, revision, { letters: false })
    const { plan: planned, record } = await plan(bench, database, { run, revision })
    await drop(run, revision)
    await assert.rejects(drop(run, revision, { plan: planned, record }), /was said to be dropped meanwhile/)
    assert.equal(await stateOf(run, revision), undefined)
  })

  it('stops before the topics where another drop has gone on with it', async () => {
    const revision = bench.name('strict')
    const { run } = await makeRevision(bench, database, folder, revision, { letters: false })
    const word = async (): Promise<RunRecord> =>
      (await readNewest(bench.connection, bench.codec, SIGNAL)).find((each) => each.id === `${run}/${revision}`)!
    const forgetRows = async (): Promise<void> => {
      await publishRunRecord(bench.sender, bench.codec, { ...(await word()), host: 'elsewhere', pid: 7 })
    }
    await assert.rejects(drop(run, revision, { forgetRows }), /another process spoke about revision/)
    assert.ok((await topicNames(bench.connection)).includes(`verified.${revision}`))
    assert.deepEqual([(await word()).state, (await word()).host], ['dropping', 'elsewhere'])
  })

  it('that was broken off is known, and ended by the next one', async () => {
    const revision = bench.name('strict')
    const made = await makeRevision(bench, database, folder, revision)
    const before = await everythingOf(bench, database, made, 'main')
    const broken = transient('clickhouse-unreachable', 'gone')
    await assert.rejects(drop(made.run, revision, { forgetRows: () => Promise.reject(broken) }), broken)
    assert.equal(await stateOf(made.run, revision), 'dropping')
    assert.ok((await topicNames(bench.connection)).includes(`verified.${revision}`))
    // Killed between the topics and its last word.
    const failing = { ...bench.sender, send: () => Promise.reject(broken) }
    await assert.rejects(drop(made.run, revision, { sender: failing }), broken)
    await drop(made.run, revision)
    assert.deepEqual(
      (await topicNames(bench.connection)).filter((name) => name.endsWith(`.${revision}`)),
      [],
    )
    assert.deepEqual((await everythingOf(bench, database, made, revision)).rows, [])
    assert.deepEqual(await everythingOf(bench, database, made, 'main'), before)
  })

  for (const rowOfRun of ['with', 'without'])
    it(`that was broken off among the rows, ${rowOfRun} one of the run, is told to whoever reads them`, async () => {
      const revision = bench.name('strict')
      const made = await makeRevision(bench, database, folder, revision, { letters: false })
      if (rowOfRun === 'with') {
        const sink = createClickhouseSink({ database, codec: bench.codec, log: silentLogger, revision })
        await sink.write((await bench.read('runs')).filter(({ headers }) => headers['magpie.run'] === made.run))
      }
      const broken = transient('clickhouse-unreachable', 'gone')
      let deletes = 0
      const failing: Pick<Database, 'rows' | 'command'> = {
        rows: database.rows,
        command: async (sql) => {
          if (sql.startsWith('DELETE') && ++deletes > 2) throw broken
          await database.command(sql)
        },
      }
      const of = { runId: made.run, revision }
      assert.equal((await findRun(database, revision)).state, rowOfRun === 'with' ? 'finished' : null)
      await assert.rejects(drop(made.run, revision, { forgetRows: () => removeRevisionRows(failing, of) }), broken)
      const told = new RegExp(`revision ${revision} of run ${made.run} is being dropped: finish that with`)
      await assert.rejects(findRun(database, revision), told)
      await assert.rejects(findRun(database, revision, made.run), told)
      await assert.rejects(assertNotHalfDropped(database, { revision }), told)
      await assert.rejects(assertNotHalfDropped(database, { revision, run: made.run }), told)
      await assertNotHalfDropped(database, { revision, run: 'another' })
      await assert.rejects(findAuditedRun({ ...bench, revision }, SIGNAL), told)
      await assert.rejects(findAuditedRun({ ...bench, revision, run: made.run }, SIGNAL), told)
      assert.equal((await findRun(database, 'main', made.run)).id, made.run)
      assert.deepEqual(await drop(made.run, revision), { isClean: true, keptFor: [] })
      assert.deepEqual(await countRevisionRows(database, of), [])
    })

  it('that leaves the rows keeps the name, and a later one finds them and frees it', async () => {
    const revision = bench.name('strict')
    const made = await makeRevision(bench, database, folder, revision, { letters: false })
    const of = { runId: made.run, revision }
    const rows = await countRevisionRows(database, of)
    const left = await plan(bench, database, { run: made.run, revision }, { countRows: null })
    assert.deepEqual(await drop(made.run, revision, left), { isClean: false, keptFor: [] })
    assert.equal(await stateOf(made.run, revision), 'dropped')
    assert.deepEqual(await countRevisionRows(database, of), rows)
    const again = { run: made.run, of: 'main', revision }
    await assert.rejects(findSource(bench, again, SIGNAL), /was dropped, and .*tables.* take another name/)
    await assert.rejects(
      findSource(bench, { run: made.run, of: revision, revision: 'next' }, SIGNAL),
      /there is no run with a revision/,
    )
    // Without the database the rows would be forgotten.
    const none = { countRows: () => Promise.resolve(null) }
    await assert.rejects(plan(bench, database, { run: made.run, revision }, none), /there is no database here/)
    assert.deepEqual(await drop(made.run, revision), { isClean: true, keptFor: [] })
    assert.deepEqual([await stateOf(made.run, revision), await countRevisionRows(database, of)], [undefined, []])
  })

  it('leaves what no run has written into its folder', async () => {
    const revision = bench.name('strict')
    const { run } = await makeRevision(bench, database, folder, revision)
    const { plan: planned } = await plan(bench, database, { run, revision })
    const mine = join(planned.files!.folder, 'notes.txt')
    await writeFile(mine, 'mine')
    await drop(run, revision)
    assert.ok(existsSync(mine))
    for (const file of planned.files!.own) assert.ok(!existsSync(file), file)
    assert.ok(existsSync(join(dirname(planned.files!.folder), '.run.json')))
  })

  it('says where the files of the run should be and are not', async () => {
    const revision = bench.name('strict')
    const { run, out } = await makeRevision(bench, database, folder, revision)
    const look = async (at: string | null | undefined) => {
      const { files, filesNotIn } = (await plan(bench, database, { run, revision }, { out: at })).plan
      return [files === null ? null : files.own.length > 0, filesNotIn]
    }
    const elsewhere = join(folder, 'elsewhere')
    assert.deepEqual(await look(elsewhere), [null, elsewhere])
    assert.deepEqual(await look(null), [null, null])
    assert.deepEqual(await look(undefined), [true, null])
    await drop(run, revision)
    const again = { run, revision: bench.name('bare') }
    await sayRun(bench.sender, bench.codec, run, { out, revision: again.revision, replay: replayOf() })
    const { files, filesNotIn } = (await plan(bench, database, again)).plan
    assert.deepEqual([files?.own, files?.foreign, filesNotIn], [[], [], null], 'one that has written none')
  })

  describe('is refused', () => {
    let run = ''
    let revision = ''
    let out = ''
    before(async () => {
      revision = bench.name('strict')
      const made = await makeRevision(bench, database, folder, revision)
      run = made.run
      out = made.out
    })
    const say = (more: Parameters<typeof sayRun>[3]): Promise<void> => sayRun(bench.sender, bench.codec, run, more)

    it('of main', async () => {
      await assert.rejects(plan(bench, database, { run, revision: 'main' }), /main is the run itself/)
    })
    it('of what there is not', async () => {
      await assert.rejects(
        plan(bench, database, { run, revision: `${revision}x` }),
        new RegExp(`did you mean ${revision}`),
      )
      await assert.rejects(plan(bench, database, { run: 'nobody', revision }), /there is no run nobody/)
    })
    it('where another one was made from it, unless told so; never while that one is at work', async () => {
      const child = `${revision}-child`
      const replay = replayOf({ of: revision, from: 'verified' })
      await say({ out, revision: child, replay })
      const asked = { run, revision }
      await assert.rejects(
        plan(bench, database, asked),
        new RegExp(`${child} was made from ${revision}: .*--leave-orphans`),
      )
      assert.equal((await plan(bench, database, asked, { leaveOrphans: true })).plan.revision, revision)
      await say({ out, revision: child, replay, state: 'running' })
      const soon = { leaveOrphans: true, now: Date.now() + 1, isAlive: () => true }
      await assert.rejects(
        plan(bench, database, asked, soon),
        new RegExp(`${child} reads from ${revision} and is at work`),
      )
      await say({ out, revision: child, replay })
    })
    it('while it is at work; not where its process was killed', async () => {
      await say({ out, revision, replay: replayOf(), state: 'running' })
      const more = { leaveOrphans: true, now: Date.now() + 1 }
      await assert.rejects(
        plan(bench, database, { run, revision }, { ...more, isAlive: () => true }),
        /is at work \(process/,
      )
      const late = { ...more, now: Date.now() + 60_000 }
      assert.equal((await plan(bench, database, { run, revision }, late)).record.state, 'running')
    })
    it('where its rows are in no database here', async () => {
      await assert.rejects(
        plan(
          bench,
          database,
          { run, revision },
          { leaveOrphans: true, now: Date.now() + 60_000, countRows: () => Promise.resolve(null) },
        ),
        /there is no database here: give --state DIR/,
      )
    })
  })
})
