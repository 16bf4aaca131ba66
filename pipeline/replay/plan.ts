// What a replay will do, found out from the log before anything is written: the run and revision that it reads, its
// range, its problems, its stages. Promise: every fault that can be told is told at once; a revision that is there
// already is gone on with if it is the same, and refused if it is another.

import { nearest } from '../../configs/nearest.ts'
import type { Keepable, Replay } from '../../configs/replay.ts'
import { configSchema } from '../../configs/schema.ts'
import type { Config } from '../../configs/schema.ts'
import { planStages } from '../../pipeline.ts'
import type { StageName } from '../../pipeline.ts'
import type { Codec } from '../../schemas/codec.ts'
import { UsageFault } from '../../schemas/failure.ts'
import type { RunRecord } from '../../schemas/records.ts'
import { STAGE_TOPICS, topicFor } from '../../schemas/topics.ts'
import type { StageTopic } from '../../schemas/topics.ts'
import type { KafkaConnection } from '../../stream/kafka.ts'
import { RUN_HEADER } from '../../stream/outgoing.ts'
import { readBatches } from '../../stream/read-topic.ts'
import { topicNames } from '../../stream/topics-admin.ts'
import { assertNotDropped, halfDropped } from '../drops.ts'
import { readRunRecords } from '../run-records.ts'
import { partitionOffsets } from '../standing.ts'
import { findRange } from './range.ts'
import type { RangeAsked } from './range.ts'

export interface OnLog {
  readonly connection: KafkaConnection
  readonly codec: Codec
}

export interface ReplaySource {
  readonly runId: string
  /** Newest state of the revision that is read. */
  readonly source: RunRecord
  readonly config: Config
  /** Newest state of the replay itself; null: it has not been started. */
  readonly previous: (RunRecord & { readonly replay: Replay }) | null
}

/** Finds the run, the revision that is read and the one that is written. Throws UsageFault. */
export async function findSource(
  { connection, codec }: OnLog,
  asked: { readonly run: string | null; readonly of: string; readonly revision: string },
  signal: AbortSignal,
): Promise<ReplaySource> {
  const { run, of, revision } = asked
  const isThere = (await topicNames(connection)).includes('runs')
  const known = isThere ? await readRunRecords(connection, codec, of, signal) : new Map<string, RunRecord>()
  const newest = [...known.values()]
    .filter(({ state }) => state !== 'dropped')
    .toSorted((left, right) => right.startedAt - left.startedAt)
  const source = run === null ? newest[0] : newest.find(({ runId }) => runId === run)
  if (source === undefined) throw new UsageFault(unknownRun(asked, newest))
  if (source.state === 'dropping') throw halfDropped(source)
  const written = (await readRunRecords(connection, codec, revision, signal)).get(source.runId)
  if (written !== undefined) assertNotDropped(written)
  const replay = written === undefined ? null : configOf(written).replay
  if (written !== undefined && replay === null)
    throw new UsageFault(`revision ${revision} of run ${source.runId} is no replay: give another --revision NAME`)
  const previous = written === undefined || replay === null ? null : { ...written, replay }
  return { runId: source.runId, source, config: configOf(source), previous }
}

function unknownRun(
  { run, of }: { readonly run: string | null; readonly of: string },
  newest: readonly RunRecord[],
): string {
  const what = of === 'main' ? 'run' : `run with a revision ${of}`
  if (newest.length === 0) return `there is no ${what} on this Kafka: start one first`
  const names = newest.map(({ runId }) => runId)
  const meant = nearest(run ?? '', names)
  return `there is no ${what} named ${run ?? ''}; ${meant === null ? `there is ${names.slice(0, 10).join(', ')}` : `did you mean ${meant}?`}`
}

/** The config that a run has at work. Throws UsageFault where another version made it. */
export function configOf(record: RunRecord): Config {
  const config = configSchema.safeParse(JSON.parse(record.config)).data
  if (config === undefined)
    throw new UsageFault(
      `run ${record.runId} (revision ${record.revision}) was made by version ${record.version}, whose config this version does not read: replay it with that one, or give a config with -c FILE`,
    )
  return config
}

export interface PlanAsked {
  readonly of: string
  readonly from: StageTopic
  readonly range: RangeAsked
  readonly stages: readonly StageName[]
  readonly keep: readonly Keepable[]
  readonly into: string | null
}

/** The section of a new replay's config; its selection is chosen afterwards. Throws UsageFault. */
export async function planReplay(
  onLog: OnLog,
  { runId, config }: ReplaySource,
  { of, from, range, stages, keep, into }: PlanAsked,
  signal: AbortSignal,
): Promise<Replay> {
  const topic = topicFor(from, of)
  const planned = planStages(config)
  const there = STAGE_TOPICS.filter(
    (name) => planned.some(({ to }) => to === name) || (name === 'problems' && planned[0]?.from === name),
  )
  if (!there.includes(from))
    throw new UsageFault(`run ${runId} (revision ${of}) has no topic ${from}; it has ${there.join(', ')}`)
  const found = await findRange(onLog.connection, topic, range)
  if ('faults' in found) throw new UsageFault(found.faults)
  if (!range.follow && !(await hasRecord(onLog.connection, topic, runId, found, signal)))
    throw new UsageFault(`topic ${topic} has no record of run ${runId} in this range`)
  return { of, from, ...found, stages: [...stages], selection: null, keep: [...keep], into }
}

/** Bytes of one fetch: the first record is often the run's, and with many runs in a topic a few thousand are not. */
const LOOK_BYTES = 1024 * 1024

/** Looks until it finds one. */
async function hasRecord(
  connection: KafkaConnection,
  topic: string,
  runId: string,
  { begin, end }: Pick<Replay, 'begin' | 'end'>,
  signal: AbortSignal,
): Promise<boolean> {
  const to = end === null ? {} : { to: partitionOffsets(end) }
  const range = { topic, from: partitionOffsets(begin), ...to, signal, fetchBytes: LOOK_BYTES }
  for await (const [, batch] of readBatches(connection, range))
    if (batch.some(({ headers = {} }) => String(headers[RUN_HEADER] ?? runId) === runId)) return true
  return false
}

/** What of a replay that is there already is not as it is asked for now, as whole sentences; where null is asked for, it stays. */
export function differences(
  { replay, revision, runId }: { readonly replay: Replay; readonly revision: string; readonly runId: string },
  asked: {
    readonly of: string
    readonly from: StageTopic | null
    readonly stages: readonly StageName[] | null
    readonly where: string | null
    readonly follow: boolean
    readonly keep: readonly Keepable[]
    readonly into: string | null
  },
): string[] {
  const was = (what: string, before: string, now: string): string[] =>
    before === now
      ? []
      : [
          `revision ${revision} of run ${runId} was begun with ${what} ${before}, not ${now}: set it back, or give another --revision NAME`,
        ]
  return [
    ...was('--of', replay.of, asked.of),
    ...(asked.from === null ? [] : was('--from', replay.from, asked.from)),
    ...(asked.stages === null ? [] : was('--stages', replay.stages.join(','), asked.stages.join(','))),
    ...was('--where', replay.selection?.sql ?? 'left out', asked.where?.trim() ?? 'left out'),
    ...was('--follow', replay.end === null ? 'given' : 'left out', asked.follow ? 'given' : 'left out'),
    ...was('what is kept:', replay.keep.join(', ') || 'nothing', asked.keep.join(', ') || 'nothing'),
    ...was('--into', replay.into ?? 'left out', asked.into ?? 'left out'),
  ]
}
