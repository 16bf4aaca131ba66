// How the runs on a Kafka stand, for whoever asks: the state that each has written, whether somebody still holds it, and
// the processes that work or worked at it. Promise: a run whose process was killed is `lost`, never `running` for ever.

import { hostname } from 'node:os'
import { z } from 'zod'
import type { Codec } from '../schemas/codec.ts'
import type { RunRecord, RunStart, RunState, Spending } from '../schemas/records.ts'
import { topicFor } from '../schemas/topics.ts'
import type { KafkaConnection } from '../stream/kafka.ts'
import { readTopic } from '../stream/read-topic.ts'
import { topicNames, unlessDeleted } from '../stream/topics-admin.ts'
import { readable } from './read-records.ts'
import { holdOf, isDropped, readNewest, SILENT_MS } from './run-records.ts'
import type { RunIdentity } from './run-records.ts'
import { readStarts } from './run-starts.ts'
import type { PlacedStart } from './run-starts.ts'
import { sumOf } from './spending.ts'

/** lost: it says that it is at work, and its process is gone or has been silent for too long. */
export type Standing = RunState | 'lost'

/** One start of one process. */
export interface ProcessOverview {
  /** Its name in the topics `starts` and `spending`. */
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly parts: readonly string[]
  readonly version: string
  readonly configHash: string
  /** The whole config as JSON, without secrets. */
  readonly config: string
  /** Milliseconds since 1970 UTC. */
  readonly beganAt: number
  readonly lastWordAt: number
  /** It has said something of late, is not known to be gone, and its run has not ended: workers wait while nobody leads. */
  readonly isAtWork: boolean
  /** Where its ClickHouse sink writes, and at which offset of `starts` it said so; null: it has not. */
  readonly clickhouse: string | null
  readonly clickhouseAt: number | null
  /** Records that it brought to an end, by part. */
  readonly done: Readonly<Record<string, number>>
}

export interface RunOverview {
  readonly run: string
  readonly revision: string
  readonly state: Standing
  readonly endedBy: string | null
  /** Host and process that lead it, or led it last. */
  readonly host: string
  readonly pid: number
  /** Milliseconds since 1970 UTC. */
  readonly startedAt: number
  readonly finishedAt: number | null
  readonly lastWordAt: number
  /** Problems made, or taken by a replay, as far as its processes have said. */
  readonly problems: number
  readonly configHash: string
  /** In the order of their starts. */
  readonly processes: readonly ProcessOverview[]
}

export interface Looking {
  readonly connection: KafkaConnection
  readonly codec: Codec
  /** Milliseconds since 1970 UTC. */
  readonly now: number
  readonly isAlive: (pid: number) => boolean
  readonly signal: AbortSignal
}

/** Says what became of a run that has written this last. */
export function standingOf(record: RunRecord, now: number, isAlive: (pid: number) => boolean): Standing {
  const isOver = record.state !== 'running' && record.state !== 'draining'
  // A word that came while this was being read is a word of now, and so is one from ahead of this machine's clock.
  return isOver || holdOf(record, Math.max(now, record.createdAt), isAlive) === 'held' ? record.state : 'lost'
}

type Named = Pick<RunIdentity, 'runId' | 'revision'>

/** Every run of every revision that was not dropped, the newest start first. Throws Failure when Kafka does not answer. */
export async function readRuns(look: Looking): Promise<RunOverview[]> {
  return await readThose(look, () => true)
}

/** One of them; null: there is none, or it was dropped. Throws Failure when Kafka does not answer. */
export async function readRun(look: Looking, { runId, revision }: Named): Promise<RunOverview | null> {
  const [found] = await readThose(look, (record) => record.runId === runId && record.revision === revision)
  return found ?? null
}

async function readThose(look: Looking, isAsked: (record: RunRecord) => boolean): Promise<RunOverview[]> {
  const { connection, codec, signal } = look
  const there = new Set(await topicNames(connection))
  if (!there.has('runs')) return []
  const newest = (await readNewest(connection, codec, signal)).filter(
    (record) => record.state !== 'dropped' && isAsked(record),
  )
  const starts = there.has('starts') ? await readStarts(connection, codec, signal) : []
  const spending = new Map<string, Spending>()
  for (const revision of new Set(newest.map((record) => record.revision))) {
    const topic = topicFor('spending', revision)
    if (!there.has(topic)) continue
    // Its revision may be dropped meanwhile, and the probe of a dry run ends so.
    const said = await unlessDeleted(connection, topic, async () => await readSpending(look, topic))
    for (const [id, record] of said ?? []) spending.set(id, record)
  }
  return newest
    .map((record) => overviewOf(record, starts, [...spending.values()], look))
    .toSorted((one, other) => other.startedAt - one.startedAt)
}

/** What each process has said last, by its start. */
async function readSpending({ connection, codec, signal }: Looking, topic: string): Promise<Map<string, Spending>> {
  const newest = new Map<string, Spending>()
  for await (const message of readTopic(connection, { topic, signal })) {
    const record = message.value.length === 0 ? null : readable({ connection, codec }, 'Spending', message)
    if (record !== null) newest.set(record.id, record)
  }
  return newest
}

function overviewOf(
  record: RunRecord,
  starts: readonly PlacedStart[],
  spending: readonly Spending[],
  look: Looking,
): RunOverview {
  const isOfRun = (other: { runId: string; revision: string }): boolean =>
    other.runId === record.runId && other.revision === record.revision
  const spent = spending.filter(isOfRun)
  const own = starts.filter(isOfRun)
  const processes = own.map((start): ProcessOverview => {
    const word = spent.find(({ id }) => id === start.id)
    // Where numbers of processes repeat, as in containers, the last start with one is the process that has it now.
    const isLast = own.findLast(({ pid, host }) => pid === start.pid && host === start.host) === start
    const isLeader = isLast && record.pid === start.pid && record.host === start.host
    const lastWordAt = Math.max(start.createdAt, word?.createdAt ?? 0, isLeader ? record.createdAt : 0)
    const { id, host, pid, parts, version, configHash, config, clickhouse, clickhouseAt } = start
    return {
      ...{ id, host, pid, parts, version, configHash, config, beganAt: start.createdAt, lastWordAt },
      ...{ clickhouse, clickhouseAt, done: word?.done ?? {} },
      // One leads at a time, and says so in the run's state: it claims the run before it leaves its start.
      isAtWork:
        isLast &&
        !hasEnded(record) &&
        (!parts.includes('produce') || (isLeader && leads(record))) &&
        speaks(start, lastWordAt, look),
    }
  })
  return {
    ...{ run: record.runId, revision: record.revision, endedBy: record.endedBy },
    state: standingOf(record, look.now, look.isAlive),
    ...{ host: record.host, pid: record.pid, startedAt: record.startedAt, finishedAt: record.finishedAt },
    lastWordAt: record.createdAt,
    problems: sumOf(spent).done[firstPart(record)] ?? 0,
    configHash: record.configHash,
    processes,
  }
}

function leads({ state }: RunRecord): boolean {
  return state === 'running' || state === 'draining'
}

/** Does nobody wait for anything to come? */
function hasEnded(record: RunRecord): boolean {
  return record.state === 'finished' || record.state === 'failed' || record.endedBy !== null || isDropped(record)
}

/** Has it spoken of late, and is it not known to be gone? */
function speaks({ host, pid }: RunStart, lastWordAt: number, { now, isAlive }: Looking): boolean {
  const isGone = host === hostname() && (pid === process.pid || !isAlive(pid))
  return !isGone && now - lastWordAt < SILENT_MS
}

/** What brings problems into a run: its producer, or the first stage of a replay. A config may be of any version. */
function firstPart({ config }: RunRecord): string {
  const written = z.looseObject({ replay: z.looseObject({ stages: z.array(z.string()) }) })
  return written.safeParse(JSON.parse(config)).data?.replay.stages[0] ?? 'produce'
}
