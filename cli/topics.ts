// magpie topics: what lies on the log, how it is kept, and how far each stage of each run is behind; also over time.

import { setTimeout as wait } from 'node:timers/promises'
import type { Command } from 'commander'
import { unknownName } from '../analytics/unknown-name.ts'
import type { AskedName } from '../analytics/unknown-name.ts'
import { readGroups } from '../pipeline/group-overview.ts'
import { readNewest } from '../pipeline/run-records.ts'
import { createCodec } from '../schemas/codec.ts'
import type { Codec } from '../schemas/codec.ts'
import { topicNamed } from '../schemas/topics.ts'
import { processIsAlive } from '../stream/process-alive.ts'
import type { KafkaConnection } from '../stream/kafka.ts'
import { topicSizes } from '../stream/topic-sizes.ts'
import { topicNames } from '../stream/topics-admin.ts'
import { withKafka } from './brokers.ts'
import { screenWidth } from './fitted-table.ts'
import { interruptible } from './interrupted.ts'
import { seconds, stateOption } from './options.ts'
import { addTopicsApply } from './topics-apply.ts'
import { addTopicsDump } from './topics-dump.ts'
import { addTopicsLoad } from './topics-load.ts'
import { createStageRates, renderTopics } from './topics-view.ts'
import type { TopicsLook } from './topics-view.ts'

interface TopicsOptions {
  readonly state: string
  readonly run?: string
  readonly revision?: string
  readonly all?: true
  readonly watch?: number | true
  readonly json?: true
}

/** Between two looks of which rates are made, seconds: a stage commits more often. */
const RATE_SECONDS = 3
const WATCH_SECONDS = 5

export function addTopics(program: Command): void {
  const topics = program.command('topics')
  addTopicsApply(topics)
  addTopicsDump(topics)
  addTopicsLoad(topics)
  topics
    .description('topics, what they hold and how they are kept, and how far each stage is behind')
    .option('--run <name>', 'stages of this run alone')
    .option('--revision <name>', 'topics and stages of this revision alone')
    .option('--all', 'empty topics and the stages of finished runs too')
    .option('--watch [seconds]', `again and again until Ctrl-C, every ${WATCH_SECONDS} s unless said`, seconds)
    .option('--json', 'as JSON, all of it; with --watch a line each time')
    .addOption(stateOption())
    .addHelpText(
      'after',
      `
Examples:
  ./magpie topics
  ./magpie topics --run olympiad --watch
  ./magpie topics --json | jq '.stages[] | select(.lag > 0)'`,
    )
    .action(async (options: TopicsOptions) => {
      await withKafka(options, (connection) => interruptible((signal) => show(connection, options, signal)))
    })
}

async function show(connection: KafkaConnection, options: TopicsOptions, signal: AbortSignal): Promise<void> {
  const codec = await createCodec({ registryUrl: process.env['SCHEMA_REGISTRY_URL'] })
  const rates = createStageRates()
  const look = async (): Promise<TopicsLook> => rates(await lookOnce(connection, codec, options, signal))
  const print = (found: TopicsLook): void => {
    const text =
      options.json === true ? JSON.stringify(found) : renderTopics(found, options.all === true, screenWidth())
    const isScreen = options.watch !== undefined && options.json !== true && process.stdout.isTTY
    process.stdout.write(`${isScreen ? '\u001B[H\u001B[2J' : ''}${text}\n`)
  }
  let found = await look()
  if (options.watch === undefined) {
    const isBusy = found.stages.some(({ state, lag }) => lag > 0 && (state === 'running' || state === 'draining'))
    if (isBusy) {
      await wait(RATE_SECONDS * 1000, undefined, { signal })
      found = await look()
    }
    print(found)
    return
  }
  const pauseMs = (options.watch === true ? WATCH_SECONDS : options.watch) * 1000
  for (;;) {
    print(found)
    await wait(pauseMs, undefined, { signal })
    found = await look()
  }
}

async function lookOnce(
  connection: KafkaConnection,
  codec: Codec,
  { run, revision }: TopicsOptions,
  signal: AbortSignal,
) {
  const now = Date.now()
  if (run !== undefined || revision !== undefined) await assertKnown(connection, codec, { run, revision }, signal)
  const sizes = await topicSizes(connection, now)
  const ends = new Map(sizes.map(({ topic, ends: each }) => [topic, each]))
  const groups = await readGroups({ connection, codec, now, isAlive: processIsAlive, signal }, ends, { run, revision })
  return { now, sizes, groups, revision }
}

/** Throws UsageFault where there is neither such a run or revision nor a topic of its name. */
async function assertKnown(
  connection: KafkaConnection,
  codec: Codec,
  asked: AskedName,
  signal: AbortSignal,
): Promise<void> {
  const topics = await topicNames(connection)
  if (asked.run === undefined && topics.some((topic) => topicNamed(topic)?.revision === asked.revision)) return
  const words = topics.includes('runs') ? await readNewest(connection, codec, signal) : []
  const known = words
    .filter(({ state }) => state !== 'dropped')
    .map(({ runId, revision }) => ({ run: runId, revision }))
  const fault = unknownName(`Kafka at ${connection.brokers.join(', ')}`, known, asked)
  if (fault !== null) throw fault
}
