// What a replay adds to the rows of the revision that it read: scores and labels are gained and nothing is lost,
// whatever comes in whatever order; and what a revision took over it has not paid.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { paidBy } from '../../../schemas/past.ts'
import { type Codec, createCodec } from '../../../schemas/codec.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import type { Conversed, Rewarded, RewardScore, Tags } from '../../../schemas/records.ts'
import { createClickhouseSink } from '../../../sinks/clickhouse.ts'
import type { Addition } from '../../../sinks/clickhouse/additions.ts'
import type { Database } from '../../../sinks/clickhouse/contract.ts'
import type { Delivered } from '../../../stream/delivered.ts'
import { DATABASE_KINDS, openTestDatabase } from '../../support/clickhouse-databases.ts'
import type { DatabaseKind } from '../../support/clickhouse-databases.ts'
import { conversed, EPOCH, message, rejection, rewarded } from '../../support/rows.ts'

const rowsThatGain = (kind: DatabaseKind) => (): void => {
  let folder = ''
  let database: Database
  let codec: Codec

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'magpie-additions-'))
    database = await openTestDatabase(kind, folder)
    codec = await createCodec()
  })
  after(async () => {
    await database.close()
    await rm(folder, { recursive: true, force: true })
  })
  beforeEach(async () => {
    for (const table of ['problems', 'responses', 'follow_ups', 'rejections'])
      await database.command(`TRUNCATE TABLE ${table}`)
  })

  const write = async (batch: Delivered[], revision?: string, addition?: Addition): Promise<void> => {
    const sink = createClickhouseSink({
      ...{ database, codec, log: silentLogger, addition },
      ...(revision === undefined ? {} : { revision }),
    })
    await sink.write(batch)
  }
  const main = (record: Conversed, offset = 0): Promise<void> =>
    write([message(codec, 'conversed', 'Conversed', record, offset)])

  /** The record as a replay has read it from main, with what a stage of its own gave it. */
  const grown = (record: Conversed, change: (own: Conversed) => Partial<Conversed>): Conversed => {
    const own = paidBy(record, 'main')
    return { ...own, ...change(own), createdAt: EPOCH + 99_000 }
  }
  const withScore = (record: Conversed, name: string, value: number | null): Conversed =>
    grown(record, (own) => ({
      rewards: [
        ...own.rewards.filter((score) => score.name !== name),
        ...own.verification.verdicts.map(({ responseId }): RewardScore => ({
          ...{ responseId, name, value, version: `${name}@1`, steps: [], model: 'a-model', tokens: 50 },
          ...{ error: value === null ? 'refused' : null, detail: null, keptFrom: null },
          ...{ endpoint: 'http://127.0.0.1:1', milliseconds: 1000, attempts: 1, usd: 0.5 },
        })),
      ],
    }))
  const add = (revision: string, record: Conversed, offset = 0): Promise<void> =>
    write([message(codec, `conversed.${revision}`, 'Conversed', record, offset)], revision, {
      into: 'main',
      stage: 'reward',
    })

  const responses = (): Promise<Record<string, unknown>[]> =>
    database.rows(
      'SELECT * EXCEPT (inserted_at, version, topic, partition, offset, config_hash) FROM responses FINAL ORDER BY id',
    )
  const problems = (): Promise<Record<string, unknown>[]> =>
    database.rows(
      'SELECT * EXCEPT (inserted_at, version, topic, partition, offset, config_hash) FROM problems FINAL ORDER BY id',
    )
  const without = (rows: readonly Record<string, unknown>[], name: string): unknown[] =>
    rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([column, value]) => {
          if (!/^rewards|^reward_/.test(column)) return [column, column === 'kept_from' ? null : value]
          return [column, Object.fromEntries(Object.entries(value as object).filter(([key]) => key !== name))]
        }),
      ),
    )

  it('have the new score beside the old ones, and all else as it was', async () => {
    await main(conversed(1))
    const [before, problem] = [await responses(), await problems()]
    await add('second', withScore(conversed(1), 'second', 0.25))
    const after = await responses()
    assert.equal(after.length, 9)
    for (const row of after) {
      assert.equal((row['rewards'] as Record<string, number>)['second'], 0.25)
      assert.equal((row['reward_versions'] as Record<string, string>)['second'], 'second@1')
    }
    assert.deepEqual(without(after, 'second'), before)
    assert.deepEqual(await problems(), problem)
    assert.equal((await database.rows('SELECT id FROM follow_ups FINAL')).length, 2)
    assert.deepEqual(await database.rows("SELECT count() AS rows FROM responses WHERE revision != 'main'"), [
      { rows: 0 },
    ])
  })

  it('keep one addition when another comes, in either order, and when one comes again', async () => {
    const [one, two] = [withScore(conversed(1), 'one', 1), withScore(conversed(1), 'two', null)]
    for (const order of [
      ['one', 'two'],
      ['two', 'one'],
      ['one', 'two', 'one', 'two', 'two'],
    ] as const) {
      await database.command('TRUNCATE TABLE responses')
      await main(conversed(1))
      for (const name of order) await add(name, name === 'one' ? one : two)
      for (const row of await responses()) {
        const { one: value, ...others } = row['rewards'] as Record<string, number>
        assert.equal(value, 1)
        assert.ok(!('two' in others) && 'agreement' in others)
        assert.equal((row['reward_errors'] as Record<string, string>)['two'], 'refused')
      }
    }
  })

  it('are not replaced by what the revision writes later, and take the value that is given last', async () => {
    await add('one', withScore(conversed(1), 'one', null))
    await main(conversed(1))
    await main({ ...conversed(1), createdAt: EPOCH + 500_000 }, 5)
    await add('one', withScore(conversed(1), 'one', 3), 1)
    await main(conversed(1), 2 ** 40)
    for (const row of await responses()) {
      assert.equal((row['rewards'] as Record<string, number>)['one'], 3)
      assert.equal((row['reward_errors'] as Record<string, string>)['one'], undefined)
    }
  })

  it('of problems gain the labels', async () => {
    const tags: Tags = { ...rewarded(1).tags!, difficulty: 'very hard', version: 'tag@2' }
    const record = { ...conversed(1), tags: null }
    await main(record)
    const [before] = await problems()
    assert.equal(before!['difficulty'], null)
    const rows = await responses()
    const labelled = grown(record, () => ({ tags }))
    await write([message(codec, 'conversed.tags', 'Conversed', labelled, 3)], 'tags', { into: 'main', stage: 'tag' })
    await main(record, 9)
    const [after] = await problems()
    assert.equal(after!['difficulty'], 'very hard')
    assert.deepEqual([after!['pass_rate'], after!['turns'], after!['created_at']], [0.75, 2, before!['created_at']])
    assert.deepEqual(await responses(), rows)
  })

  it('are there as of an earlier time, in a replay too', async () => {
    const record = { ...conversed(1), revision: 'strict', tags: null }
    const reachedAt = record.createdAt
    await write([message(codec, 'conversed.strict', 'Conversed', record, 0)], 'strict')
    const then = (): Promise<unknown[]> =>
      database.rows('SELECT id, reached_at FROM problems FINAL', {}, { asOf: reachedAt })
    const before = await then()
    assert.equal(before.length, 1)
    const labelled = { ...grown(record, () => ({ tags: rewarded(1).tags! })), createdAt: reachedAt + 60_000 }
    const addition = { into: 'strict', stage: 'tag' } as const
    await write([message(codec, 'conversed.tags', 'Conversed', labelled, 0)], 'tags', addition)
    assert.equal((await problems())[0]!['tag_version'], rewarded(1).tags!.version)
    assert.deepEqual(await then(), before)
  })

  it('are left alone by what the replay refuses', async () => {
    await main(conversed(1))
    const [before, problem] = [await responses(), await problems()]
    const refused = rejection(1, {
      revision: 'tags',
      topic: 'conversed',
      record: codec.encode('Conversed', conversed(1)),
    })
    const addition = { into: 'main', stage: 'tag' } as const
    await write([message(codec, 'rejections.tags', 'Rejection', refused, 0)], 'tags', addition)
    assert.deepEqual([await responses(), await problems()], [before, problem])
    assert.deepEqual(await database.rows('SELECT revision FROM rejections FINAL'), [{ revision: 'tags' }])
  })

  it('cost the revision that asked: what it took over does not count, what was added counts with the rows', async () => {
    const cost = (): Promise<Record<string, unknown>[]> =>
      database.rows('SELECT revision, role, calls, prompt_tokens, usd FROM cost ORDER BY revision, role')
    await main(conversed(1))
    const before = await cost()
    const replayed: Rewarded = withScore(conversed(1), 'second', 1)
    await write([message(codec, 'rewarded.strict', 'Rewarded', replayed, 0)], 'strict')
    const second = { role: 'reward:second', calls: 9, prompt_tokens: 450, usd: 4.5 }
    assert.deepEqual(await cost(), [...before, { revision: 'strict', ...second }])
    await add('more', withScore(conversed(1), 'second', 1))
    const main2 = (await cost()).filter(({ revision }) => revision === 'main')
    assert.deepEqual(
      main2,
      [...before, { revision: 'main', ...second }].sort((a, b) => (String(a['role']) < String(b['role']) ? -1 : 1)),
    )
    const whose = await database.rows(
      "SELECT DISTINCT kept_from, reward_kept_from FROM responses FINAL WHERE revision = 'strict'",
    )
    assert.deepEqual(whose, [{ kept_from: 'main', reward_kept_from: { agreement: 'main', rm: 'main' } }])
    const [turns] = await database.rows<Record<string, unknown>>(
      "SELECT question_calls, question_kept, answer_calls, answer_kept FROM follow_ups FINAL WHERE turn = 2 AND revision = 'main'",
    )
    assert.deepEqual(turns, { question_calls: 2, question_kept: 0, answer_calls: 1, answer_kept: 0 })
  })
}

for (const kind of DATABASE_KINDS) describe(`rows that gain something, ${kind}`, rowsThatGain(kind))
