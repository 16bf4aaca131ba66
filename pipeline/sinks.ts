// The ends of a run: its sinks, each a consumer group of its own over the topics that it stores.

import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { givesResponses, groupOf } from '../pipeline.ts'
import { Failure, UsageFault } from '../schemas/failure.ts'
import type { TopicName } from '../schemas/topics.ts'
import { createClickhouseSink } from '../sinks/clickhouse.ts'
import type { Addition } from '../sinks/clickhouse/additions.ts'
import type { Database } from '../sinks/clickhouse/contract.ts'
import { embeddedFolder, openDatabase, serverOf } from '../sinks/clickhouse/database.ts'
import { createJsonSink } from '../sinks/json.ts'
import { backOffDelay, pauseFor, settledWithin, STORE_BACK_OFF } from '../stream/back-off.ts'
import type { Sink } from '../stream/delivered.ts'
import { startSink } from '../stream/sink-consumer.ts'
import type { RunningSink } from '../stream/sink-consumer.ts'
import type { OpenRun } from './open-run.ts'
import type { DataFile, RunParts } from './run-contract.ts'
import { shareDatabase } from './one-database.ts'
import { readRunRecords } from './run-records.ts'
import { lagOf, plannedSinks, topicsReadBy } from './standing.ts'
import { readAgain } from './refill.ts'
import type { Refill } from './refill.ts'
import type { ReadingPart } from './standing.ts'

export interface OpenSinks {
  readonly running: readonly RunningSink[]
  /** Puts the final files together; call when everything is through. A full disk is waited for until the signal. */
  finish(until: AbortSignal): Promise<readonly DataFile[]>
  /** Resolves when the ClickHouse sink of this process has read all of a topic, or after so many milliseconds. */
  untilRead(topic: TopicName, milliseconds: number): Promise<void>
  close(): Promise<void>
}

type SinkName = 'clickhouse' | 'json'

/** Opens and starts the sinks that run in this process. Throws UsageFault where one cannot be opened at all. */
export async function openSinks(
  parts: RunParts,
  run: Omit<OpenRun, 'readers' | 'topics' | 'lead'> & {
    /** The log has no problem of the run yet. */
    readonly isEmpty: boolean
  },
  signal: AbortSignal,
): Promise<OpenSinks> {
  const { loaded, runId, revision, log, stateDir } = parts
  const { config } = loaded
  const { connection, codec, sender } = run
  const planned = plannedSinks(run.planned, config.sinks).filter(({ part }) => parts.parts.has(part))
  const has = (name: SinkName): boolean => planned.some(({ part }) => part === name)
  const author = config.roles.answerer ?? config.roles.sampler
  const refillOf = (name: SinkName): Refill => ({
    run: { connection, runId, revision },
    reader: planned.find(({ part }) => part === name)!,
    isResumed: run.previous !== null,
    log,
    onRefill: () => parts.onRefill?.(name),
  })
  const json = has('json')
    ? createJsonSink({
        ...{ runId, revision, codec, log, startedAt: await begunAt(run, runId, signal) },
        outDir: config.out,
        limits: config.accept?.exact === true ? config.accept : {},
        model: author?.model ?? 'imported',
        onNew: async () => {
          if (run.previous !== null) await readAgain(refillOf('json'))
        },
      })
    : null
  const { server, ttl } = config.sinks.clickhouse
  const isEmbedded = serverOf({ url: parts.clickhouseUrl, server }) === null
  // Who leads must store its rows beside other runs and replays; a worker leaves that to its leader.
  const role = parts.parts.has('produce') ? 'sharer' : 'owner'
  const open = () =>
    openDatabase({ url: parts.clickhouseUrl, server, stateDir, role, log, signal, textDays: ttl.texts })
  const database = has('clickhouse') ? await patiently('clickhouse', open, parts, signal) : null
  const start = (name: SinkName, sink: Sink): Promise<RunningSink> => {
    const topics = topicsReadBy(
      planned.find(({ part }) => part === name)!,
      revision,
    )
    const group = groupOf(runId, revision, name)
    return startSink({
      ...{ connection, sender, name, group, topics, sink, runId, revision, log },
      batch: config.sinks[name].batch,
    })
  }
  const running: RunningSink[] = []
  try {
    if (database !== null) {
      const where = isEmbedded ? `${hostname()}:${resolve(embeddedFolder(stateDir))}` : database.where
      const sink = createClickhouseSink({
        ...{ database, codec, log, revision, addition: additionOf(config) },
        givesResponses: givesResponses(run.planned),
      })
      const open = async (): Promise<void> => {
        await sink.open()
        await database.ready?.()
        if (run.isEmpty) await assertNoRows(database, { runId, revision }, connection.brokers)
        await shareDatabase({
          ...{ run, database, where, signal, now: parts.now, refill: refillOf('clickhouse') },
          into: config.replay?.into ?? null,
          mayMove: parts.moveClickhouse === true,
          onMove: (from) => parts.onMove?.(from, where),
        })
      }
      running.push(await start('clickhouse', { ...sink, open }))
    }
    if (json !== null) running.push(await start('json', json))
    return {
      running,
      finish: async (until) => {
        const { sets } = json === null ? { sets: [] } : await patiently('json', () => json.finish(), parts, until)
        return sets.map(({ type, path, rows, surplus }) => ({ type, path, records: rows, surplus }))
      },
      async untilRead(topic, milliseconds) {
        if (database === null) return
        const late = AbortSignal.timeout(milliseconds)
        const reader: ReadingPart = { part: 'clickhouse', topics: [topic] }
        const read = async (): Promise<void> => {
          while (!late.aborted && (await lagOf({ connection, runId, revision }, reader)) > 0) await pauseFor(200, late)
        }
        const unreadable = (error: unknown): void => {
          log.warn({ topic, error: String(error) }, 'how far the sink has read could not be told')
        }
        await settledWithin(read().catch(unreadable), milliseconds)
      },
      close: async () => {
        await database?.close()
      },
    }
  } catch (error) {
    await Promise.all(running.map((sink) => sink.drain(0)))
    await database?.close()
    throw error
  }
}

/** Rows of a run that this Kafka knows nothing of would be mixed with those of the one that takes its name. */
async function assertNoRows(
  database: Pick<Database, 'rows' | 'where'>,
  { runId, revision }: { readonly runId: string; readonly revision: string },
  brokers: readonly string[],
): Promise<void> {
  const [row] = await database.rows<{ problems: number }>(
    'SELECT count() AS problems FROM problems FINAL WHERE run_id = {runId:String} AND revision = {revision:String}',
    { runId, revision },
  )
  if (row === undefined || row.problems === 0) return
  throw new UsageFault(
    `the database at ${database.where} has ${row.problems} problems of a run ${runId}, of which Kafka at ${brokers.join(', ')} has none: its topics were deleted, or are on another Kafka. Give another --run NAME, or bring the topics back`,
  )
}

/** What a replay adds to the rows of the revision that it reads; undefined: its rows are its own. */
function additionOf({ replay }: RunParts['loaded']['config']): Addition | undefined {
  if (replay === null || replay.into === null) return undefined
  return { into: replay.into, stage: replay.stages.includes('tag') ? 'tag' : 'reward' }
}

/** When the run began whose folder takes the data sets: those of a replay lie in the folder of its run. */
async function begunAt(
  run: Pick<OpenRun, 'connection' | 'codec' | 'planned' | 'startedAt'>,
  runId: string,
  signal: AbortSignal,
): Promise<number> {
  if (run.planned.every(({ of }) => of === undefined)) return run.startedAt
  const main = await readRunRecords(run.connection, run.codec, 'main', signal)
  return main.get(runId)?.startedAt ?? run.startedAt
}

/** Does what needs the disk of a store; where that is full or away, says so and waits. Throws the signal's reason. */
async function patiently<Result>(
  name: SinkName,
  work: () => Promise<Result>,
  { log, onTrouble }: RunParts,
  signal: AbortSignal,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    signal.throwIfAborted()
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Failure) || !DISK_TROUBLE.has(error.code)) throw error
      if (tries === 1) log.warn({ store: name, error: error.message }, 'a store has no room; trying again')
      onTrouble?.(name, error.message)
      await pauseFor(backOffDelay(tries, STORE_BACK_OFF), signal)
    }
  }
}

const DISK_TROUBLE = new Set(['disk-full', 'disk-unwritable'])
