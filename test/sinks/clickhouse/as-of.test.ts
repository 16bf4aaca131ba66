// The database as of a moment: what was there before the second half of a run is what is shown, by whatever door the
// question comes in, whatever ClickHouse has merged meanwhile.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createCodec } from '../../../schemas/codec.ts'
import type { Codec } from '../../../schemas/codec.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import { createClickhouseSink } from '../../../sinks/clickhouse.ts'
import { asItWas, TABLES_WITH_A_PAST, tableFilters } from '../../../sinks/clickhouse/as-of.ts'
import type { Database } from '../../../sinks/clickhouse/contract.ts'
import { openDatabase } from '../../../sinks/clickhouse/database.ts'
import type { Delivered } from '../../../stream/delivered.ts'
import {
  conversed,
  deadLetter,
  EPOCH,
  judged,
  message,
  preference,
  problem,
  rejection,
  rewarded,
  runRecord,
  runStart,
  sft,
} from '../../support/rows.ts'

/** The first half of the run is over by then; the second begins later. */
const NOON = EPOCH + 50_000
const LATER = 100_000

describe('the database as of a moment', () => {
  let folder = ''
  let codec: Codec
  let database: Database
  /** Through the owner's port, as another process asks. */
  let reader: Database
  const atNoon: Record<string, unknown[]> = {}
  let relations: string[] = []

  const dump = async (of: Database, relation: string): Promise<unknown[]> =>
    await of.rows(`SELECT ${SHOWN[relation] ?? '* EXCEPT inserted_at'} FROM ${relation} FINAL ORDER BY ALL`)

  const replay = async (revision: string, after: number): Promise<void> => {
    await createClickhouseSink({ database, codec, log: silentLogger, revision }).write(replayed(codec, revision, after))
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'magpie-as-of-'))
    codec = await createCodec()
    database = await openDatabase({ url: '', stateDir: folder, role: 'owner', log: silentLogger })
    reader = await openDatabase({ url: '', stateDir: folder, role: 'reader', log: silentLogger })
    const sink = createClickhouseSink({ database, codec, log: silentLogger })
    await sink.write(half(codec, 0))
    await replay('lax', 0)
    const found = await database.rows<{ name: string; engine: string }>(
      `SELECT name, engine FROM system.tables WHERE database = currentDatabase() AND name NOT IN ('schema_migrations', 'damages', 'refills', 'openings')`,
    )
    relations = found.map(({ name }) => name)
    for (const { name, engine } of found) if (engine === 'View') SHOWN[name] = '*'
    for (const relation of relations) atNoon[relation] = await dump(database, relation)
    await sink.write(half(codec, LATER))
    await sink.write(half(codec, 0))
    await replay('lax', 0)
    await replay('strict', LATER)
  })
  after(async () => {
    await reader.close()
    await database.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('has a filter for every table with rows of runs', async () => {
    const tables = await database.rows<{ name: string }>(
      `SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'
         AND create_table_query LIKE '%created_at%' ORDER BY name`,
    )
    assert.deepEqual(
      tables.map(({ name }) => name),
      TABLES_WITH_A_PAST.toSorted(),
    )
  })

  it('shows the first half in every table and view, merged or not', async () => {
    for (const when of ['as written', 'merged']) {
      for (const relation of relations) {
        assert.notDeepEqual(atNoon[relation], [], `${relation} is empty`)
        assert.deepEqual(await dump(asItWas(database, NOON), relation), atNoon[relation], `${relation} ${when}`)
      }
      for (const table of TABLES_WITH_A_PAST) await database.command(`OPTIMIZE TABLE ${table} FINAL`)
    }
  })

  it('shows the whole without a moment, and nothing before the beginning', async () => {
    const count = 'SELECT (SELECT count() FROM sft FINAL) AS sft, (SELECT count() FROM problems FINAL) AS problems'
    const ask = async (asOf?: number) => await asItWas(database, asOf).rows(count)
    assert.deepEqual(await ask(), [{ sft: 8, problems: 10 }])
    assert.deepEqual(await ask(NOON), [{ sft: 4, problems: 5 }])
    assert.deepEqual(await ask(EPOCH - 1), [{ sft: 0, problems: 0 }])
    assert.deepEqual(await ask(), [{ sft: 8, problems: 10 }], 'the moment has not stuck')
  })

  it('is the same to strangers, here and through the port of the owner', async () => {
    const count = 'SELECT count() AS c FROM sft'
    for (const door of [database, reader]) {
      const ask = async (asOf?: number) =>
        await door.rows(count, {}, { readOnly: true, ...(asOf === undefined ? {} : { asOf }) })
      assert.deepEqual(await ask(), [{ c: 8 }])
      assert.deepEqual(await ask(NOON), [{ c: 4 }])
      assert.deepEqual(await ask(), [{ c: 8 }])
    }
    const then = { asOf: NOON, readOnly: true } as const
    await assert.rejects(database.query('SELECT 1 SETTINGS additional_table_filters = {}', then), {
      code: 'clickhouse-164',
    })
    await assert.rejects(database.query('DROP TABLE sft', then), { code: 'sql-refused' })
    await assert.rejects(database.query('SELECT * FROM numbers(100000000)', then), { code: 'clickhouse-396' })
  })

  it('judges a row that was replaced since as it is today, merged or not', async () => {
    const sink = createClickhouseSink({ database, codec, log: silentLogger })
    const sampled = rewarded(7)
    const value = codec.encode('Sampled', { ...sampled, createdAt: EPOCH + 10_000 })
    // A record that failed before noon, and went its way after it.
    await sink.write([
      message(
        codec,
        'rejections',
        'Rejection',
        rejection(7, { topic: 'sampled', createdAt: EPOCH + LATER, record: value }),
        7,
      ),
      message(codec, 'rewarded', 'Rewarded', { ...sampled, createdAt: EPOCH + LATER }, 7),
    ])
    const ask = async () =>
      await database.rows(
        `SELECT count() AS c FROM responses FINAL WHERE problem_id = {id:String}`,
        { id: sampled.id },
        { asOf: NOON },
      )
    assert.deepEqual(await ask(), [{ c: 0 }])
    await database.command('OPTIMIZE TABLE responses FINAL')
    assert.deepEqual(await ask(), [{ c: 0 }])
  })

  it('answers many moments at once', async () => {
    const moments = Array.from({ length: 12 }, (_, at) => NOON + at)
    const counts = await Promise.all(
      moments.map(
        async (asOf) => await database.rows<{ c: number }>('SELECT count() AS c FROM sft FINAL', {}, { asOf }),
      ),
    )
    assert.deepEqual(
      counts,
      moments.map(() => [{ c: 4 }]),
    )
  })
})

describe('the filters of a moment', () => {
  it('name the tables of the database, however it is called', () => {
    assert.match(tableFilters(5, "it's"), /'it\\'s\.sft': 'created_at <= fromUnixTimestamp64Milli\(toInt64\(5\)\)'/)
  })

  it('take whole milliseconds alone', () => {
    for (const asOf of [0.5, Number.NaN, Number.POSITIVE_INFINITY])
      assert.throws(() => tableFilters(asOf, 'a'), RangeError)
  })
})

/** What is compared, where it is not the whole row: a run's row tells its newest state. */
const SHOWN: Record<string, string> = { runs: 'id, run_id, revision, started_at' }

/** A half of a run: two problems to the end, one refused, all `after` milliseconds later than in test/support/rows.ts. */
function half(codec: Codec, after: number): Delivered[] {
  const first = after
  const messages: Delivered[] = [
    message(codec, 'runs', 'RunRecord', runRecord('running', after), after),
    message(codec, 'starts', 'RunStart', runStart(after), after),
  ]
  for (const slot of [first, first + 1]) {
    messages.push(
      message(codec, 'problems', 'Problem', problem(slot), slot),
      message(codec, 'screened', 'Screened', { ...rewarded(slot), createdAt: EPOCH + after + 100 }, slot),
      message(codec, 'rewarded', 'Rewarded', rewarded(slot), slot),
      message(
        codec,
        'conversed',
        'Conversed',
        conversed(slot, { ...judged(slot), createdAt: EPOCH + after + 15_000 }),
        slot,
      ),
      message(codec, 'sft', 'SftRecord', sft(slot), slot),
      message(codec, 'preferences', 'PreferenceRecord', preference(slot), slot),
    )
  }
  messages.push(
    message(codec, 'problems', 'Problem', problem(first + 2), first + 2),
    message(codec, 'rejections', 'Rejection', rejection(first + 2), first + 2),
    deadLetter(first + 2, EPOCH + after),
  )
  return messages
}

/** The first half once more, in another revision, `after` the second half began or before. */
function replayed(codec: Codec, revision: string, after: number): Delivered[] {
  return [0, 1].flatMap((slot) => {
    const over = { revision, createdAt: EPOCH + after + 30_000 + slot }
    return [
      message(codec, `rewarded.${revision}`, 'Rewarded', rewarded(slot, 8, over), slot),
      message(codec, `sft.${revision}`, 'SftRecord', sft(slot, over), slot),
    ]
  })
}
