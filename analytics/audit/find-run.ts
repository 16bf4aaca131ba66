// The run that is asked for, by its newest record on the log: its stages, its sinks, and what they were told.

import type { Config } from '../../configs/schema.ts'
import { configSchema } from '../../configs/schema.ts'
import { nearest } from '../../configs/nearest.ts'
import { planStages } from '../../pipeline.ts'
import type { PlannedStage } from '../../pipeline.ts'
import { readRunRecords } from '../../pipeline/run-records.ts'
import { plannedSinks, readingParts } from '../../pipeline/standing.ts'
import type { ReadingPart } from '../../pipeline/standing.ts'
import { UsageFault } from '../../schemas/failure.ts'
import type { Codec } from '../../schemas/codec.ts'
import type { RunRecord } from '../../schemas/records.ts'
import type { KafkaConnection } from '../../stream/kafka.ts'
import { topicNames } from '../../stream/topics-admin.ts'

/** Which run, and where it is looked for. */
export interface RunAsked {
  readonly connection: KafkaConnection
  readonly codec: Codec
  readonly run?: string | undefined
  readonly revision?: string | undefined
}

export interface AuditedRun {
  readonly record: RunRecord
  readonly config: Config
  readonly planned: readonly PlannedStage[]
  /** Stages and sinks, each with the topics that its group reads. */
  readonly readers: readonly ReadingPart[]
}

/** Throws UsageFault when there is no such run, or its config is of another version of this program. */
export async function findAuditedRun(
  { connection, codec, run, revision = 'main' }: RunAsked,
  signal: AbortSignal,
): Promise<AuditedRun> {
  const isThere = (await topicNames(connection)).includes('runs')
  const known = isThere ? await readRunRecords(connection, codec, revision, signal) : new Map<string, RunRecord>()
  const newest = [...known.values()].toSorted((left, right) => right.createdAt - left.createdAt)
  const record = run === undefined ? newest[0] : known.get(run)
  if (record === undefined) throw unknownRun(connection.brokers, revision, run, newest)
  const config = configSchema.safeParse(JSON.parse(record.config))
  if (!config.success)
    throw new UsageFault(
      `run ${record.runId} was made by version ${record.version}, whose config this version does not read: audit it with that one`,
    )
  const planned = planStages(config.data)
  return {
    record,
    config: config.data,
    planned,
    readers: readingParts(planned, plannedSinks(planned, config.data.sinks)),
  }
}

function unknownRun(
  brokers: readonly string[],
  revision: string,
  run: string | undefined,
  newest: readonly RunRecord[],
): UsageFault {
  const of = revision === 'main' ? '' : ` of revision ${revision}`
  const where = `Kafka at ${brokers.join(', ')}`
  if (newest.length === 0) return new UsageFault(`${where} knows no run${of}`)
  const names = newest.map(({ runId }) => runId)
  const near = nearest(run ?? '', names)
  const hint = near === null ? `there is ${names.slice(0, 10).join(', ')}` : `did you mean ${near}?`
  return new UsageFault(`${where} knows no run ${run ?? ''}${of}; ${hint}`)
}
