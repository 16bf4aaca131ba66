// magpie topics dump: a run off the log into a folder of Avro files.

import type { Command } from 'commander'
import { dumpRun } from '../pipeline/carry/dump.ts'
import { isDropped, readNewest } from '../pipeline/run-records.ts'
import { codecOf } from '../schemas/codec.ts'
import { UsageFault } from '../schemas/failure.ts'
import type { RunRecord } from '../schemas/records.ts'
import { readRegistry } from '../schemas/registry.ts'
import { harmless } from '../schemas/terminal-text.ts'
import { TOPIC_NAMES } from '../schemas/topics.ts'
import type { TopicName } from '../schemas/topics.ts'
import type { KafkaConnection } from '../stream/kafka.ts'
import { topicNames } from '../stream/topics-admin.ts'
import { withKafka } from './brokers.ts'
import { collect, stateOption } from './options.ts'
import { interruptible } from './interrupted.ts'
import { programVersion } from './version.ts'

interface DumpOptions {
  readonly state: string
  readonly run?: string
  readonly revision?: string
  readonly topic?: string[]
  readonly out: string
  readonly json?: true
}

export function addTopicsDump(topics: Command): void {
  topics
    .command('dump')
    .description('Writes a run off the log into a folder, to be loaded into another Kafka or read by any Avro reader.')
    .requiredOption('--out <folder>', 'a folder that is empty or not there yet')
    .option('--run <name>', 'the run (the newest when left out)')
    .option('--revision <name>', 'this revision alone (all when left out)')
    .option('--topic <name>', 'this topic alone; may be given again (all when left out)', collect)
    .option('--json', 'the manifest, on standard output')
    .addOption(stateOption())
    .addHelpText(
      'after',
      `
A run at work may be dumped: what is dumped is one moment of it. docs/topics.md says what the files hold.

Examples:
  ./magpie topics dump --run olympiad --out olympiad-log
  ./magpie topics dump --topic sft --topic preferences --out rows`,
    )
    .action(async (options: DumpOptions) => {
      await withKafka(options, (connection) => interruptible((signal) => dump(connection, options, signal)))
    })
}

async function dump(connection: KafkaConnection, options: DumpOptions, signal: AbortSignal): Promise<void> {
  const schemas = await readRegistry(process.env['SCHEMA_REGISTRY_URL'])
  const records = await recordsOf(connection, options, codecOf(schemas), signal)
  const topics = options.topic === undefined ? null : new Set(options.topic.map(topicNamed))
  const manifest = await dumpRun({
    ...{ connection, schemas, records, topics, folder: options.out, signal },
    ...{ version: programVersion(), now: Date.now() },
    onTopic(topic, count) {
      if (count > 0) process.stderr.write(`${topic.padEnd(24)} ${count}\n`)
    },
  })
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(manifest, null, 2)}\n`)
    return
  }
  const count = manifest.files.reduce((sum, { records: each }) => sum + each, 0)
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0)
  const revisions = manifest.revisions.length > 1 ? ` (revisions ${manifest.revisions.join(', ')})` : ''
  process.stdout.write(
    `${harmless(`${manifest.run}${revisions}`)}: ${count} records, ${(bytes / 1e6).toFixed(1)} MB in ${options.out}\n`,
  )
  if (manifest.isWhole) process.stdout.write(`load it elsewhere: ./magpie topics load ${options.out}\n`)
}

/** The newest state of each revision that is asked for. */
async function recordsOf(
  connection: KafkaConnection,
  { run, revision }: DumpOptions,
  codec: ReturnType<typeof codecOf>,
  signal: AbortSignal,
): Promise<RunRecord[]> {
  const isThere = (await topicNames(connection)).includes('runs')
  const newest = isThere ? await readNewest(connection, codec, signal) : []
  const all = newest.filter((each) => !isDropped(each)).toSorted((one, other) => other.createdAt - one.createdAt)
  const wanted = run ?? all[0]?.runId
  const found = all.filter(
    (record) => record.runId === wanted && (revision === undefined || record.revision === revision),
  )
  if (found.length > 0)
    return found.toSorted((one, other) => Number(other.revision === 'main') - Number(one.revision === 'main'))
  const names = [...new Set(all.map((record) => (run === record.runId ? record.revision : record.runId)))].slice(0, 10)
  throw new UsageFault(
    `${connection.brokers.join(',')} knows no run ${wanted ?? ''}${revision === undefined ? '' : ` of revision ${revision}`}; there is ${names.join(', ') || 'none'}`,
  )
}

function topicNamed(text: string): TopicName {
  const found = TOPIC_NAMES.find((name) => name === text)
  if (found !== undefined) return found
  throw new UsageFault(`--topic ${text}: there is no such topic; one of ${TOPIC_NAMES.join(', ')}`)
}
