// magpie replay: records of a topic once more, by another config, into a revision of their own.

import type { Command } from 'commander'
import { loadConfig } from '../configs/load.ts'
import type { LoadedConfig } from '../configs/load.ts'
import { withReplay } from '../configs/replayed.ts'
import type { PartName } from '../pipeline.ts'
import { prepareReplay } from '../pipeline/replay/prepare.ts'
import type { PreparedReplay, ReplayAsked } from '../pipeline/replay/prepare.ts'
import { chooseProblems } from '../pipeline/replay/selection.ts'
import { replayParts, stagesBehind } from '../pipeline/replay/stages.ts'
import { soleSinks } from '../pipeline/sole-sinks.ts'
import { createCodec } from '../schemas/codec.ts'
import { UsageFault } from '../schemas/failure.ts'
import { silentLogger } from '../schemas/logger.ts'
import { steadyNow } from '../schemas/steady-clock.ts'
import { openDatabase } from '../sinks/clickhouse/database.ts'
import { kafkaConfig } from '../stream/config.ts'
import type { KafkaAddress } from '../stream/config.ts'
import { connectKafka } from '../stream/kafka.ts'
import { attend, interruption, onSilence, startChecked } from './attend.ts'
import { changedParts, changedSettings } from './changed-settings.ts'
import { describeEnd } from './describe-end.ts'
import { createDisplay } from './display.ts'
import { joinedParts } from './joined-parts.ts'
import { messagesIn } from './messages/choose.ts'
import { madeStateFolder, stateWords } from './options.ts'
import { prepareKafka, prepareModel } from './prepare.ts'
import type { Preparing } from './prepare.ts'
import { asReader } from './reader.ts'
import { addReplayOptions, readAsked } from './replay-options.ts'
import type { ReplayOptions } from './replay-options.ts'
import { standingOf } from './replay-standing.ts'
import { nameOf } from './run-name.ts'

const EXAMPLES = `
Nothing that is there is changed: what the replay makes lies on topics of its own and in the same tables under its
revision. The same command goes on with one that was stopped. docs/replay.md is the manual.

Examples:
  ./magpie replay --from sampled --revision strict -c strict.yaml
  ./magpie replay --from rewarded --revision pairs --stages curate --set stages.curate.preference.count=4
  ./magpie replay --from verified --revision hard --where "difficulty = 'hard'" --run my-run
  ./magpie replay --from sampled --revision strict --join --stages verify
  ./magpie replay --from sampled --revision second -c two-rewards.yaml --keep-rewards --share 0.2 --priority 20
  ./magpie replay --stages reward --revision more -c one-more.yaml --into main`

/** Adds the command. */
export function addReplay(program: Command): void {
  addReplayOptions(
    program.command('replay').description('process records of a topic once more, into a revision of their own'),
  )
    .addHelpText('after', EXAMPLES)
    .action(async (options: ReplayOptions) => {
      process.exitCode = await replay(options)
    })
}

async function replay(options: ReplayOptions): Promise<number> {
  const { asked, faults } = readAsked(options)
  const ofFile = await loadFile(options, asked).catch((error: unknown) => {
    if (!(error instanceof UsageFault) || faults.length === 0) throw error
    throw new UsageFault([...faults, ...error.faults])
  })
  if (faults.length > 0) throw new UsageFault(faults)
  const { revision } = asked
  const ready = await prepared(options, asked, ofFile)
  if (ready === null) return 130
  const { kafka, runId, loaded, replay: section, previous } = ready
  if (previous !== null) assertSameSettings(previous, loaded)
  const own = replayParts(loaded.config)
  // Whoever joins has waited for the word of a leader.
  const parts =
    asked.join && previous !== null
      ? joinedParts(asked.parts, { revision, own, sole: soleSinks(loaded.config), leader: previous })
      : new Set<PartName>(['produce', ...own])
  const { share, priority, say } = standingOf(options, loaded)
  const { config: path, moveClickhouse } = options
  const sinks = (['clickhouse', 'json'] as const).filter((name) => own.includes(name))
  const reload = async (): Promise<LoadedConfig> =>
    withReplay((await loadFile(options, asked))!, section, { runId, sinks })
  const end = await attend({
    ...{ loaded, runId, revision, stateDir: madeStateFolder(options), writesFiles: parts.has('json') },
    start: async (preparing) => {
      const { display, messages } = preparing
      const local = await prepareModel(loaded, preparing)
      const run = await startChecked(
        { loaded: local, runId, revision, source: { kind: 'replay' }, parts, kafka, share, priority, moveClickhouse },
        preparing,
      )
      for (const line of say(messages)) display.say(line)
      const name = nameOf({ runId, revision })
      const chosen = section.selection?.problems ?? null
      display.say(
        asked.join
          ? messages.partsHere([...parts].map((part) => messages.parts[part]))
          : previous === null
            ? messages.replaying(name, section.from, section.of, chosen)
            : messages.replayResumed(name, previous.state === 'finished'),
      )
      return run
    },
    file: path === undefined ? null : { path, load: reload },
  })
  const at = stateWords(options)
  describeEnd(end, options, [
    `./magpie sql "SELECT revision, count() FROM sft FINAL WHERE run_id = '${runId}' GROUP BY revision"${at}`,
    `./magpie audit --run ${runId} --revision ${revision}${at}`,
  ])
  return end.exitCode
}

/** Where models are and what they cost may change under a revision; what shapes its data may not. Throws UsageFault. */
function assertSameSettings(
  { runId, revision, config: before }: NonNullable<PreparedReplay['previous']>,
  { json, config }: LoadedConfig,
): void {
  const paths = changedSettings(before, json, ALL).filter((path) => !/\.(?:endpoints|price)\b/.test(path))
  const nothing = { made: 0, total: null, spent: { done: {}, passed: {} } }
  const changed = changedParts(paths, { ...nothing, config }).filter(({ part }) => part !== 'produce')
  if (changed.length === 0) return
  const settings = [...new Set(changed.flatMap((each) => each.settings))].join(', ')
  throw new UsageFault(
    `revision ${revision} of run ${runId} was begun with other settings (${settings}): set them back, or give another --revision NAME`,
  )
}

/** So many revisions are named to whoever waits for another one. */
const MOST_NAMES = 8

/** More settings than a config has. */
const ALL = 10_000

/** The config of -c; null where none is given. Throws UsageFault. */
async function loadFile(options: ReplayOptions, asked: ReplayAsked): Promise<LoadedConfig | null> {
  const { config } = options
  return config === undefined ? null : await load(options, asked, { file: config })
}

async function load(
  options: ReplayOptions,
  { from, into, parts }: ReplayAsked,
  source: { readonly file: string; readonly text?: string },
): Promise<LoadedConfig> {
  const { endpoint, model, out, lang: language, budgetUsd, budgetTokens, maxHours } = options
  const behind = from === null ? [] : stagesBehind(from)
  const named = into === null ? behind.filter((name) => parts.includes(name)) : parts
  return await loadConfig({
    ...source,
    set: options.set ?? [],
    overrides: { endpoint, model, out, language, budgetUsd, budgetTokens, maxHours },
    environment: process.env,
    work: { producer: 'none', stages: named.length === 0 ? behind : named },
  })
}

/** Finds out what there is to do, before there is a log or a language of the run; null: interrupted. */
async function prepared(
  options: ReplayOptions,
  asked: ReplayAsked,
  ofFile: LoadedConfig | null,
): Promise<(PreparedReplay & { readonly kafka: KafkaAddress }) | null> {
  const messages = messagesIn(options.lang ?? ofFile?.config.language ?? 'en')
  const display = createDisplay(process.stderr, steadyNow)
  const stop = interruption()
  const { signal } = stop
  const preparing: Preparing = { stateDir: madeStateFolder(options), display, messages, log: silentLogger, signal }
  try {
    const kafka = await prepareKafka(ofFile?.config.kafka ?? kafkaConfig.parse({}), preparing)
    const connection = connectKafka({ ...kafka, log: silentLogger, onSilence: onSilence(preparing) })
    try {
      const codec = await createCodec({ registryUrl: process.env['SCHEMA_REGISTRY_URL'] })
      const found = await prepareReplay({
        ...{ connection, codec, asked, signal, log: silentLogger, now: steadyNow },
        load: async ({ text, of }) => ofFile ?? (await load(options, asked, { file: of, text })),
        choose: (where, source, { config }) =>
          asReader(
            { state: options.state },
            (database) => chooseProblems(database, where, source, signal),
            (opening) => openDatabase({ ...opening, server: config.sinks.clickhouse.server }),
          ),
        onWaiting: (runId, revisions) => {
          display.step(messages.waitingForReplay(runId, asked.revision, revisions.slice(0, MOST_NAMES)))
        },
      })
      return { ...found, kafka }
    } finally {
      await connection.close()
    }
  } catch (error) {
    if (stop.said) return null
    throw error
  } finally {
    display.close({ keep: false })
    stop.release()
  }
}
