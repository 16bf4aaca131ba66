// The audit of a replay: its inputs are what it reads of another revision; whatever is taken out of its topics, tables
// and files, or put in, is found, and main is looked at as if there were no other revision.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { auditRun } from '../../../analytics/audit/audit.ts'
import { findAuditedRun } from '../../../analytics/audit/find-run.ts'
import { findFiles } from '../../../analytics/audit/read-files.ts'
import type { Audit } from '../../../analytics/audit/audit.ts'
import type { Replay } from '../../../configs/replay.ts'
import { publishSelection } from '../../../pipeline/replay/selection.ts'
import { preferenceId, rejectionId, sftId } from '../../../schemas/ids.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import type { TopicName } from '../../../schemas/topics.ts'
import type { Database } from '../../../sinks/clickhouse/contract.ts'
import { openDatabase } from '../../../sinks/clickhouse/database.ts'
import { findRevisionFiles } from '../../../sinks/json/remove.ts'
import { topicEnds } from '../../../stream/positions.ts'
import { ensureTopics } from '../../../stream/topics-admin.ts'
import { openBench } from '../../support/stream.ts'
import type { Bench } from '../../support/stream.ts'
import {
  DEAD_AGAIN,
  fillStores,
  inventRun,
  onLog,
  REFUSED_AGAIN,
  sayRun,
  SCREENED_OUT,
  STAGE_NAMES,
  WAY,
} from './invented-run.ts'
import type { InventedRun, Message, RunSays } from './invented-run.ts'

const STAGES = ['verify', 'judge', 'reward', 'converse', 'curate']
const INPUTS = 14
const { signal: SIGNAL } = new AbortController()

describe('the audit of a replay', () => {
  let bench: Bench
  let database: Database
  let folder = ''
  before(async () => {
    bench = await openBench()
    await ensureTopics(bench.connection, { revision: 'main' })
    folder = await mkdtemp(join(tmpdir(), 'magpie-audit-replay-'))
    database = await openDatabase({ url: '', stateDir: folder, role: 'owner', log: silentLogger })
  })
  after(async () => {
    await database.close()
    await bench.close()
    await rm(folder, { recursive: true, force: true })
  })

  interface Made {
    readonly main: InventedRun
    readonly again: InventedRun
    readonly replay: Replay
  }

  const offsets = async (): Promise<Record<string, number>> =>
    Object.fromEntries((await topicEnds(bench.connection, 'sampled')).map(({ partition, high }) => [partition, high]))
  const send = (made: InventedRun, messages: readonly Message[]): Promise<void> =>
    bench.sender.send(onLog(made, messages))

  /** A finished run, and a revision made from its samples. */
  async function make({
    log,
    stored,
    ...more
  }: Partial<RunSays> & {
    log?: (again: InventedRun) => readonly Message[]
    stored?: (again: InventedRun) => readonly Message[]
    read?: Partial<Replay>
  } = {}): Promise<Made> {
    const [run, revision] = [bench.name('replayed'), bench.name('strict')]
    await ensureTopics(bench.connection, { revision })
    const main = inventRun(bench.codec, run)
    const again = inventRun(bench.codec, run, { revision, from: 'sampled' })
    const begin = await offsets()
    await send(main, main.messages)
    const replay: Replay = {
      ...{ of: 'main', from: 'sampled', stages: STAGES, begin, end: await offsets() },
      ...{ selection: null, keep: [], into: null, ...more.read },
    }
    await send(again, (log ?? (() => again.messages))(again))
    const out = join(folder, run)
    const ownOut = more.out ?? out
    await sayRun(bench.sender, bench.codec, run, { out })
    await sayRun(bench.sender, bench.codec, run, { revision, replay, ...more, out: ownOut })
    await fillStores(bench.codec, database, main, out)
    await fillStores(bench.codec, database, { ...again, messages: (stored ?? (() => again.messages))(again) }, ownOut)
    return { main, again, replay }
  }

  const audit = ({ run, revision }: InventedRun, more: { idsAtOnce?: number } = {}): Promise<Audit> =>
    auditRun({ connection: bench.connection, codec: bench.codec, database, run, revision, ...more })
  const named = ({ faults }: Audit): string[] =>
    faults.flatMap(({ kind, at, first }) => first.map(({ id }) => `${kind} ${at} ${id}`)).sort()

  it('passes one without a fault: each input has one end, and every row is there', async () => {
    const { again, main } = await make()
    const found = await audit(again)
    assert.deepEqual(named(found), [])
    assert.deepEqual(found.counts, {
      ...{ problems: INPUTS, accepted: 11, rejected: 2, dead: 1, inFlight: 0 },
      ...{ lost: 0, doubled: 0, stray: 0, repeats: 0, overdue: 0 },
    })
    assert.deepEqual(
      found.stages.map(({ stage }) => stage),
      STAGES,
    )
    assert.deepEqual(
      [found.stages[0]!.in, found.stages[0]!.out, found.stages[0]!.rejected, found.stages[0]!.dead],
      [14, 12, 1, 1],
    )
    assert.deepEqual(Object.fromEntries(found.stores.map(({ store, expected, rows }) => [store, [expected, rows]])), {
      'table problems': [14, 14],
      'table responses': [56, 56],
      'table sft': [11, 11],
      'table preferences': [10, 10],
      'table rejections': [2, 2],
      'table dead_letters': [1, 1],
      'files sft': [11, 11],
      'files preference': [10, 10],
    })
    assert.deepEqual(found.notes, [])
    const passes = await audit(again, { idsAtOnce: 3 })
    assert.ok(passes.passes > 3)
    assert.deepEqual([passes.stages, passes.stores, named(passes)], [found.stages, found.stores, []])
    const untouched = await audit(main)
    assert.deepEqual([named(untouched), untouched.stages[0]?.stage, untouched.counts.problems], [[], 'produce', 17])
  })

  it('finds the files of one that has a folder of data sets of its own, and says so where they are not', async () => {
    const out = join(folder, bench.name('own'))
    const { again } = await make({ out })
    const found = await audit(again)
    assert.deepEqual([named(found), found.notes], [[], []])
    assert.equal(found.stores.find(({ store }) => store === 'files sft')?.rows, 11)
    const of = { runId: again.run, revision: again.revision }
    const { record, begunAt } = await findAuditedRun({ ...bench, run: of.runId, revision: of.revision }, SIGNAL)
    assert.ok((await findRevisionFiles(out, { ...of, begunAt }))!.own.length > 0, 'a drop finds them too')
    assert.equal(await findRevisionFiles(folder, { ...of, begunAt }), null)
    assert.throws(() => findFiles(folder, { record, begunAt }), /are not in/)
  })

  describe('finds what is gone', () => {
    const behind = WAY.slice(WAY.indexOf('sampled') + 1)
    const gone: { topic: TopicName; slot: number }[] = [
      ...behind.map((topic, index) => ({ topic, slot: 5 + index })),
      { topic: 'sft', slot: 9 },
      { topic: 'preferences', slot: 10 },
      { topic: 'rejections', slot: REFUSED_AGAIN },
      { topic: 'dead-letters', slot: DEAD_AGAIN },
    ]
    it('from each topic', async () => {
      const { again } = await make({
        log: ({ messages, id }) =>
          messages.filter(({ topic, key }) => !gone.some((each) => each.topic === topic && id(each.slot) === key)),
      })
      const expected = gone.flatMap(({ topic, slot }) => {
        const id = again.id(slot)
        if (topic === 'sft')
          return [`missing curate ${id}`, `stray files sft ${sftId(id)}`, `stray table sft ${sftId(id)}`]
        if (topic === 'preferences')
          return [
            `missing curate ${id}`,
            `stray files preference ${preferenceId(id)}`,
            `stray table preferences ${preferenceId(id)}`,
          ]
        const unmade = [`stray table problems ${id}`, `stray table responses ${id}`]
        if (topic === 'rejections')
          return [`missing verify ${id}`, `stray table rejections ${rejectionId(id)}`, ...unmade]
        if (topic === 'dead-letters')
          return [`missing verify ${id}`, `stray table dead_letters ${id}/dead-letter/verify/sampled/0/5`, ...unmade]
        const step = WAY.indexOf(topic)
        return [
          `missing ${STAGE_NAMES[step - 1]!} ${id}`,
          `stray ${STAGE_NAMES[step]!} ${id}`,
          ...(topic === 'conversed' ? unmade : []),
        ]
      })
      assert.deepEqual(named(await audit(again)), expected.sort())
    })
    it('from tables and files', async () => {
      const { again } = await make({
        stored: ({ messages, id }) => messages.filter(({ key }) => key !== id(6) && key !== id(REFUSED_AGAIN)),
      })
      const [six, refused] = [again.id(6), again.id(REFUSED_AGAIN)]
      assert.deepEqual(
        named(await audit(again)),
        [
          ...[six, refused].flatMap((id) => [`missing table problems ${id}`, `missing table responses ${id}`]),
          ...[`missing table sft ${sftId(six)}`, `missing table preferences ${preferenceId(six)}`],
          ...[`missing files sft ${sftId(six)}`, `missing files preference ${preferenceId(six)}`],
          `missing table rejections ${rejectionId(refused)}`,
        ].sort(),
      )
    })
  })

  it('finds what was put in: a problem that it never read, and a second end', async () => {
    const { again } = await make({
      log: (made) => [
        ...made.messages,
        made.at('judged', made.id(SCREENED_OUT), SCREENED_OUT),
        made.rejection(made.id(7), 'verify'),
      ],
    })
    const stranger = again.id(SCREENED_OUT)
    assert.deepEqual(
      named(await audit(again)),
      [
        ...[`stray judge ${stranger}`, `missing reward ${stranger}`, `doubled verify ${again.id(7)}`],
        `missing table rejections ${rejectionId(again.id(7))}`,
      ].sort(),
    )
  })

  it('asks for nothing before its beginning or behind its end', async () => {
    const { again, main, replay } = await make()
    await send(main, [main.at('sampled', main.id(SCREENED_OUT), SCREENED_OUT)])
    assert.deepEqual(named(await audit(again)), [])
    // The same log, read from its end on, holds strangers alone.
    const out = join(folder, again.run)
    const nothing = { ...replay, begin: replay.end! }
    await sayRun(bench.sender, bench.codec, again.run, { out, revision: again.revision, replay: nothing })
    const found = await audit(again)
    assert.equal(found.stages[0]!.stray, INPUTS)
  })

  it('has in flight what comes to a topic that it follows', async () => {
    const { again, main } = await make({ read: { end: null }, state: 'running' })
    assert.deepEqual((await audit(again)).counts.inFlight, 0)
    await send(main, [main.at('sampled', main.id(SCREENED_OUT), SCREENED_OUT)])
    const found = await audit(again)
    assert.deepEqual([named(found), found.counts.inFlight, found.stages[0]?.inFlight, found.whole], [[], 1, 1, true])
  })

  it('takes the problems of its selection alone', async () => {
    const { again } = await make({
      log: ({ messages, id }) => messages.filter(({ key }) => key === id(5) || key === id(6)),
      stored: ({ messages, id }) => messages.filter(({ key }) => key === id(5) || key === id(6)),
    })
    const ids = Buffer.concat([again.id(5), again.id(6)].sort().map((id) => Buffer.from(id.replaceAll('-', ''), 'hex')))
    const selection = { sql: 'slot IN (5, 6)', problems: 2, sha256: 'ab' }
    await publishSelection(
      bench.sender,
      bench.codec,
      { runId: again.run, revision: again.revision },
      { selection, ids },
      1,
    )
    assert.equal((await audit(again)).counts.lost, INPUTS - 2)
    const out = join(folder, again.run)
    const replay: Replay = {
      of: 'main',
      from: 'sampled',
      stages: STAGES,
      begin: {},
      end: await offsets(),
      selection,
      keep: [],
      into: null,
    }
    await sayRun(bench.sender, bench.codec, again.run, { out, revision: again.revision, replay })
    const found = await audit(again)
    assert.deepEqual([named(found), found.counts.problems], [[], 2])
  })

  it('takes a dead letter that was sent again to it, wherever that lies, and none that was sent to main', async () => {
    const { again, main } = await make()
    const letter = (await bench.read('dead-letters')).findLast(
      ({ key, headers }) => key === again.id(DEAD_AGAIN) && headers['magpie.revision'] === again.revision,
    )!
    const record = main.at('sampled', main.id(DEAD_AGAIN), DEAD_AGAIN)
    const sentTo = (revision: string): Message => ({
      ...record,
      headers: {
        ...record.headers,
        'magpie.redriven-from': `${letter.partition}/${letter.offset}`,
        ...{ 'magpie.redriven-to': 'verify', 'magpie.redriven-revision': revision },
      },
    })
    await send(main, [sentTo(again.revision), sentTo('main')])
    await send(again, [again.rejection(again.id(DEAD_AGAIN), 'verify', record)])
    const found = await audit(again)
    assert.deepEqual(named(found), [`missing table rejections ${rejectionId(again.id(DEAD_AGAIN))}`])
    assert.deepEqual([found.counts.dead, found.counts.rejected, found.stages[0]?.in], [0, 3, INPUTS])
  })

  it('has no rows of problems or responses where it leaves them as they are', async () => {
    const [run, revision] = [bench.name('replayed'), bench.name('curated')]
    await ensureTopics(bench.connection, { revision })
    const main = inventRun(bench.codec, run)
    const again = inventRun(bench.codec, run, { revision, from: 'conversed' })
    await send(main, main.messages)
    await send(again, again.messages)
    const out = join(folder, run)
    const replay: Replay = {
      of: 'main',
      from: 'conversed',
      stages: ['curate'],
      begin: {},
      end: null,
      selection: null,
      keep: [],
      into: null,
    }
    await sayRun(bench.sender, bench.codec, run, { out })
    await sayRun(bench.sender, bench.codec, run, { out, revision, replay })
    await fillStores(bench.codec, database, main, out)
    await fillStores(bench.codec, database, again, out, { givesResponses: false })
    const found = await audit(again)
    assert.deepEqual(named(found), [])
    const of = (store: string) => found.stores.find((line) => line.store === store)!
    // Of those that were refused or died, nothing else would tell what they were.
    assert.deepEqual([of('table problems').rows, of('table responses').rows, of('table sft').rows], [3, 0, 11])
    assert.equal(found.counts.problems, INPUTS)
  })
})
