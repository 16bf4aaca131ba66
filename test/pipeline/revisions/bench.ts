// What tests of revisions share: an invented run with a revision made from it, on a real Kafka, in an embedded
// ClickHouse and in files; and everything that the run has there, byte for byte.

import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Replay } from '../../../configs/replay.ts'
import { groupOf } from '../../../pipeline.ts'
import { untilAnswered } from '../../../pipeline/patience.ts'
import { planDrop } from '../../../pipeline/revisions/plan-drop.ts'
import type { DropLook, FoundDrop } from '../../../pipeline/revisions/plan-drop.ts'
import { publishStart } from '../../../pipeline/run-starts.ts'
import { TOPIC_NAMES } from '../../../schemas/topics.ts'
import type { Database } from '../../../sinks/clickhouse/contract.ts'
import { countRevisionRows } from '../../../sinks/clickhouse/revision-rows.ts'
import { moveGroupToBeginning } from '../../../stream/groups-admin.ts'
import { stamp } from '../../../stream/outgoing.ts'
import { readMessages } from '../../../stream/read-topic.ts'
import { ensureTopics, topicNames } from '../../../stream/topics-admin.ts'
import type { Bench } from '../../support/stream.ts'
import { fillStores, inventRun, onLog, sayRun } from '../../analytics/audit/invented-run.ts'
import type { InventedRun, RunSays } from '../../analytics/audit/invented-run.ts'

export const SIGNAL = new AbortController().signal

export const replayOf = (more: Partial<Replay> = {}): Replay => ({
  ...{
    of: 'main',
    from: 'sampled',
    stages: ['verify', 'judge', 'reward', 'converse', 'curate'],
    begin: {},
    end: null,
    selection: null,
    keep: [],
    into: null,
  },
  ...more,
})

export interface Made {
  readonly run: string
  readonly main: InventedRun
  readonly again: InventedRun
  readonly out: string
}

/** A run, and of it a revision of this name. letters: the revision has a dead letter. */
export async function makeRevision(
  bench: Bench,
  database: Database,
  folder: string,
  revision: string,
  {
    run = bench.name('twice'),
    says = {},
    letters = true,
  }: { run?: string; says?: Partial<RunSays>; letters?: boolean } = {},
): Promise<Made> {
  const out = join(folder, run)
  await ensureTopics(bench.connection, { revision: 'main' })
  await ensureTopics(bench.connection, { revision })
  const main = inventRun(bench.codec, run)
  const whole = inventRun(bench.codec, run, { revision, from: 'sampled' })
  const again = { ...whole, messages: whole.messages.filter(({ topic }) => letters || topic !== 'dead-letters') }
  for (const made of [main, again]) {
    await bench.sender.send(onLog(made, made.messages))
    const identity = { runId: run, revision: made.revision, config: '{}', configHash: 'x', version: '0' }
    const id = `${run}/${made.revision}/here-1-2`
    const start = { id, createdAt: 1, parts: ['produce', 'verify'], clickhouse: null }
    await publishStart(bench.sender, bench.codec, identity, start)
    await bench.sender.send([
      stamp(
        { topic: 'calls', key: `${run}/${made.revision}/verify/0/1/a`, partition: 3, value: Buffer.from('x') },
        identity,
      ),
    ])
    const [group, read] = [groupOf(run, made.revision, 'curate'), made.nameOf('conversed')]
    await untilAnswered(() => moveGroupToBeginning(bench.connection, group, [read]), SIGNAL)
  }
  await sayRun(bench.sender, bench.codec, run, { out })
  await sayRun(bench.sender, bench.codec, run, { out, revision, replay: replayOf(), ...says })
  for (const made of [main, again]) await fillStores(bench.codec, database, made, out)
  return { run, main, again, out }
}

/** Plans with everything that a drop may look at. */
export async function plan(
  bench: Bench,
  database: Database,
  of: { readonly run: string; readonly revision: string },
  more: Partial<DropLook> = {},
): Promise<FoundDrop> {
  return await planDrop({
    ...{ connection: bench.connection, codec: bench.codec, runId: of.run, revision: of.revision, signal: SIGNAL },
    ...{ leaveOrphans: false, now: Date.now(), isAlive: () => false },
    countRows: () => countRevisionRows(database, { runId: of.run, revision: of.revision }),
    ...more,
  })
}

/** Every message, row and file of a run's revision, as text. */
export async function everythingOf(
  bench: Bench,
  database: Database,
  { run, out }: Pick<Made, 'run' | 'out'>,
  revision: string,
): Promise<{ log: string[]; rows: string[]; files: string[] }> {
  const log: string[] = []
  for (const topic of await topicNames(bench.connection)) {
    if (!(TOPIC_NAMES as readonly string[]).includes(topic.split('.')[0]!)) continue
    const isOwnTopic = topic.includes('.') ? topic.endsWith(`.${revision}`) : true
    if (!isOwnTopic) continue
    for await (const { key, value, headers, partition, offset, timestamp } of readMessages(bench.connection, {
      topic,
      signal: SIGNAL,
    })) {
      const said = Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, String(text)]))
      if (said['magpie.run'] !== run || said['magpie.revision'] !== revision) continue
      log.push(
        JSON.stringify([
          topic,
          partition,
          offset,
          timestamp,
          key?.toString(),
          value === null ? null : hashOf(value),
          said,
        ]),
      )
    }
  }
  const rows: string[] = []
  for (const { table } of await countRevisionRows(database, { runId: run, revision }))
    rows.push(
      await database.query(
        `SELECT * FROM ${table} FINAL WHERE run_id = {run:String} AND revision = {revision:String} ORDER BY ALL`,
        { format: 'JSONEachRow', parameters: { run, revision } },
      ),
    )
  const files: string[] = []
  for (const path of (await readdir(out, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())) {
    const file = join(path.parentPath, path.name)
    if (file.includes(`/${revision}/`) || (revision === 'main' && !/Z\/[^/]+\/Magpie|Z\/[^/]+\/\./.test(file)))
      files.push(`${file}\n${await readFile(file, 'utf8')}`)
  }
  return { log: log.sort(), rows: rows.map(hashOf), files: files.map(hashOf).sort() }
}

const hashOf = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex')
