// What refuses a run when it is opened, in words that say what to do.

import { hostname } from 'node:os'
import { configSchema } from '../configs/schema.ts'
import type { Config } from '../configs/schema.ts'
import { planStages } from '../pipeline.ts'
import { UsageFault } from '../schemas/failure.ts'
import type { RunRecord } from '../schemas/records.ts'
import { SILENT_MS } from './run-records.ts'
import { plannedSinks } from './standing.ts'
import type { TopicCounts } from './topic-watch.ts'

/** Screening decides in the order of one log. Throws UsageFault. */
export function assertOnePartition(topic: string, counts: TopicCounts): void {
  const count = counts.get(topic) ?? 1
  if (count > 1)
    throw new UsageFault(
      `topic ${topic} has ${count} partitions, and screening needs it in one, since it decides in the order of the log: delete the topic and start a new run with another --run NAME`,
    )
}

/**
 * A part that is switched on later would begin at the beginning and pay for everything again; so it is a new run.
 * Throws UsageFault.
 */
export function assertSamePipeline(previous: RunRecord, config: Config): void {
  const before = configSchema.safeParse(JSON.parse(previous.config)).data
  if (before === undefined) return
  const describe = ({ stages, replay, sinks, out }: Config): string[] => [
    `stages ${planStages({ stages, replay })
      .map(({ name }) => name)
      .join(', ')}`,
    `sinks ${plannedSinks([], sinks)
      .map(({ part }) => part)
      .join(', ')}`,
    `out ${out}`,
  ]
  const old = describe(before)
  const faults = describe(config).filter((line, index) => line !== old[index])
  if (faults.length === 0) return
  throw new UsageFault(
    faults.map(
      (line) =>
        `${ofRun(previous)} began with ${old[describe(config).indexOf(line)]!}, not ${line}: ${anotherName(previous)}, or set it back`,
    ),
  )
}

function ofRun({ runId, revision }: RunRecord): string {
  return revision === 'main' ? `run ${runId}` : `revision ${revision} of run ${runId}`
}

function anotherName({ revision }: RunRecord): string {
  return `give another name with ${revision === 'main' ? '--run' : '--revision'}`
}

/** Another process leads it; now: milliseconds since 1970 UTC. */
export function inUse(record: RunRecord, now: number): UsageFault {
  const { pid, host } = record
  const seconds = Math.max(1, Math.ceil((record.createdAt + SILENT_MS - now) / 1000))
  const killed = host === hostname() ? '' : `; if it was killed, the run is free in ${seconds} s`
  return new UsageFault(
    `${ofRun(record)} is at work already (process ${pid} on ${host}): stop that one first, or ${anotherName(record)}${killed}`,
  )
}
