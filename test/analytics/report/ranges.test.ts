// Counts by ranges of problem ids are those of the views, which group all problems at once.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { rangesOf, sumOver } from '../../../analytics/report/ranges.ts'
import type { Within } from '../../../analytics/report/ranges.ts'
import { curationOf } from '../../../analytics/report/rules.ts'
import { endsOf, funnelOf } from '../../../analytics/report/ways.ts'
import { createCodec } from '../../../schemas/codec.ts'
import { preferenceId } from '../../../schemas/ids.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import { createClickhouseSink } from '../../../sinks/clickhouse.ts'
import type { Database } from '../../../sinks/clickhouse/contract.ts'
import { openDatabase } from '../../../sinks/clickhouse/database.ts'
import {
  conversed,
  deadLetter,
  judged,
  message,
  preference,
  problem,
  rejection,
  rewarded,
  RUN,
  sft,
} from '../../support/rows.ts'

const PROBLEMS = 60
/** As many problems as make 1, 2 and 7 ranges. */
const COUNTS = [0, 100_000, 450_000]

describe('ranges of problem ids', () => {
  let folder = ''
  let database: Database
  const select = async <Row>(sql: string): Promise<Row[]> =>
    await database.rows<Row>(sql, { run: RUN, revision: 'main' })

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'magpie-ranges-'))
    database = await openDatabase({ url: '', stateDir: folder, role: 'owner', log: silentLogger })
    const codec = await createCodec()
    const slots = Array.from({ length: PROBLEMS }, (_, slot) => slot)
    const every = (step: number, from: number): number[] => slots.filter((slot) => slot % step === from)
    const costs = (slot: number) => ({
      sftDropped: { 'open-end': slot, 'switched-off': 1 },
      pairDropped: { margin: 2 },
    })
    const refused = { ...{ stage: 'curate', reason: 'no-agreement', topic: 'rewarded' } }
    await createClickhouseSink({ database, codec, log: silentLogger }).write([
      ...slots.map((slot) => message(codec, 'problems', 'Problem', problem(slot), slot)),
      ...every(2, 0).map((slot) => message(codec, 'rewarded', 'Rewarded', rewarded(slot, 2), slot)),
      ...every(10, 1).map((slot) => message(codec, 'rewarded', 'Rewarded', judged(slot), slot)),
      ...every(10, 3).map((slot) => message(codec, 'conversed', 'Conversed', conversed(slot), slot)),
      ...every(4, 0).map((slot) => message(codec, 'sft', 'SftRecord', sft(slot, costs(slot)), slot)),
      ...every(6, 0).flatMap((slot) =>
        [0, 1].map((index) => {
          const told = { id: preferenceId(problem(slot).id, index), sftRefusal: slot % 4 === 0 ? null : 'too-long' }
          return message(codec, 'preferences', 'PreferenceRecord', preference(slot, { ...told, ...costs(slot) }), slot)
        }),
      ),
      ...every(10, 5).map((slot) => message(codec, 'rejections', 'Rejection', rejection(slot), slot)),
      ...every(10, 7).map((slot) => {
        const rules = { sftRefusal: 'no-agreement', pairRefusal: slot % 3 === 0 ? 'switched-off' : 'margin' }
        const over = { ...refused, curation: { ...rules, ...costs(slot) } }
        return message(codec, 'rejections', 'Rejection', rejection(slot, over), slot)
      }),
      ...every(10, 9).map((slot) => deadLetter(slot)),
    ])
  })
  after(async () => {
    await database.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('hold every id once, whatever it looks like', async () => {
    const ids = ['', '0', 'zebra', 'é', ...Array.from({ length: PROBLEMS }, (_, slot) => problem(slot).id)]
    for (const count of [...COUNTS, 65_536 * 300]) {
      const held = rangesOf(count).map((within) => `(${within('id')})`)
      const [found] = await database.rows<{ ranges: number; once: number; ids: number }>(
        `SELECT ${held.length} AS ranges, countIf(${held.join(' + ')} = 1) AS once, count() AS ids
         FROM (SELECT arrayJoin({ids:Array(String)}) AS id)`,
        { ids },
      )
      assert.deepEqual([found?.once, found?.ids], [ids.length, ids.length], `${count} problems`)
      assert.equal(found?.ranges, Math.max(1, Math.ceil(count / 65_536)))
    }
  })

  it('add up the numbers of rows with the same texts', async () => {
    const rows = [
      [{ name: 'a', x: 1, y: 2 }],
      [],
      [
        { name: 'b', x: 1, y: 0 },
        { name: 'a', x: 3, y: 4 },
      ],
    ]
    const asked = rows.map((): Within => () => 'true')
    assert.deepEqual(await sumOver(asked, (within) => Promise.resolve(rows[asked.indexOf(within)]!)), [
      { name: 'a', x: 4, y: 6 },
      { name: 'b', x: 1, y: 0 },
    ])
  })

  it('count what the views count', async () => {
    const of = `WHERE run_id = {run:String} AND revision = 'main'`
    const funnel = await select(`SELECT step, problems FROM funnel ${of} ORDER BY position`)
    const [ends] = await select(
      `SELECT countIf(outcome = 'accepted') AS accepted, countIf(outcome = 'rejected') AS rejected,
         countIf(outcome = 'failed') AS deadLetters, (SELECT count() FROM problems ${of}) - count() AS open FROM outcomes ${of}`,
    )
    const [curated] = await select<{ problems: number }>(`SELECT count() AS problems FROM curated ${of}`)
    const rules = await select<{ data_set: string; rule: string; rows: number; responses: number }>(
      `SELECT data_set, rule, rows_lost AS rows, responses FROM rule_costs ${of} ORDER BY rows DESC, responses DESC, rule`,
    )
    assert.deepEqual([funnel.length, rules.length], [11, 4], 'every step and rule is there')
    for (const count of COUNTS) {
      const ranges = rangesOf(count)
      assert.deepEqual(await funnelOf(select, ranges), funnel)
      assert.deepEqual(await endsOf(select, ranges), ends)
      const { problems, ...counted } = await curationOf(select, ranges)
      assert.equal(problems, curated?.problems)
      for (const dataSet of ['sft', 'preference'] as const) {
        const wanted = rules.filter((rule) => rule.data_set === dataSet)
        assert.deepEqual(
          counted[dataSet],
          wanted.map(({ rule, rows, responses }) => ({ rule, rows, responses, share: rows / problems })),
        )
      }
    }
  })
})
