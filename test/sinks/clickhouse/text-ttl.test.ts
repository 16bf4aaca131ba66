// Texts that expire: what goes and what stays, that the setting follows the config, and that nothing is taken for lost.

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { parse } from 'yaml'
import { configSchema } from '../../../configs/schema.ts'
import { createCodec } from '../../../schemas/codec.ts'
import type { Codec } from '../../../schemas/codec.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import { clickhouseConfig, createClickhouseSink } from '../../../sinks/clickhouse.ts'
import type { Database } from '../../../sinks/clickhouse/contract.ts'
import { openDatabase } from '../../../sinks/clickhouse/database.ts'
import { isWhole } from '../../../sinks/clickhouse/parts.ts'
import { expireTexts } from '../../../sinks/clickhouse/text-ttl.ts'
import { snippetsOf } from '../../support/doc-snippets.ts'
import { conversed, judged, message, problem, RUN } from '../../support/rows.ts'

const DAY = 24 * 60 * 60 * 1000
const TEXTS = {
  responses: 'text, reasoning, solution, judge_reason',
  follow_ups: 'question, answer, reasoning, question_text, answer_text',
} as const
const TABLES = Object.keys(TEXTS) as (keyof typeof TEXTS)[]

describe('texts of responses', () => {
  let codec: Codec
  let folder = ''
  let database: Database
  before(async () => {
    codec = await createCodec()
    folder = await mkdtemp(join(tmpdir(), 'magpie-ttl-'))
    database = await open(30)
  })
  beforeEach(async () => {
    await expireTexts(database, 30, silentLogger)
    for (const table of ['problems', ...TABLES]) await database.command(`TRUNCATE TABLE ${table}`)
  })
  after(async () => {
    await database.close()
    await rm(folder, { recursive: true, force: true })
  })

  const open = (textDays?: number | null): Promise<Database> =>
    openDatabase({ url: '', stateDir: folder, role: 'owner', log: silentLogger, textDays })
  const reopen = async (textDays?: number | null): Promise<void> => {
    await database.close()
    database = await open(textDays)
  }
  /** Two problems with all that models said: one made a year ago, one now. */
  const write = async (): Promise<void> => {
    const sink = createClickhouseSink({ database, codec, log: silentLogger })
    const now = Date.now()
    await sink.write(
      [now - 365 * DAY, now].flatMap((createdAt, slot) => [
        message(codec, 'problems', 'Problem', problem(slot, { createdAt }), slot),
        message(codec, 'judged', 'Judged', { ...judged(slot), createdAt }, slot),
        message(codec, 'conversed', 'Conversed', conversed(slot, { createdAt }), slot),
      ]),
    )
  }
  const merge = async (): Promise<void> => {
    for (const table of TABLES) await database.command(`OPTIMIZE TABLE ${table} FINAL`)
  }
  const rest = async () => {
    const rows: Record<string, unknown> = { problems: await database.rows('SELECT * FROM problems FINAL ORDER BY id') }
    for (const table of TABLES)
      rows[table] = await database.rows(`SELECT * EXCEPT (${TEXTS[table]}) FROM ${table} FINAL ORDER BY id`)
    return rows
  }
  /** Characters of texts by problem, oldest first. */
  const lengths = async (table: keyof typeof TEXTS): Promise<number[]> => {
    const sum = TEXTS[table]
      .split(', ')
      .map((column) => `length(ifNull(${column}, ''))`)
      .join(' + ')
    const rows = await database.rows<{ size: number }>(
      `SELECT sum(${sum}) AS size FROM ${table} FINAL WHERE run_id = '${RUN}' GROUP BY problem_id ORDER BY min(created_at)`,
    )
    return rows.map(({ size }) => size)
  }

  it('go when they are old, and everything else of their rows stays', async () => {
    await expireTexts(database, null, silentLogger)
    await write()
    const [before, sizes] = [await rest(), await Promise.all(TABLES.map(lengths))]
    for (const [old, young] of sizes) assert.ok(old! > 0 && young! > 0)
    await expireTexts(database, 30, silentLogger)
    await merge()
    assert.deepEqual(
      await Promise.all(TABLES.map(lengths)),
      sizes.map(([, young]) => [0, young]),
    )
    assert.deepEqual(await rest(), before)
  })

  it('leave parts that are whole, and rows that nobody owes', async () => {
    await write()
    await merge()
    const rows = await rest()
    await reopen(30)
    for (const { table, name } of await database.rows<{ table: string; name: string }>(
      'SELECT table, name FROM system.parts WHERE active AND database = currentDatabase()',
    ))
      assert.equal(await isWhole(database, table, name), true, `${table} ${name}`)
    assert.deepEqual(await database.rows('SELECT * FROM damages'), [])
    assert.deepEqual(await rest(), rows)
  })

  it('that come again, as in a refill, go again', async () => {
    await write()
    await merge()
    const rows = await rest()
    await write()
    await merge()
    assert.equal((await lengths('responses'))[0], 0)
    assert.deepEqual(Object.keys(await rest()), Object.keys(rows))
    assert.equal(((await rest())['responses'] as unknown[]).length, (rows['responses'] as unknown[]).length)
  })

  it('expire by the config that docs/clickhouse.md shows', async () => {
    const page = await readFile(join(import.meta.dirname, '../../../docs/clickhouse.md'), 'utf8')
    const [snippet = '', ...more] = snippetsOf(page)
    assert.deepEqual(more, [])
    const config = configSchema.parse({ name: 'a-run', ...(parse(snippet) as object) })
    assert.equal(config.sinks.clickhouse.ttl.texts, 90)
  })

  it('stay by default, and again once the time is taken out of the config', async () => {
    assert.equal(clickhouseConfig.parse({}).ttl.texts, null)
    await reopen(clickhouseConfig.parse({}).ttl.texts)
    await write()
    const sizes = await lengths('responses')
    await merge()
    assert.deepEqual(await lengths('responses'), sizes)
  })

  it('that lie in the table already go once a time is set; one who does not know the config changes nothing', async () => {
    await reopen(null)
    await write()
    await reopen(10)
    await reopen() // as `revisions drop` opens it
    const [old] = await lengths('responses')
    await merge()
    assert.notEqual(old, undefined)
    assert.equal((await lengths('responses'))[0], 0)
  })

  it('are asked for once: what is set already needs no statement, and a quicker process is no fault', async () => {
    const sent: string[] = []
    const told = (over: Partial<Database> = {}): Database => ({
      ...database,
      command: async (sql) => {
        sent.push(sql)
        await database.command(sql)
      },
      ...over,
    })
    await expireTexts(told(), 30, silentLogger)
    assert.deepEqual(sent, [])
    await expireTexts(told(), 31, silentLogger)
    assert.equal(sent.length, TABLES.length)
    const beaten = async (sql: string): Promise<void> => {
      await database.command(sql)
      await database.command(sql)
    }
    await expireTexts(told({ command: beaten }), null, silentLogger)
    await assert.rejects(
      expireTexts(told({ command: () => Promise.reject(new Error('no right')) }), 5, silentLogger),
      /no right/,
    )
  })

  it('leave a time that somebody has set on other columns or rows', async () => {
    await database.command(
      'ALTER TABLE responses MODIFY COLUMN final_answer TTL toDateTime(created_at) + toIntervalDay(7)',
    )
    await database.command('ALTER TABLE follow_ups MODIFY TTL toDateTime(created_at) + toIntervalYear(9)')
    await expireTexts(database, null, silentLogger)
    const [responses, followUps] = await Promise.all(
      TABLES.map((table) => database.query(`SHOW CREATE TABLE ${table}`, { format: 'TSVRaw' })),
    )
    assert.deepEqual(responses!.match(/TTL .*/g), ['TTL toDateTime(created_at) + toIntervalDay(7),'])
    assert.deepEqual(followUps!.match(/TTL .*/g), ['TTL toDateTime(created_at) + toIntervalYear(9)'])
  })
})
