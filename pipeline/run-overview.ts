// How the runs on a Kafka stand, for whoever asks: the state that each has written, whether somebody still holds it, and
// the processes that work or worked at it. Promise: a run whose process was killed is `lost`, never `running` for ever.

import { z } from 'zod'
import type { Codec } from '../schemas/codec.ts'
import type { RunRecord, RunStart, RunState, Spending } from '../schemas/records.ts'
import { topicFor } from '../schemas/topics.ts'
import type { KafkaConnection } from '../stream/kafka.ts'
import { readTopic } from '../stream/read-topic.ts'
import { topicNames, unlessDeleted } from '../stream/topics-admin.ts'
import { readable } from './read-records.ts'
import { holdOf, readNewest } from './run-records.ts'
import { readStarts } from './run-starts.ts'
import { sumOf } from './spending.ts'

/** lost: it says that it is at work, and its process is gone or has been silent for too long. */
export type Standing = RunState | 'lost'

/** One start of one process. */
export interface ProcessOverview {
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
  /** It has said something of late, and its run has not ended. */
  readonly isAtWork: boolean
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
  return isOver || holdOf(record, now, isAlive) === 'held' ? record.state : 'lost'
}

/** Every run of every revision that was not dropped, the newest start first. Throws Failure when Kafka does not answer. */
export async function readRuns(look: Looking): Promise<RunOverview[]> {
  const { connection, codec, signal } = look
  const there = new Set(await topicNames(connection))
  if (!there.has('runs')) return []
  const newest = (await readNewest(connection, codec, signal)).filter(({ state }) => state !== 'dropped')
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
  starts: readonly RunStart[],
  spending: readonly Spending[],
  { now, isAlive }: Looking,
): RunOverview {
  const isOfRun = (other: { runId: string; revision: string }): boolean =>
    other.runId === record.runId && other.revision === record.revision
  const spent = spending.filter(isOfRun)
  const state = standingOf(record, now, isAlive)
  const isOver = state !== 'running' && state !== 'draining'
  const processes = starts.filter(isOfRun).map((start): ProcessOverview => {
    const word = spent.find(({ id }) => id === start.id)
    const isLeader = record.pid === start.pid && record.host === start.host && record.createdAt >= start.createdAt
    const lastWordAt = Math.max(start.createdAt, word?.createdAt ?? 0, isLeader ? record.createdAt : 0)
    const said = { ...record, ...start, state: 'running' as const, createdAt: lastWordAt }
    return {
      ...{ host: start.host, pid: start.pid, parts: start.parts, version: start.version },
      ...{ configHash: start.configHash, config: start.config, beganAt: start.createdAt, lastWordAt },
      isAtWork: !isOver && holdOf(said, now, isAlive) === 'held',
      done: word?.done ?? {},
    }
  })
  return {
    ...{ run: record.runId, revision: record.revision, state, endedBy: record.endedBy },
    ...{ host: record.host, pid: record.pid, startedAt: record.startedAt, finishedAt: record.finishedAt },
    lastWordAt: record.createdAt,
    problems: sumOf(spent).done[firstPart(record)] ?? 0,
    configHash: record.configHash,
    processes,
  }
}

/** What brings problems into a run: its producer, or the first stage of a replay. A config may be of any version. */
function firstPart({ config }: RunRecord): string {
  const written = z.looseObject({ replay: z.looseObject({ stages: z.array(z.string()) }) })
  return written.safeParse(JSON.parse(config)).data?.replay.stages[0] ?? 'produce'
}
