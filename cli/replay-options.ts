// The options of magpie replay, and what is asked for by them. Every fault that the options alone show is found here.

import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { nearest } from '../configs/nearest.ts'
import { KEEPABLE, REVISION_NAME } from '../configs/replay.ts'
import { namedParts } from '../pipeline/replay/stages.ts'
import type { ReplayAsked } from '../pipeline/replay/prepare.ts'
import type { Time } from '../pipeline/replay/range.ts'
import { STAGE_TOPICS, TOPIC_NAMES } from '../schemas/topics.ts'
import { collect, moment, positiveInteger, positiveNumber, stateOption } from './options.ts'
import { MOVE_CLICKHOUSE } from './run-options.ts'

export interface ReplayOptions {
  readonly from?: string
  readonly revision: string
  readonly of: string
  readonly run?: string
  readonly config?: string
  readonly since?: Time
  readonly until?: Time
  readonly offset?: number | ReadonlyMap<number, number>
  readonly where?: string
  readonly stages?: string
  readonly follow?: true
  readonly join?: true
  readonly keepRewards?: true
  readonly keepAnswers?: true
  readonly into?: string
  readonly moveClickhouse?: true
  readonly share?: number
  readonly priority?: number
  readonly budgetUsd?: number
  readonly budgetTokens?: number
  readonly maxHours?: number
  readonly endpoint?: string[]
  readonly model?: string
  readonly state: string
  readonly out?: string
  readonly lang?: 'en' | 'ja'
  readonly set?: string[]
}

/** Adds them to the command. */
export function addReplayOptions(command: Command): Command {
  return command
    .requiredOption('--revision <name>', 'name of what is made: letters, digits, _ and -')
    .option('--from <topic>', `topic that is read again: ${STAGE_TOPICS.join(', ')}`)
    .option('--of <revision>', 'revision whose topic that is', 'main')
    .option('--run <name>', 'run that is replayed (default: the newest)')
    .option('-c, --config <file>', 'config of the replay (default: that of the run)')
    .option('--since <time>', 'only records from this time on: 2026-01-31T12:00:00Z, or 2h (ago)', time)
    .option('--until <time>', 'only records before this time', time)
    .option('--offset <n>', 'first offset, of all partitions or of some: 1000, or 0:1000,3:250', offsets)
    .option('--where <sql>', 'only these problems: a condition on table problems, or a SELECT of their ids')
    .option('--stages <a,b>', 'only these of the stages behind the topic (and of the sinks clickhouse, json)')
    .option('--follow', 'go on with what comes until the run is finished')
    .option('--join', 'work at a replay that another process leads; --stages: at these parts of it')
    .option('--keep-rewards', 'ask only for scores whose reward, version, model or text has changed')
    .option('--keep-answers', 'ask only for texts whose prompt, model, sampling or seed has changed')
    .option('--into <revision>', 'add labels or scores (--stages tag, --stages reward) to the rows of this revision')
    .option('--move-clickhouse', MOVE_CLICKHOUSE)
    .option(
      '--share <f>',
      'at most this share of the slots of each model server; less while others wait (default: 0.2 while a run is at work)',
      share,
    )
    .option('--priority <n>', 'place at servers with schedulingPolicy: priority, runs have 0; 10 unless said', priority)
    .option('--budget-usd <usd>', 'end cleanly when the replay has cost so many US dollars', positiveNumber)
    .option('--budget-tokens <n>', 'the same for tokens of all models (2e9 is two billion)', positiveInteger)
    .option('--max-hours <hours>', 'the same for hours at work', positiveNumber)
    .option('--endpoint <url>', 'model server for every role; may be given several times', collect)
    .option('--model <name>', 'model for every role')
    .addOption(stateOption())
    .option('--out <dir>', 'folder of the data sets')
    .addOption(new Option('--lang <language>', 'language of the progress messages').choices(['en', 'ja']))
    .option('--set <key=value>', 'another value for a setting, as stages.curate.minAgreement=0.8', collect)
}

/** What is asked for, and what is wrong with it, as whole sentences. */
export function readAsked(options: ReplayOptions): { readonly asked: ReplayAsked; readonly faults: string[] } {
  const { revision, into = null, since = null, until = null, offset = null, where = null } = options
  const of = into ?? options.of
  const follow = options.follow === true
  const keep = KEEPABLE.filter((what) => (what === 'answers' ? options.keepAnswers : options.keepRewards) === true)
  const from = STAGE_TOPICS.find((topic) => topic === options.from) ?? null
  const parts = options.stages?.split(',').map((name) => name.trim()) ?? []
  const faults = [
    ...(options.from !== undefined && from === null ? [wrongTopic(options.from)] : []),
    ...wrongRevision(revision, of),
    ...(since !== null && offset !== null ? ['--since and --offset both say where to begin: leave one out'] : []),
    ...(since !== null && until !== null && since.at >= until.at
      ? ['--since is not before --until: no record is between']
      : []),
    ...(follow && until !== null ? ['--follow has no end, and --until says one: leave one out'] : []),
    ...(follow && where !== null
      ? [
          '--follow goes on with problems that are not there yet, and --where chooses among those that are: leave one out',
        ]
      : []),
    ...(where !== null && where.trim() === ''
      ? ['--where is empty: give a condition, as --where "difficulty = \'hard\'"']
      : []),
    ...(into === null ? [] : wrongAddition(options, into)),
    ...(from === null || into !== null ? [] : namedParts(parts, from).faults),
  ]
  return {
    asked: {
      ...{
        run: options.run ?? null,
        revision,
        of,
        from,
        parts,
        where,
        keep,
        into,
        join: options.join === true,
      },
      range: { since, until, offsets: offset, follow },
    },
    faults,
  }
}

function wrongTopic(name: string): string {
  const there: readonly string[] = STAGE_TOPICS
  if ((TOPIC_NAMES as readonly string[]).includes(name))
    return `--from ${name}: no stage reads that topic; there are ${there.join(', ')}`
  const meant = nearest(name, there)
  return `--from: there is no topic "${name}"; ${meant === null ? 'there are' : `did you mean ${meant}? There are`} ${there.join(', ')}`
}

function wrongAddition({ from, of, keepRewards, keepAnswers }: ReplayOptions, into: string): string[] {
  return [
    ...(from === undefined ? [] : ['--into takes the records that came farthest: leave --from out']),
    ...(of === 'main' || of === into ? [] : [`--into ${into} reads revision ${into}: leave --of out`]),
    ...((keepRewards ?? keepAnswers) ? ['--into keeps what the records have by itself: leave --keep-… out'] : []),
  ]
}

/** Over 0, up to 1 (a commander argument parser). */
function share(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value <= 1)) throw new InvalidArgumentError('give a share over 0 and up to 1, as 0.2.')
  return value
}

/** From 0 on (a commander argument parser). */
function priority(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError('give a whole number from 0 on: 0 is the place of runs, larger ones come later.')
  return value
}

function wrongRevision(revision: string, of: string): string[] {
  if (revision === 'main') return ['--revision main is the run itself: give what the replay makes another name']
  if (!REVISION_NAME.test(revision))
    return [
      `--revision "${revision}": must be letters, digits, "_" or "-", at most 50, and begin with a letter or digit`,
    ]
  return revision === of ? [`--of ${of} is the revision that is made: a replay reads another one`] : []
}

/** Reads a moment (a commander argument parser). */
function time(text: string): Time {
  return { at: moment(text), isAgo: /^\d+[smhd]$/.test(text) }
}

/** Reads `1000` or `0:1000,3:250` (a commander argument parser). */
function offsets(text: string): number | ReadonlyMap<number, number> {
  if (/^\d+$/.test(text)) return Number(text)
  const found = text.split(',').map((part) => /^\s*(\d+):(\d+)\s*$/.exec(part))
  if (found.some((match) => match === null))
    throw new InvalidArgumentError('give an offset, as 1000, or offsets by partition, as 0:1000,3:250.')
  const places = new Map(found.map((match) => [Number(match![1]), Number(match![2])]))
  if (places.size < found.length)
    throw new InvalidArgumentError('a partition stands there twice: give each one offset.')
  return places
}
