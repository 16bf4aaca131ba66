// magpie topics apply: keeps existing topics as the config says. What would take records away is told, and done only on
// a word.

import type { Command } from 'commander'
import { loadConfig } from '../configs/load.ts'
import { lossesOf } from '../pipeline/topic-losses.ts'
import type { TopicLoss } from '../pipeline/topic-losses.ts'
import { createCodec } from '../schemas/codec.ts'
import { UsageFault } from '../schemas/failure.ts'
import { harmless } from '../schemas/terminal-text.ts'
import { topicNamed } from '../schemas/topics.ts'
import { applyChanges, topicChanges } from '../stream/apply-topics.ts'
import type { TopicChange } from '../stream/apply-topics.ts'
import type { KafkaConnection } from '../stream/kafka.ts'
import { processIsAlive } from '../stream/process-alive.ts'
import { partitionCounts } from '../stream/topics-admin.ts'
import type { KafkaConfig } from '../stream/config.ts'
import { connectTelling, runningKafka } from './brokers.ts'
import { interruptible } from './interrupted.ts'
import { stateFolder, stateOption } from './options.ts'

interface ApplyOptions {
  readonly state: string
  readonly config: string
  readonly dryRun?: true
  readonly yes?: true
  readonly json?: true
}

export function addTopicsApply(topics: Command): void {
  topics
    .command('apply')
    .description('Keeps existing topics, of all revisions, as kafka.topics of the config says.')
    .requiredOption('-c, --config <file>', 'the config')
    .option('--dry-run', 'show what would be changed, and change nothing')
    .option('--yes', 'also where records that lie there are lost by it')
    .option('--json', 'as JSON')
    .addOption(stateOption())
    .addHelpText(
      'after',
      `
A change that takes records away wants --yes. A dry run says what it would take, and ends with exit code 0.

Example:
  ./magpie topics apply -c run.yaml --dry-run`,
    )
    .action(async (options: ApplyOptions) => {
      const work = { producer: 'none', stages: [] } as const
      const { config } = await loadConfig({ file: options.config, environment: process.env, work })
      const address = await runningKafka(stateFolder(options), config.kafka)
      const connection = connectTelling(address)
      try {
        await interruptible((signal) => apply(connection, config.kafka.topics, options, signal))
      } finally {
        await connection.close()
      }
    })
}

async function apply(
  connection: KafkaConnection,
  wanted: KafkaConfig['topics'],
  options: ApplyOptions,
  signal: AbortSignal,
): Promise<void> {
  const changes = await topicChanges(connection, wanted)
  const codec = await createCodec({ registryUrl: process.env['SCHEMA_REGISTRY_URL'] })
  const look = { connection, codec, now: Date.now(), isAlive: processIsAlive, signal }
  const losses = await lossesOf(look, changes)
  const isRefused = losses.length > 0 && options.yes !== true
  const isApplied = options.dryRun !== true && !isRefused && changes.length > 0
  if (isApplied) await applyChanges(connection, changes)
  if (options.json === true) process.stdout.write(`${JSON.stringify({ changes, losses, applied: isApplied })}\n`)
  else {
    for (const { topic, setting, has, wants } of changes)
      process.stdout.write(`${harmless(topic)}: ${setting} ${has} -> ${wants}\n`)
    for (const line of await narrower(connection, wanted)) process.stdout.write(`${line}\n`)
    process.stdout.write(`${summary(changes, isApplied)}\n`)
  }
  if (isRefused && options.dryRun !== true)
    throw new UsageFault(losses.map((loss) => `${lossText(loss)}: nothing was changed; give --yes to lose them`))
  const needs = isRefused ? ': it would need --yes' : ''
  if (options.json !== true) for (const loss of losses) process.stdout.write(`${lossText(loss)}${needs}\n`)
}

function summary(changes: readonly TopicChange[], isApplied: boolean): string {
  if (changes.length === 0) return 'all topics are kept as the config says'
  const topics = new Set(changes.map(({ topic }) => topic)).size
  return `${topics} topic${topics === 1 ? '' : 's'} ${isApplied ? 'changed' : 'would be changed'}`
}

/** A loss in words. */
export function lossText({ topic, setting, records, unread }: TopicLoss): string {
  const what =
    records === null
      ? `${topic}: ${setting} may take any of its records`
      : `${topic}: ${setting} takes ${records} records`
  if (unread.length === 0) return `${what}; runs that made them can then be neither replayed nor audited`
  const readers = unread.map((each) => {
    const revision = each.revision === 'main' ? '' : ` (${harmless(each.revision)})`
    return `${harmless(each.part)} of run ${harmless(each.run)}${revision} has not read ${each.records} of them`
  })
  return `${what}, and ${readers.join(', ')}`
}

/** Topics that have another number of partitions than the config says: that is no matter of this command. */
async function narrower(connection: KafkaConnection, wanted: KafkaConfig['topics']): Promise<string[]> {
  return [...(await partitionCounts(connection))].flatMap(([topic, count]) => {
    const name = topicNamed(topic)?.name
    const asked = name === undefined ? undefined : wanted[name]?.partitions
    return asked === undefined || asked === count || name === 'problems'
      ? []
      : [`${harmless(topic)}: ${count} partitions, not ${asked}; that is left as it is`]
  })
}
