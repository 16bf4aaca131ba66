// The audit over a real Kafka and an embedded ClickHouse: a run without a fault passes; whatever is taken out of any
// topic, table or file, or put in, is found and named, and nothing else is.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Audit } from '../../../analytics/audit/audit.ts'
import { auditRun } from '../../../analytics/audit/audit.ts'
import { groupOf } from '../../../pipeline.ts'
import type { PartName } from '../../../pipeline.ts'
import { preferenceId, rejectionId, responseId, sftId } from '../../../schemas/ids.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import type { TopicName } from '../../../schemas/topics.ts'
import type { Database } from '../../../sinks/clickhouse/contract.ts'
import { openDatabase } from '../../../sinks/clickhouse/database.ts'
import { encodeDoneSet } from '../../../stream/done-set.ts'
import { REDRIVEN_TO_HEADER, RUN_HEADER } from '../../../stream/outgoing.ts'
import { topicEnds } from '../../../stream/positions.ts'
import { ensureTopics } from '../../../stream/topics-admin.ts'
import type { Bench } from '../../support/stream.ts'
import { openBench } from '../../support/stream.ts'
import {
  DEAD,
  fillStores,
  inventRun,
  NOT_CURATED,
  sayRun,
  SCREENED_OUT,
  SLOTS,
  STAGE_NAMES,
  WAY,
} from './invented-run.ts'
import type { InventedRun, Message, RunSays } from './invented-run.ts'

describe('the audit', () => {
  let bench: Bench
  let database: Database
  let folder = ''

  before(async () => {
    bench = await openBench()
    await ensureTopics(bench.connection, { revision: 'main' })
    folder = await mkdtemp(join(tmpdir(), 'magpie-audit-'))
    database = await openDatabase({ url: '', stateDir: folder, role: 'owner', log: silentLogger })
  })
  after(async () => {
    await database.close()
    await bench.close()
    await rm(folder, { recursive: true, force: true })
  })

  const invent = (): InventedRun => inventRun(bench.codec, bench.name('invented'))
  const outOf = ({ run }: InventedRun): string => join(folder, run)

  /** Sends `log`, fills the stores from `stored`, says what the run says. */
  async function settle(
    made: InventedRun,
    {
      log = made.messages,
      stored = made.messages,
      ...says
    }: Partial<RunSays> & {
      log?: readonly Message[]
      stored?: readonly Message[] | null
      limit?: number
    } = {},
  ): Promise<string> {
    await bench.sender.send(log)
    await sayRun(bench.sender, bench.codec, made.run, { out: outOf(made), ...says })
    if (stored === null) return ''
    return fillStores(bench.codec, database, { ...made, messages: stored }, outOf(made), { limit: says.limit ?? null })
  }

  const audit = async ({ run }: InventedRun, more: { stores?: false; idsAtOnce?: number } = {}): Promise<Audit> =>
    auditRun({
      ...{ connection: bench.connection, codec: bench.codec, run, idsAtOnce: more.idsAtOnce },
      ...(more.stores === false ? { database: null, out: null } : { database }),
    })

  /** Every fault as one line. */
  const named = ({ faults }: Audit): string[] =>
    faults
      .flatMap(({ kind, at, first, count }) => {
        assert.equal(first.length, count)
        return first.map(({ id }) => `${kind} ${at} ${id}`)
      })
      .sort()

  /** Each stage's line adds up; problems of which one of two rows is missing have an end all the same. */
  const assertAddsUp = ({ stages }: Audit, halves = 0): void => {
    for (const line of stages) {
      const got = line.in + line.doubled + line.stray + (line.stage === 'curate' ? halves : 0)
      const given = line.out + line.rejected + line.dead + line.inFlight + line.missing
      assert.equal(got, given, JSON.stringify(line))
    }
  }

  const without = (made: InventedRun, gone: readonly { topic: TopicName; slot: number }[]): Message[] =>
    made.messages.filter(({ topic, key }) => !gone.some((each) => each.topic === topic && made.id(each.slot) === key))

  it('passes a run without a fault, and counts what became of its problems', async () => {
    const made = invent()
    await settle(made)
    const found = await audit(made)
    assert.deepEqual(named(found), [])
    assert.equal(found.whole, true)
    assert.deepEqual(found.counts, {
      ...{ problems: SLOTS, accepted: 13, rejected: 3, dead: 1, inFlight: 0 },
      ...{ lost: 0, doubled: 0, stray: 0, repeats: 0, overdue: 0 },
    })
    const stage = (name: string) => found.stages.find((line) => line.stage === name)!
    assert.deepEqual([stage('produce').in, stage('produce').out, stage('produce').rejected], [SLOTS, 16, 1])
    assert.deepEqual([stage('answer').in, stage('answer').out, stage('answer').dead], [15, 14, 1])
    assert.deepEqual([stage('curate').in, stage('curate').out, stage('curate').rejected], [14, 13, 1])
    const rows = Object.fromEntries(found.stores.map(({ store, rows, expected }) => [store, [expected, rows]]))
    assert.deepEqual(rows, {
      'table problems': [16, 16],
      'table responses': [56, 56],
      'table sft': [13, 13],
      'table preferences': [12, 12],
      'table rejections': [3, 3],
      'table dead_letters': [1, 1],
      'files sft': [13, 13],
      'files preference': [12, 12],
    })
    assert.deepEqual(
      found.notes.filter((note) => note.includes('compared')),
      [],
    )
  })

  it('passes a run whose texts have expired', async () => {
    const made = invent()
    await settle(made)
    const before = await audit(made)
    const count = async (): Promise<number> => {
      const [row] = await database.rows<{ texts: number }>(
        `SELECT countIf(text != '') AS texts FROM responses FINAL WHERE run_id = '${made.run}'`,
      )
      return row!.texts
    }
    assert.ok((await count()) > 0)
    // What expireTexts sets, of records that are due at once.
    const due = 'toDateTime(created_at) - toIntervalYear(50)'
    await database.command(`ALTER TABLE responses MODIFY COLUMN text TTL ${due}`)
    await database.command('OPTIMIZE TABLE responses FINAL')
    await database.command('ALTER TABLE responses MODIFY COLUMN text REMOVE TTL')
    assert.equal(await count(), 0)
    assert.deepEqual(await audit(made), before)
  })

  it('takes repeats of every message for what they are', async () => {
    const made = invent()
    await settle(made, { log: [...made.messages, ...made.messages] })
    const found = await audit(made)
    assert.deepEqual(named(found), [])
    assert.equal(found.counts.repeats, made.messages.length)
    assertAddsUp(found)
    for (const { stage, repeats } of found.stages) assert.ok(repeats > 0, stage)
  })

  describe('a message that is gone', () => {
    const gone: { topic: TopicName; slot: number }[] = [
      ...WAY.map((topic, slot) => ({ topic, slot })),
      { topic: 'sft', slot: 9 },
      { topic: 'preferences', slot: 10 },
      { topic: 'rejections', slot: NOT_CURATED },
      { topic: 'dead-letters', slot: DEAD },
    ]
    let made: InventedRun
    let found: Audit
    before(async () => {
      made = invent()
      await settle(made, { log: without(made, gone) })
      found = await audit(made)
    })

    const expected = (topic: TopicName, slot: number): string[] => {
      const id = made.id(slot)
      const step = WAY.indexOf(topic)
      if (topic === 'sft')
        return [`missing curate ${id}`, `stray files sft ${sftId(id)}`, `stray table sft ${sftId(id)}`]
      if (topic === 'preferences')
        return ['missing curate', 'stray files preference', 'stray table preferences'].map(
          (fault, index) => `${fault} ${index === 0 ? id : preferenceId(id)}`,
        )
      if (topic === 'rejections') return [`missing curate ${id}`, `stray table rejections ${rejectionId(id)}`]
      if (topic === 'dead-letters')
        return [`missing answer ${id}`, `stray table dead_letters ${id}/dead-letter/answer/tagged/0/5`]
      return [
        `missing ${step === 0 ? 'produce' : STAGE_NAMES[step - 1]!} ${id}`,
        `stray ${STAGE_NAMES[step]!} ${id}`,
        ...(topic === 'problems' ? [`stray table problems ${id}`] : []),
        ...(topic === 'conversed' ? [`stray table responses ${id}`] : []),
      ]
    }
    for (const { topic, slot } of gone) {
      it(`from ${topic} is named`, () => {
        const here = named(found).filter((fault) => fault.includes(made.id(slot)))
        assert.deepEqual(here, expected(topic, slot).sort())
      })
    }
    it('is all that is named', () => {
      assert.deepEqual(named(found), gone.flatMap(({ topic, slot }) => expected(topic, slot)).sort())
      assertAddsUp(found, 2)
      assert.equal(found.whole, false)
    })
    it('is shown with the place where the problem was seen last', async () => {
      const group = found.faults.find(({ at, kind }) => at === 'answer' && kind === 'missing')!
      const last = group.first.find(({ id }) => id === made.id(DEAD))!
      const [message] = (await bench.read('tagged')).filter(({ key }) => key === made.id(DEAD))
      assert.equal(last.seen, `tagged/${message!.partition}/${message!.offset}`)
    })
    it('is the same in several passes', async () => {
      const passes = await audit(made, { idsAtOnce: 3 })
      assert.ok(passes.passes > 3)
      assert.deepEqual(named(passes), named(found))
      assert.deepEqual(passes.stages, found.stages)
      assert.deepEqual(passes.stores, found.stores)
    })
  })

  describe('a message that nothing gave rise to', () => {
    const topics: TopicName[] = [...WAY, 'sft', 'preferences', 'rejections', 'dead-letters']
    const ids = new Map(topics.map((topic) => [topic, randomUUID()]))
    let found: Audit
    before(async () => {
      const made = invent()
      const added = topics.map((topic) => {
        const id = ids.get(topic)!
        if (topic === 'sft') return made.sft(id, 3, 'too-few')
        if (topic === 'preferences') return { ...made.preference(id, 3), ...owesNothing(made.preference(id, 3)) }
        if (topic === 'rejections') return made.rejection(id, 'verify')
        if (topic === 'dead-letters')
          return made.letter(id, 'verify', { topic: 'sampled', partition: 0, offset: 1_000_000 })
        return made.at(topic, id, 3)
      })
      await settle(made, { log: [...made.messages, ...added] })
      found = await audit(made)
    })
    const owesNothing = (message: Message): Pick<Message, 'value'> => {
      const record = bench.codec.decode('PreferenceRecord', message.value)
      return { value: bench.codec.encode('PreferenceRecord', { ...record, sftRefusal: 'no-answer' }) }
    }
    const expected = (topic: TopicName): string[] => {
      const id = ids.get(topic)!
      const step = WAY.indexOf(topic)
      if (topic === 'sft')
        return [`missing files sft ${sftId(id)}`, `missing table sft ${sftId(id)}`, `stray curate ${id}`]
      if (topic === 'preferences')
        return [
          `missing files preference ${preferenceId(id)}`,
          `missing table preferences ${preferenceId(id)}`,
          `stray curate ${id}`,
        ]
      if (topic === 'rejections') return [`missing table rejections ${rejectionId(id)}`, `stray verify ${id}`]
      if (topic === 'dead-letters')
        return [
          `missing table dead_letters ${id}/dead-letter/verify/sampled/0/1000000`,
          `missing table responses ${id}`,
          `stray verify ${id}`,
        ]
      return [
        `stray ${step === 0 ? 'produce' : STAGE_NAMES[step - 1]!} ${id}`,
        `missing ${STAGE_NAMES[step]!} ${id}`,
        ...(topic === 'problems' ? [`missing table problems ${id}`] : []),
        ...(topic === 'conversed' ? [`missing table responses ${id}`] : []),
      ]
    }
    for (const topic of topics) {
      it(`on ${topic} is named`, () => {
        assert.deepEqual(
          named(found).filter((fault) => fault.includes(ids.get(topic)!)),
          expected(topic).sort(),
        )
      })
    }
    it('is all that is named', () => {
      assert.deepEqual(named(found), topics.flatMap(expected).sort())
      assertAddsUp(found)
    })
  })

  describe('two different ends', () => {
    it('of one problem are named; the same end twice is a repeat', async () => {
      const made = invent()
      const second = [
        made.rejection(made.id(0), 'verify'),
        made.sft(made.id(NOT_CURATED), NOT_CURATED, 'too-few'),
        made.rejection(made.id(SCREENED_OUT), 'screen'),
        made.rejection(made.id(SCREENED_OUT), 'tag'),
        made.at('answered', made.id(DEAD), DEAD),
      ]
      const log = [...made.messages, ...second]
      await settle(made, { log, stored: log })
      const found = await audit(made)
      assert.deepEqual(
        named(found),
        [
          `doubled verify ${made.id(0)}`,
          `doubled curate ${made.id(NOT_CURATED)}`,
          `stray tag ${made.id(SCREENED_OUT)}`,
          `doubled answer ${made.id(DEAD)}`,
          `missing sample ${made.id(DEAD)}`,
        ].sort(),
      )
      assert.equal(found.counts.repeats, 1)
      assert.equal(found.counts.doubled, 3)
    })

    it('are not a dead letter that was redriven and what became of its record then', async () => {
      const made = invent()
      // The letter was sent again because an answer was lost.
      const told = made.messages.filter(({ topic }) => topic === 'dead-letters')
      await settle(made, { log: [...made.messages, ...told] })
      const letter = (await bench.read('dead-letters')).findLast(({ key }) => key === made.id(DEAD))!
      const again = made.at('tagged', made.id(DEAD), DEAD)
      const headers = { ...again.headers, 'magpie.attempt': '2', 'magpie.redriven-to': 'answer' }
      const place = `${letter.partition}/${letter.offset}`
      await bench.sender.send([
        { ...again, headers: { ...headers, 'magpie.redriven-from': place } },
        made.at('answered', made.id(DEAD), DEAD),
        made.rejection(made.id(DEAD), 'sample'),
      ])
      const found = await audit(made, { stores: false })
      assert.deepEqual(named(found), [])
      assert.deepEqual([found.counts.dead, found.counts.rejected, found.counts.repeats], [0, 4, 1])
    })
  })

  describe('a message of no problem', () => {
    const foreign = ({ run }: InventedRun, topic: TopicName): Message => ({
      ...{ topic, key: 'no id', value: Buffer.from('no record') },
      headers: { [RUN_HEADER]: run, 'magpie.revision': 'main' },
    })
    it('needs a dead letter and no more', async () => {
      const made = invent()
      await settle(made, { log: [...made.messages, foreign(made, 'verified')] })
      const message = (await bench.read('verified')).find(
        ({ key, headers }) => key === 'no id' && headers[RUN_HEADER] === made.run,
      )!
      const at = `verified/${message.partition}/${message.offset}`
      assert.deepEqual(named(await audit(made, { stores: false })), [`missing judge ${at}`])
      const source = { topic: 'verified' as const, partition: message.partition, offset: Number(message.offset) }
      await bench.sender.send([{ ...made.letter(made.id(0), 'judge', source), key: 'no id' }])
      assert.deepEqual(named(await audit(made, { stores: false })), [])
    })

    it('needs none where it was sent again for a sink alone', async () => {
      const made = invent()
      const again = (topic: TopicName, to: PartName): Message => ({
        ...foreign(made, topic),
        headers: { [RUN_HEADER]: made.run, 'magpie.revision': 'main', [REDRIVEN_TO_HEADER]: to },
      })
      await settle(made, {
        log: [...made.messages, again('verified', 'clickhouse'), again('sft', 'json'), again('preferences', 'json')],
      })
      assert.deepEqual(named(await audit(made)), [])
    })

    it('is no dead letter among the dead letters', async () => {
      const made = invent()
      const junk = foreign(made, 'dead-letters')
      const messages = [...made.messages, junk, { ...junk, key: made.id(0) }, { ...junk, key: made.id(1), headers: {} }]
      await settle(made, { log: messages, stored: messages })
      const found = await audit(made)
      assert.deepEqual(named(found), [])
      assert.equal(found.counts.dead, 1)
    })
  })

  describe('a table', () => {
    let made: InventedRun
    const tables = { problems: 0, responses: 1, sft: 2, preferences: 3, rejections: NOT_CURATED, dead_letters: DEAD }
    const rowId = (table: keyof typeof tables): string => {
      const id = made.id(tables[table])
      return {
        problems: id,
        responses: responseId(id, 'sample', 1),
        sft: sftId(id),
        preferences: preferenceId(id),
        rejections: rejectionId(id),
        dead_letters: `${id}/dead-letter/answer/tagged/0/5`,
      }[table]
    }
    const stranger = randomUUID()
    const strange: Record<string, string> = {
      ...{ problems: stranger, sft: sftId(stranger), preferences: preferenceId(stranger) },
      ...{ rejections: rejectionId(stranger), dead_letters: `${stranger}/dead-letter/x/y/0/0` },
    }
    let found: Audit
    before(async () => {
      made = invent()
      await settle(made)
      for (const table of Object.keys(tables) as (keyof typeof tables)[]) {
        await database.command(
          `ALTER TABLE ${table} DELETE WHERE run_id = '${made.run}' AND id = '${rowId(table)}' SETTINGS mutations_sync = 2`,
        )
        if (table === 'responses') continue
        await database.command(
          `INSERT INTO ${table} SELECT * REPLACE ('${strange[table]!}' AS id) FROM ${table} FINAL WHERE run_id = '${made.run}' LIMIT 1`,
        )
      }
      await database.command(
        `INSERT INTO responses SELECT * REPLACE ('${stranger}' AS problem_id, '${responseId(stranger, 'answer')}' AS id) FROM responses FINAL WHERE run_id = '${made.run}' AND kind = 'answer' LIMIT 1`,
      )
      found = await audit(made)
    })
    for (const table of Object.keys(tables) as (keyof typeof tables)[]) {
      it(`${table} without one of its rows is found, and one with a row of its own`, () => {
        const here = named(found).filter((fault) => fault.includes(`table ${table} `))
        const lost = table === 'responses' ? made.id(tables.responses) : rowId(table)
        const more = table === 'responses' ? stranger : strange[table]!
        // One letter was all there was, so nothing could be copied from.
        const isEmpty = table === 'dead_letters'
        assert.deepEqual(
          here,
          [`missing table ${table} ${lost}`, ...(isEmpty ? [] : [`stray table ${table} ${more}`])].sort(),
        )
      })
    }
    it('is all that is named', () => {
      assert.ok(named(found).every((fault) => fault.includes('table ')))
    })
  })

  describe('a data set', () => {
    const edit = async (path: string, change: (rows: { id: string }[]) => object[]): Promise<void> => {
      const rows = change(JSON.parse(await readFile(path, 'utf8')) as { id: string }[])
      const name = path.replace(/_\d+_(?=\d{8}T)/, `_${rows.length}_`)
      await writeFile(path, `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`)
      await rename(path, name)
    }
    const dataSets = async (made: InventedRun, type: string): Promise<string> => {
      const names = await readdir(outOf(made), { recursive: true })
      return join(
        outOf(made),
        names.find((name) => name.endsWith(`_${type}.json`))!,
      )
    }
    for (const type of ['sft', 'preference'] as const) {
      const idOf = type === 'sft' ? sftId : preferenceId
      it(`${type} without a row, with one twice, and with one of its own is found`, async () => {
        const made = invent()
        await settle(made)
        const stranger = idOf(randomUUID())
        await edit(await dataSets(made, type), (rows) => [
          ...rows.filter(({ id }) => id !== idOf(made.id(1))),
          rows.find(({ id }) => id === idOf(made.id(2)))!,
          { ...rows[0]!, id: stranger },
        ])
        const found = await audit(made)
        assert.deepEqual(
          named(found),
          [
            `missing files ${type} ${idOf(made.id(1))}`,
            `doubled files ${type} ${idOf(made.id(2))}`,
            `stray files ${type} ${stranger}`,
          ].sort(),
        )
      })
    }
    it('whose name says another number is found', async () => {
      const made = invent()
      await settle(made)
      const path = await dataSets(made, 'sft')
      await rename(path, path.replace('_13_', '_14_'))
      assert.deepEqual(
        named(await audit(made)).map((fault) => fault.split(' Magpie')[0]),
        ['stray files sft'],
      )
    })

    it('that is a pipe is not waited for', async () => {
      const made = invent()
      await settle(made)
      const pipe = (await dataSets(made, 'sft')).replace('_13_', '_14_')
      assert.equal(spawnSync('mkfifo', [pipe]).status, 0)
      await assert.rejects(audit(made), { code: 'foreign-data-set', message: /_14_.* is no regular file/ })
    })

    it('of so many rows is whole with the rest beside it', async () => {
      const made = invent()
      await settle(made, { accept: { sft: 5 }, limit: 5 })
      const found = await audit(made)
      assert.deepEqual(named(found), [])
      const line = found.stores.find(({ store }) => store === 'files sft')!
      assert.deepEqual([line.expected, line.rows, line.surplus], [13, 13, 8])
    })
    it('with fewer rows than there are for it is found', async () => {
      const made = invent()
      await settle(made, { accept: { sft: 6 }, limit: 5 })
      assert.deepEqual(
        named(await audit(made)).map((fault) => fault.split('/')[0]!.slice(0, 17)),
        ['missing files sft'],
      )
    })
  })

  describe('a run that goes on', () => {
    /** Commits the ends for every group, and for one group and partition another position. */
    async function commit(
      made: InventedRun,
      topics: Readonly<Partial<Record<PartName, TopicName>>>,
      at?: { part: PartName; partition: number; offset: number; metadata: string },
    ): Promise<void> {
      const cluster = await bench.connection.cluster()
      for (const [part, topic] of Object.entries(topics) as [PartName, TopicName][]) {
        const groupId = groupOf(made.run, 'main', part)
        const coordinator = await cluster.findGroupCoordinator({ groupId })
        const ends = await topicEnds(bench.connection, topic)
        const partitions = ends.map(({ partition, high }) =>
          at?.part === part && at.partition === partition
            ? { partition, offset: String(at.offset), metadata: at.metadata }
            : { partition, offset: String(high), metadata: '' },
        )
        const request = { groupId, groupGenerationId: -1, memberId: '', topics: [{ topic, partitions }] }
        await coordinator.offsetCommit(request)
      }
    }
    const groups = Object.fromEntries(STAGE_NAMES.map((stage, step) => [stage, WAY[step]!])) as Partial<
      Record<PartName, TopicName>
    >

    it('has in flight what its groups have not finished, and nothing that they have', async () => {
      const made = invent()
      const later = ['sampled', 'verified', 'judged', 'rewarded', 'conversed', 'sft', 'preferences'] as const
      const log = without(
        made,
        later.map((topic) => ({ topic, slot: 4 })),
      )
      await settle(made, { log, stored: null, state: 'running' })
      const [message] = (await bench.read('answered')).filter(({ key }) => key === made.id(4))
      const [partition, offset] = [message!.partition, Number(message!.offset)]

      await commit(made, groups, { part: 'sample', partition, offset, metadata: '' })
      const open = await audit(made, { stores: false })
      assert.deepEqual(named(open), [])
      assert.equal(open.counts.inFlight, 1)
      assert.equal(open.stages.find(({ stage }) => stage === 'sample')?.inFlight, 1)

      await commit(made, groups, {
        part: 'sample',
        partition,
        offset: offset - 1,
        metadata: encodeDoneSet(offset - 1, [offset]),
      })
      const lost = await audit(made, { stores: false })
      assert.deepEqual(named(lost), [`missing sample ${made.id(4)}`])
      assert.equal(lost.counts.inFlight, 0)
    })

    it('is overdue once the run has finished, unless its dead letter was sent again', async () => {
      const made = invent()
      const later = ['sampled', 'verified', 'judged', 'rewarded', 'conversed', 'sft', 'preferences'] as const
      await settle(made, {
        log: without(
          made,
          later.map((topic) => ({ topic, slot: 4 })),
        ),
        stored: null,
      })
      const [message] = (await bench.read('answered')).filter(({ key }) => key === made.id(4))
      const [partition, offset] = [message!.partition, Number(message!.offset)]
      await commit(made, groups, { part: 'sample', partition, offset, metadata: '' })
      const late = await audit(made, { stores: false })
      assert.deepEqual(named(late), [])
      assert.deepEqual([late.whole, late.counts.inFlight, late.counts.overdue], [false, 1, 1])

      const source = { topic: 'answered' as const, partition, offset }
      await bench.sender.send([made.letter(made.id(4), 'sample', source)])
      const letter = (await bench.read('dead-letters')).findLast(({ key }) => key === made.id(4))!
      const copy = made.at('answered', made.id(4), 4)
      const from = { 'magpie.redriven-from': `${letter.partition}/${letter.offset}`, 'magpie.redriven-to': 'sample' }
      await bench.sender.send([{ ...copy, headers: { ...copy.headers, ...from } }])
      const again = await audit(made, { stores: false })
      assert.deepEqual(named(again), [])
      assert.deepEqual([again.whole, again.counts.inFlight, again.counts.overdue], [true, 1, 0])
    })

    it('has in the making the slots that came to nothing yet', async () => {
      const made = invent()
      const log = made.messages.filter(({ key }) => key !== made.id(4))
      await settle(made, { log, stored: null, state: 'stopped' })
      const found = await audit(made, { stores: false })
      assert.deepEqual(named(found), [])
      assert.equal(found.stages[0]!.inFlight, 1)
    })

    it('has rows in flight until its sinks have finished their messages', async () => {
      const made = invent()
      await settle(made, { stored: made.messages.slice(0, 40), state: 'running' })
      const found = await audit(made)
      assert.deepEqual(named(found), [])
      const table = found.stores.find(({ store }) => store === 'table sft')!
      assert.ok(table.inFlight > 0 && table.rows + table.inFlight === table.expected)
      await commit(made, { ...groups, clickhouse: 'sft' })
      const later = await audit(made)
      assert.ok(named(later).length > 0 && named(later).every((fault) => fault.startsWith('missing table sft ')))
    })
  })
})
