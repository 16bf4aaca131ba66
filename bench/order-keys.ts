// What the order of a table, and its partitions, do to the questions that are asked of it: rows that must be read, with
// what EXPLAIN says of them, time, and what it takes to drop a revision. Made-up responses with short texts in an
// embedded ClickHouse; 100,000,000 rows take 4 GB in the temporary folder, one form after the other.
// Run: node bench/order-keys.ts [ROWS] [PARTS OF ONE REVISION] [FORMS, as 'by problem;by id'];
// docs/decisions/0019-order-keys.md has the figures.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { silentLogger } from '../schemas/logger.ts'
import { openEmbedded } from '../sinks/clickhouse/embedded.ts'

const rows = Number(process.argv[2] ?? 10_000_000)
const inserts = Number(process.argv[3] ?? 4)
const RUNS = 10
const REVISIONS = ['main', 'strict']
const SAMPLES = 8
const MANY = 2000
/** Queries of the bench may not take the whole machine. */
const BOUNDS = 'SETTINGS max_memory_usage = 4000000000'
const problems = Math.ceil(rows / RUNS / REVISIONS.length / SAMPLES)

const FORMS = {
  'by problem': 'ORDER BY (run_id, revision, problem_id, id)',
  'by id': 'ORDER BY (run_id, revision, id)',
  'by problem, partitioned': 'PARTITION BY (run_id, revision) ORDER BY (run_id, revision, problem_id, id)',
} as const

const OF_RUN = "run_id = 'run4' AND revision = 'strict'"
/** The id in the middle of a run. */
const MIDDLE = "'80000000-0000-0000-0000-000000000000'"
const QUESTIONS: Readonly<Record<string, string>> = {
  'a problem': `SELECT * FROM {t} FINAL WHERE ${OF_RUN} AND problem_id = '{problem}'`,
  'an id': `SELECT * FROM {t} FINAL WHERE ${OF_RUN} AND id = '{problem}/sample/3'`,
  'the audit, a range of ids': `SELECT id FROM {t} FINAL WHERE ${OF_RUN} AND id >= '8' AND id < '81' ORDER BY id`,
  'the audit, a range of problems': `SELECT id FROM {t} FINAL WHERE ${OF_RUN} AND problem_id >= '8' AND problem_id < '81' ORDER BY id`,
  'a page of an export by id': `SELECT * FROM {t} FINAL WHERE ${OF_RUN} AND id > ${MIDDLE} ORDER BY id LIMIT 5000`,
  'a page of an export by problem and id': `SELECT * FROM {t} FINAL WHERE ${OF_RUN} AND (problem_id, id) > (${MIDDLE}, '') ORDER BY problem_id, id LIMIT 5000`,
  'a page of an export by id, from its problem on': `SELECT * FROM {t} FINAL WHERE ${OF_RUN} AND problem_id >= ${MIDDLE} AND id > ${MIDDLE} ORDER BY id LIMIT 5000`,
  'a page of an export within a range of problems': `SELECT * FROM {t} FINAL WHERE ${OF_RUN} AND problem_id >= ${MIDDLE} AND problem_id < '81' AND id > ${MIDDLE} ORDER BY id LIMIT 5000`,
  'a report of a revision': `SELECT count(), avg(length(text)) FROM {t} FINAL WHERE ${OF_RUN}`,
  'a revision as of a moment': `SELECT count() FROM (SELECT * FROM {t} WHERE created_at <= toDateTime('2026-01-01 06:00:00') ORDER BY version DESC LIMIT 1 BY run_id, revision, id) WHERE ${OF_RUN}`,
  'every run': 'SELECT run_id, revision, count() FROM {t} FINAL GROUP BY ALL',
}

/** What EXPLAIN says of the reading: the indexes, what they were asked, parts and granules that are read of how many. */
const SAYS = /^(?:ReadFromMergeTree|MinMax|Partition|PrimaryKey|Condition|Parts: \d+\/|Granules|Search Algorithm)/
const indexesOf = async (sql: string): Promise<string[]> => {
  const lines = await database.rows<{ explain: string }>(`EXPLAIN indexes = 1 ${sql}`)
  return lines.map(({ explain }) => explain.replace(/^[\s│├└─]+/, '')).filter((line) => SAYS.test(line))
}

const chosen = process.argv[4]?.split(';')
const forms = Object.entries(FORMS).filter(([form]) => chosen?.includes(form) ?? true)
const folder = await mkdtemp(join(tmpdir(), 'magpie-bench-'))
const database = (await openEmbedded(folder, silentLogger))!
const timed = async (work: () => Promise<unknown>): Promise<[milliseconds: number, cpu: number]> => {
  const [start, cpu] = [performance.now(), process.cpuUsage()]
  await work()
  const { user, system } = process.cpuUsage(cpu)
  return [Math.round(performance.now() - start), Math.round((user + system) / 1000)]
}
try {
  for (const [form, keys] of forms) {
    const table = form.replaceAll(/[, ]+/g, '_')
    await database.command(
      `CREATE TABLE ${table} (id String, run_id String, revision LowCardinality(String), problem_id String, text String CODEC(ZSTD(3)),
       verdict LowCardinality(String), created_at DateTime64(3, 'UTC'), version UInt64) ENGINE = ReplacingMergeTree(version) ${keys}`,
    )
    const filled = await timed(async () => {
      for (let run = 0; run < RUNS; run += 1)
        for (const revision of REVISIONS)
          for (let part = 0; part < inserts; part += 1)
            await database.command(
              `INSERT INTO ${table} SELECT concat(problem_id, '/sample/', toString(number % ${SAMPLES})), 'run${run}', '${revision}',
               toString(reinterpretAsUUID(MD5(concat('run${run}', toString(intDiv(number, ${SAMPLES})))))) AS problem_id,
               concat('answer ', toString(cityHash64(number, '${revision}'))), 'correct',
               toDateTime('2026-01-01 00:00:00') + number / ${Math.ceil((problems * SAMPLES) / 43_200)}, number
               FROM numbers(${Math.floor((part * problems) / inserts) * SAMPLES}, ${Math.ceil(problems / inserts) * SAMPLES})`,
            )
    })
    // The CPU time of merges would count as that of the questions.
    while ((await database.rows('SELECT 1 FROM system.merges LIMIT 1')).length > 0) await sleep(1000)
    const [size] = await database.rows<{ parts: number; bytes: number; rows: number }>(
      'SELECT count() AS parts, sum(bytes_on_disk) AS bytes, sum(rows) AS rows FROM system.parts WHERE active AND table = {table:String}',
      { table },
    )
    const [some] = await database.rows<{ problem: string }>(
      `SELECT any(problem_id) AS problem FROM ${table} WHERE ${OF_RUN}`,
    )
    const answers: Record<string, unknown> = {}
    for (const [question, text] of Object.entries(QUESTIONS)) {
      const sql = `${text.replaceAll('{t}', table).replaceAll('{problem}', some!.problem)} ${BOUNDS}`
      const estimate = await database.rows<{ parts: number; rows: number }>(`EXPLAIN ESTIMATE ${sql}`)
      await database.query(sql)
      const [ms, cpu] = await timed(() => database.query(sql))
      const read = estimate.reduce((sum, each) => sum + each.rows, 0)
      answers[question] = { read, ms, cpu, explain: await indexesOf(sql) }
    }
    const dropped = await timed(() =>
      database.command(
        keys.startsWith('PARTITION')
          ? `ALTER TABLE ${table} DROP PARTITION ('run4', 'strict')`
          : `DELETE FROM ${table} WHERE ${OF_RUN}`,
      ),
    )
    process.stdout.write(`${JSON.stringify({ form, filled, ...size, ...answers, dropped }, null, 1)}\n`)
    await database.command(`DROP TABLE ${table} SYNC`)
  }
  // What many revisions cost: all of them small, in one table.
  for (const keys of [FORMS['by problem'], FORMS['by problem, partitioned']]) {
    await database.command(
      `CREATE TABLE many (id String, run_id String, revision LowCardinality(String), problem_id String, version UInt64)
       ENGINE = ReplacingMergeTree(version) ${keys} SETTINGS max_parts_to_merge_at_once = 100`,
    )
    await database.command(
      `INSERT INTO many SELECT toString(number), concat('run', toString(number % ${MANY})), 'main', toString(number), 1
       FROM numbers(${MANY * 100}) SETTINGS max_partitions_per_insert_block = 0`,
    )
    const counted = await timed(() => database.query('SELECT run_id, count() FROM many FINAL GROUP BY run_id'))
    process.stdout.write(`${JSON.stringify({ many: MANY, keys, counted })}\n`)
    await database.command('DROP TABLE many SYNC')
  }
} finally {
  await database.close()
  await rm(folder, { recursive: true, force: true })
}
