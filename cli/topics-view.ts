// What `magpie topics` shows of a look at the log: a row each topic and each stage, in words and figures that fit a line.

import type { GroupOverview } from '../pipeline/group-overview.ts'
import type { Standing } from '../pipeline/run-overview.ts'
import { harmless } from '../schemas/terminal-text.ts'
import { topicNamed } from '../schemas/topics.ts'
import type { TopicSize } from '../stream/topic-sizes.ts'
import { fittedTable } from './fitted-table.ts'

export interface TopicRow {
  readonly topic: string
  readonly revision: string | null
  readonly partitions: number
  readonly records: number
  /** On the disks of all brokers; null where they do not say. */
  readonly bytes: number | null
  /** ISO times of the first and last record. */
  readonly first: string | null
  readonly last: string | null
  /** Records a second over the last minute. */
  readonly rate: number
  /** cleanup.policy, retention.ms and what else the broker says, by its names. */
  readonly kept: Readonly<Record<string, string>>
}

export interface StageRow {
  readonly run: string
  readonly revision: string
  readonly stage: string
  /** How the run stands; null where the topic of runs does not say. */
  readonly state: Standing | null
  /** Records that it has not finished, those of other runs in the same topics included; 0 for a run that has ended. */
  readonly lag: number
  /** Records a second that it finishes; null: it was looked at only once. */
  readonly rate: number | null
  /** Seconds until it has caught up, as things go; null: never, or nobody can tell. */
  readonly secondsLeft: number | null
}

export interface TopicsLook {
  readonly topics: readonly TopicRow[]
  readonly stages: readonly StageRow[]
}

export interface RawLook {
  /** Milliseconds since 1970 UTC. */
  readonly now: number
  readonly sizes: readonly TopicSize[]
  readonly groups: readonly GroupOverview[]
  /** Only topics of this one, where it is said. */
  readonly revision?: string | undefined
}

/** Rates are taken over this, milliseconds. */
const WINDOW_MS = 60_000

/** Turns looks into rows; remembers a minute of them for the rates of stages. */
export function createStageRates(): (look: RawLook) => TopicsLook {
  const points = new Map<string, { at: number; finished: number; end: number }[]>()

  function rateOf(name: string, at: number, group: GroupOverview): { rate: number; grows: number } | null {
    const finished = group.positions.reduce((sum, each) => sum + (each.committed ?? 0) + each.doneAbove, 0)
    const end = group.positions.reduce((sum, each) => sum + each.end, 0)
    const known = [...(points.get(name) ?? []).filter((each) => at - each.at <= WINDOW_MS), { at, finished, end }]
    points.set(name, known)
    const first = known[0]!
    const passed = (at - first.at) / 1000
    // A group that was moved back has no rate.
    return passed <= 0
      ? null
      : { rate: Math.max(0, finished - first.finished) / passed, grows: (end - first.end) / passed }
  }

  return ({ now, sizes, groups, revision }) => ({
    topics: sizes.map(rowOf).filter((row) => revision === undefined || row.revision === revision),
    stages: groups.map((group): StageRow => {
      const { run, part: stage, state, positions } = group
      const found = rateOf(`${run}/${group.revision}/${stage}`, now, group)
      const lag = state === 'finished' ? 0 : positions.reduce((sum, each) => sum + each.lag, 0)
      const gains = found === null ? 0 : found.rate - found.grows
      const secondsLeft = lag === 0 ? 0 : gains > 0 ? lag / gains : null
      return { run, revision: group.revision, stage, state, lag, rate: found?.rate ?? null, secondsLeft }
    }),
  })
}

function rowOf({ topic, partitions, records, bytes, firstAt, lastAt, rate, settings }: TopicSize): TopicRow {
  const iso = (time: number | null) => (time === null ? null : new Date(time).toISOString())
  const revision = topicNamed(topic)?.revision ?? null
  return { topic, revision, partitions, records, bytes, first: iso(firstAt), last: iso(lastAt), rate, kept: settings }
}

/** Two tables; what is empty or over is counted in a line, unless all is asked for. */
export function renderTopics({ topics, stages }: TopicsLook, isAll: boolean, width = Infinity): string {
  const shown = topics.filter(({ records }) => isAll || records > 0)
  const alive = stages.filter(({ state }) => isAll || state !== 'finished')
  return [
    topicTable(shown, width),
    ...left(topics.length - shown.length, 'empty topic', 'empty topics'),
    '',
    ...(alive.length === 0 ? [] : [stageTable(alive, width)]),
    ...left(stages.length - alive.length, 'stage of finished runs', 'stages of finished runs'),
  ].join('\n')
}

function left(count: number, one: string, many: string): string[] {
  return count === 0 ? [] : [`and ${count} ${count === 1 ? one : many} (--all shows them)`]
}

function topicTable(rows: readonly TopicRow[], width: number): string {
  return fittedTable(
    [
      { head: 'topic' },
      { head: 'partitions', isFigure: true, spare: 2 },
      ...(['records', 'bytes', 'records/s'] as const).map((head) => ({ head, isFigure: true as const })),
      { head: 'first', spare: 1 },
      { head: 'last', spare: 3 },
      { head: 'kept' },
    ],
    rows.map(({ topic, partitions, records, bytes, rate, first, last, kept }) => [
      ...[harmless(topic), partitions, records, bytes === null ? '?' : bytesText(bytes), rateText(rate)],
      ...[minute(first), minute(last), keptText(kept)],
    ]),
    width,
  )
}

function stageTable(rows: readonly StageRow[], width: number): string {
  return fittedTable(
    [
      ...['run', 'revision', 'stage', 'state'].map((head) => ({ head })),
      ...(['lag', 'records/s', 'caught up in'] as const).map((head) => ({ head, isFigure: true as const })),
    ],
    rows.map(({ run, revision, stage, state, lag, rate, secondsLeft }) => [
      ...[harmless(run), harmless(revision), harmless(stage), state ?? '', lag],
      ...[rate === null ? '' : rateText(rate), lag === 0 ? '' : secondsLeft === null ? '?' : timeText(secondsLeft)],
    ]),
    width,
  )
}

const minute = (iso: string | null): string => iso?.slice(0, 16).replace('T', ' ') ?? ''

const rateText = (rate: number): string => (rate === 0 ? '' : rate < 10 ? rate.toFixed(1) : String(Math.round(rate)))

/** 1.2 GB. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let [amount, unit] = [bytes, 0]
  for (; amount >= 1000 && unit < units.length - 1; unit += 1) amount /= 1000
  return `${unit === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${units[unit]}`
}

/** 3 min, or 2 h 5 min. */
export function timeText(seconds: number): string {
  const minutes = Math.ceil(seconds / 60)
  if (seconds < 60) return `${Math.ceil(seconds)} s`
  if (minutes < 60) return `${minutes} min`
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60]
  return hours < 48 ? `${hours} h ${rest} min` : `${Math.round(hours / 24)} d`
}

/** How the broker keeps a topic, in words: for ever; 7 d; newest of each key. */
export function keptText(kept: Readonly<Record<string, string>>): string {
  const policy = (kept['cleanup.policy'] ?? 'delete').split(',')
  const [time, bytes] = [Number(kept['retention.ms'] ?? -1), Number(kept['retention.bytes'] ?? -1)]
  const limits = [
    ...(time < 0 ? [] : [timeText(time / 1000)]),
    ...(bytes < 0 ? [] : [`${bytesText(bytes)} a partition`]),
  ]
  const isCompact = policy.includes('compact')
  const whole = !policy.includes('delete') || limits.length === 0
  return [...(isCompact ? ['newest of each key'] : []), ...(whole ? (isCompact ? [] : ['for ever']) : limits)].join(
    ', ',
  )
}
