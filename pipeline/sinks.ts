// The ends of a run: its sinks, each a consumer group of its own over the topics that it stores.

import { groupOf } from '../pipeline.ts'
import { topicFor } from '../schemas/topics.ts'
import type { TopicName } from '../schemas/topics.ts'
import { createClickhouseSink } from '../sinks/clickhouse.ts'
import { openDatabase } from '../sinks/clickhouse/database.ts'
import { createJsonSink } from '../sinks/json.ts'
import { pauseFor, settledWithin } from '../stream/back-off.ts'
import type { Sink } from '../stream/delivered.ts'
import { startSink } from '../stream/sink-consumer.ts'
import type { RunningSink } from '../stream/sink-consumer.ts'
import type { OpenRun } from './open-run.ts'
import type { DataFile, RunParts } from './run-contract.ts'
import { lagOf, plannedSinks } from './standing.ts'
import type { ReadingPart } from './standing.ts'

export interface OpenSinks {
  readonly running: readonly RunningSink[]
  /** Puts the final files together; call when everything is through. */
  finish(): Promise<readonly DataFile[]>
  /** Resolves when the ClickHouse sink of this process has read all of a topic, or after so many milliseconds. */
  untilRead(topic: TopicName, milliseconds: number): Promise<void>
  close(): Promise<void>
}

type SinkName = 'clickhouse' | 'json'

/** Opens and starts the sinks that run in this process. Throws UsageFault where one cannot be opened at all. */
export async function openSinks(
  parts: RunParts,
  run: Pick<OpenRun, 'connection' | 'codec' | 'sender' | 'planned' | 'startedAt'>,
): Promise<OpenSinks> {
  const { loaded, runId, revision, log, stateDir } = parts
  const { config } = loaded
  const { connection, codec, sender } = run
  const planned = plannedSinks(run.planned, config.sinks).filter(({ part }) => parts.parts.has(part))
  const has = (name: SinkName): boolean => planned.some(({ part }) => part === name)
  const author = config.roles.answerer ?? config.roles.sampler
  const json = has('json')
    ? createJsonSink({
        ...{ runId, revision, codec, log, startedAt: run.startedAt },
        outDir: config.out,
        limits: config.accept?.exact === true ? config.accept : {},
        model: author?.model ?? 'imported',
      })
    : null
  const database = has('clickhouse')
    ? await openDatabase({
        url: parts.clickhouseUrl,
        server: config.sinks.clickhouse.server,
        stateDir,
        role: 'owner',
        log,
      })
    : null
  const start = (name: SinkName, sink: Sink): Promise<RunningSink> => {
    const topics = planned.find(({ part }) => part === name)!.topics.map((topic) => topicFor(topic, revision))
    const group = groupOf(runId, revision, name)
    return startSink({
      ...{ connection, sender, name, group, topics, sink, runId, revision, log },
      batch: config.sinks[name].batch,
    })
  }
  const running: RunningSink[] = []
  try {
    if (database !== null) {
      running.push(await start('clickhouse', createClickhouseSink({ database, codec, log, revision })))
    }
    if (json !== null) running.push(await start('json', json))
    return {
      running,
      finish: async () => {
        const { sets } = json === null ? { sets: [] } : await json.finish()
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
