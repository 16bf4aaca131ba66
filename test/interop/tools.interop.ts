// Every tool of examples/ over one small run: topics by kcat, a Python consumer and ClickHouse's Kafka engine, through the
// registry of the dashboard; exports of all formats by pandas, json, fastavro and `datasets`, row by row equal to the tables;
// TRL's trainers on the files.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { Session } from 'chdb'
import { FORMATS } from '../../analytics/export/contract.ts'
import { openWorkshop, query, root, runName, simulatedConfig, sorted } from '../support/end-to-end.ts'
import type { Workshop } from '../support/end-to-end.ts'
import { startOwnKafka } from '../support/kafka.ts'
import type { Tools } from './install.ts'

const { python, trainer, kcat } = JSON.parse(process.env.MAGPIE_INTEROP ?? '{}') as Tools
const examples = join(root, 'examples')
const RUN = runName('interop')
const TOTAL = 60

/** Why a test is skipped; false: all its tools are here. */
function without(...tools: readonly Tools[keyof Tools][]): string | false {
  const missing = tools.find((tool) => typeof tool !== 'string')
  return missing === undefined ? false : missing.missing
}

const path = (tool: Tools[keyof Tools]): string => {
  assert.ok(typeof tool === 'string')
  return tool
}

interface Pair {
  readonly id: string
  readonly runId: string
  readonly instruction: string
  readonly response: string
}

describe('other tools', () => {
  let workshop: Workshop
  let registry = ''
  /** Rows of the table sft, as the records call them. */
  let rows: Pair[] = []

  before(async () => {
    workshop = await openWorkshop(await startOwnKafka())
    const simulator = workshop.magpie(['simulate', '--port', '0'])
    const [url] = await simulator.says(/http:\/\/[\d.:]+/)
    const reward = (name: string, kind: string, model: string): string =>
      `{name: ${name}, kind: ${kind}, model: ${model}, endpoints: [{url: "${url}"}]}`
    const rewards = [reward('rm', 'token-rm', 'Qwen/Qwen2.5-Math-RM-72B'), reward('prm', 'process-rm', 'prm-model')]
    const words = ['run', '-c', simulatedConfig, '--run', RUN, '--total', String(TOTAL), '--endpoint', url]
    const { code } = await workshop.magpie([...words, '--set', `stages.reward.rewards=[${rewards.join(', ')}]`]).ended
    assert.equal(code, 0)
    const dashboard = workshop.magpie(['dashboard', '--port', '0'])
    registry = (await dashboard.says(/http:\/\/[\d.:]+/))[0]
    rows = await query<Pair>(workshop, `SELECT id, run_id AS runId, instruction, response FROM sft FINAL ORDER BY id`)
    assert.ok(rows.length > 10)
  })
  after(async () => {
    await workshop.close()
  })

  /** What a program prints; fails where it does not end with 0. */
  async function printed(command: string, words: readonly string[]): Promise<string> {
    const cache = join(workshop.folder, 'datasets-cache')
    const environment = { PYTHON: path(python), HF_HUB_OFFLINE: '1', HF_DATASETS_CACHE: cache }
    const { code, out, error } = await workshop.start(command, words, environment).ended
    assert.equal(code, 0, `${command} ${words.join(' ')}:\n${out}\n${error}`)
    return out
  }

  function assertSftRecords(lines: string): void {
    const records = lines
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Pair)
      .map(({ id, runId, instruction, response }) => ({ id, runId, instruction, response }))
    assert.deepEqual(
      records.toSorted((one, other) => (one.id < other.id ? -1 : 1)),
      rows,
    )
  }

  it('kcat reads a topic', { skip: without(kcat, python) }, async () => {
    assertSftRecords(await printed(join(examples, 'kcat', 'read-topic.sh'), [workshop.brokers, 'sft', registry]))
  })

  it('a Python consumer reads a topic', { skip: without(python) }, async () => {
    const consumer = join(examples, 'python', 'consume.py')
    assertSftRecords(await printed(path(python), [consumer, workshop.brokers, 'sft', registry]))
    // The largest records, of the most nested schema.
    const verified = await printed(path(python), [consumer, workshop.brokers, 'rewarded', registry])
    assert.equal(verified.trimEnd().split('\n').length > rows.length, true)
  })

  it('ClickHouse reads a topic by its Kafka engine', async () => {
    const sql = await readFile(join(examples, 'clickhouse', 'kafka-engine.sql'), 'utf8')
    const filled = sql.replaceAll('{BROKERS}', workshop.brokers).replaceAll('{REGISTRY}', registry)
    // The binding is CommonJS; the connection of sinks/clickhouse/ is for the pipeline's own tables.
    const chdb = createRequire(import.meta.url)('chdb') as { Session: new (folder: string) => Session }
    const session = new chdb.Session(join(workshop.folder, 'other-clickhouse'))
    try {
      for (const statement of filled.split(';').filter((each) => each.trim() !== '')) session.query(statement)
      const select = 'SELECT id, runId, instruction, response FROM magpie_topics.sft FINAL ORDER BY id'
      let read = ''
      for (let tries = 0; tries < 240; tries += 1) {
        read = session.query(select, 'JSONEachRow')
        if (read.split('\n').length > rows.length) break
        await wait(250)
      }
      assertSftRecords(read)
    } finally {
      session.query('DROP DATABASE magpie_topics SYNC')
      session.cleanup()
    }
  })

  it('every reader gets the rows of the tables from every format', { skip: without(python) }, async () => {
    const expected = join(workshop.folder, 'expected.json')
    await writeFile(expected, JSON.stringify(await expectedRows()))
    const folders: string[] = []
    const exported = async (format: string, type?: string): Promise<void> => {
      const out = join(workshop.folder, `export-${format}-${type ?? 'default'}`)
      const words = ['export', '--format', format, '--out', out, '--split', '0.2']
      const { code, error } = await workshop.magpie([...words, ...(type === undefined ? [] : ['--type', type])]).ended
      assert.equal(code, 0, error)
      folders.push(out)
    }
    for (const format of FORMATS) await exported(format)
    for (const format of ['magpie', 'jsonl', 'parquet', 'avro']) await exported(format, 'preference')
    const said = await printed(path(python), [join(import.meta.dirname, 'equal.py'), expected, ...folders])
    console.log(said.trimEnd())
    // Two readers a format: json and pandas, or pandas and datasets, or fastavro alone.
    assert.ok(sorted(said.match(/ 0 differ$/gm) ?? []).length >= 2 * folders.length)
  })

  /** Texts of the tables by id, of each type of export. */
  async function expectedRows(): Promise<Record<string, Record<string, object>>> {
    const byId = async (sql: string): Promise<Record<string, object>> =>
      Object.fromEntries((await query<{ id: string }>(workshop, sql)).map(({ id, ...texts }) => [id, texts]))
    return {
      sft: await byId('SELECT id, instruction, reasoning, response, final_answer FROM sft FINAL'),
      preference: await byId('SELECT id, instruction, chosen, rejected FROM preferences FINAL'),
      steps: await byId(
        `SELECT r.id AS id, p.instruction AS instruction, r.solution AS response FROM responses AS r FINAL
         INNER JOIN problems AS p FINAL ON p.id = r.problem_id WHERE mapContains(r.reward_steps, 'prm')`,
      ),
    }
  }

  const formats = { sft: 'messages', dpo: 'dpo', kto: 'kto', prm: 'prm' } as const
  for (const [method, format] of Object.entries(formats)) {
    it(`a trainer takes ${format} (${method})`, { skip: without(trainer) }, async () => {
      const folder = join(workshop.folder, `export-${format}-default`)
      const few = ['--steps', '8', '--rows', '8', '--tokens', '160']
      console.log((await printed(path(trainer), [join(examples, 'trl', 'train.py'), method, folder, ...few])).trim())
    })
  }
})
