// magpie topics: what lies on the log, and how far each stage of each run is behind.

import Table from 'cli-table3'
import type { Command } from 'commander'
import { standingOf } from '../pipeline/run-overview.ts'
import type { Standing } from '../pipeline/run-overview.ts'
import { readRunRecords } from '../pipeline/run-records.ts'
import { createCodec } from '../schemas/codec.ts'
import type { RunRecord } from '../schemas/records.ts'
import { harmless } from '../schemas/terminal-text.ts'
import { processIsAlive } from '../stream/process-alive.ts'
import { groupNames, groupPosition } from '../stream/groups-admin.ts'
import type { KafkaConnection } from '../stream/kafka.ts'
import { topicContent, topicNames } from '../stream/topics-admin.ts'
import { withKafka } from './brokers.ts'
import { stateOption } from './options.ts'
import { PLAIN } from './table-style.ts'
import { addTopicsDump } from './topics-dump.ts'
import { addTopicsLoad } from './topics-load.ts'

interface TopicRow {
  readonly topic: string
  readonly partitions: number
  readonly records: number
  /** ISO times of the first and last record. */
  readonly first: string | null
  readonly last: string | null
}

interface GroupRow {
  readonly run: string
  readonly revision: string
  readonly stage: string
  /** How the run stands; null where the topic of runs does not say. */
  readonly state: Standing | null
  /** Records that it has not finished, those of other runs in the same topics included; 0 for a run that has ended. */
  readonly lag: number
}

export function addTopics(program: Command): void {
  const topics = program.command('topics').enablePositionalOptions()
  addTopicsDump(topics)
  addTopicsLoad(topics)
  topics
    .description('topics, their records, and the lag of each stage')
    .option('--json', 'as JSON')
    .addOption(stateOption())
    .addHelpText('after', '\nExample:\n  ./magpie topics --json')
    .action(async (options: { state: string; json?: true }) => {
      await withKafka(options, async (connection) => {
        const found = await topicRows(connection)
        const stages = await groupRows(connection, found)
        const text =
          options.json === true
            ? JSON.stringify({ topics: found, stages })
            : `${topicTable(found)}\n\n${groupTable(stages)}`
        process.stdout.write(`${text}\n`)
      })
    })
}

async function topicRows(connection: KafkaConnection): Promise<TopicRow[]> {
  const iso = (time: number | null) => (time === null ? null : new Date(time).toISOString())
  const names = await topicNames(connection)
  const rows: TopicRow[] = []
  for (const name of names) {
    const { topic, partitions, records, firstAt, lastAt } = await topicContent(
      connection,
      name,
      new AbortController().signal,
    )
    rows.push({ topic, partitions: partitions.length, records, first: iso(firstAt), last: iso(lastAt) })
  }
  return rows
}

/** Groups are named magpie.RUN.REVISION.STAGE; run names may hold dots, revisions and stages may not. */
const GROUP = /^magpie\.(?<run>.+)\.(?<revision>[^.]+)\.(?<stage>[^.]+)$/

async function groupRows(connection: KafkaConnection, topics: readonly TopicRow[]): Promise<GroupRow[]> {
  const rows: GroupRow[] = []
  const states = new Map<string, Map<string, RunRecord>>()
  const codec = await createCodec({ registryUrl: process.env['SCHEMA_REGISTRY_URL'] })
  for (const group of await groupNames(connection)) {
    const { run, revision, stage } = GROUP.exec(group)?.groups ?? {}
    if (run === undefined || revision === undefined || stage === undefined) continue
    const positions = await groupPosition(
      connection,
      group,
      topics.map(({ topic }) => topic),
    )
    const lag = positions.filter(({ committed }) => committed !== null).reduce((sum, each) => sum + each.lag, 0)
    if (!states.has(revision)) {
      const { signal } = new AbortController()
      const known = topics.some(({ topic }) => topic === 'runs')
      states.set(
        revision,
        known ? await readRunRecords(connection, codec, revision, signal) : new Map<string, RunRecord>(),
      )
    }
    const record = states.get(revision)?.get(run)
    const state = record === undefined ? null : standingOf(record, Date.now(), processIsAlive)
    rows.push({ run, revision, stage, state, lag: state === 'finished' ? 0 : lag })
  }
  return rows
}

function topicTable(rows: readonly TopicRow[]): string {
  const table = new Table({ ...PLAIN, colAligns: ['left', 'right', 'right'] })
  table.push(['topic', 'partitions', 'records', 'first', 'last'])
  for (const { topic, partitions, records, first, last } of rows)
    table.push([topic, partitions, records, first ?? '', last ?? ''])
  return table.toString()
}

function groupTable(rows: readonly GroupRow[]): string {
  const table = new Table({ ...PLAIN, colAligns: ['left', 'left', 'left', 'left', 'right'] })
  table.push(['run', 'revision', 'stage', 'state', 'lag'])
  for (const { run, revision, stage, state, lag } of rows)
    table.push([harmless(run), harmless(revision), harmless(stage), state ?? '', lag])
  return table.toString()
}
