// One moment of a run that may be at work, for a dump: first what its groups have committed, then the ends of its topics
// against the data's way. So what came of every record that has ended by then lies below the ends, and what lies below
// them came from a record that does too.

import { configSchema } from '../../configs/schema.ts'
import { groupOf, PART_NAMES, planStages, writtenBy } from '../../pipeline.ts'
import type { PartName } from '../../pipeline.ts'
import { UsageFault } from '../../schemas/failure.ts'
import type { RunRecord } from '../../schemas/records.ts'
import { topicFor } from '../../schemas/topics.ts'
import { finishedParts } from '../../stream/finished.ts'
import type { FinishedPart } from '../../stream/finished.ts'
import { groupNames } from '../../stream/groups-admin.ts'
import type { KafkaConnection } from '../../stream/kafka.ts'
import { committedPositions, topicEnds } from '../../stream/positions.ts'
import type { Committed, PartitionEnds } from '../../stream/positions.ts'
import type { Outputs } from '../../stream/sent-before.ts'

export interface Snapshot {
  /** By topic on the broker. */
  readonly ends: ReadonlyMap<string, readonly PartitionEnds[]>
  readonly groups: readonly {
    readonly part: PartName
    readonly revision: string
    /** Topics that it writes, in the stage's order; none: a sink. */
    readonly writes: readonly string[]
    readonly parts: readonly FinishedPart[]
  }[]
}

/** `records`: the newest of each revision. `topics`: on the broker, in the data's way. Throws UsageFault, Failure. */
export async function takeSnapshot(
  connection: KafkaConnection,
  records: readonly RunRecord[],
  topics: readonly string[],
  signal: AbortSignal,
): Promise<Snapshot> {
  const known = new Set(await groupNames(connection))
  const committed: { record: RunRecord; part: PartName; positions: Committed[] }[] = []
  for (const record of records)
    for (const part of PART_NAMES) {
      const group = groupOf(record.runId, record.revision, part)
      if (!known.has(group)) continue
      committed.push({ record, part, positions: await committedPositions(connection, group, topics) })
    }
  const ends = new Map<string, readonly PartitionEnds[]>()
  for (const topic of topics.toReversed()) ends.set(topic, await topicEnds(connection, topic))
  const groups: Snapshot['groups'][number][] = []
  for (const { record, part, positions } of committed) {
    const outputs = outputsOf(record, part, ends)
    const parts = await finishedParts(connection, positions, outputs, ends, signal)
    groups.push({ part, revision: record.revision, writes: outputs?.topics ?? [], parts })
  }
  return { ends, groups }
}

/** What a part writes; null for a sink. */
function outputsOf(
  { runId, revision, config, version }: RunRecord,
  part: PartName,
  ends: Snapshot['ends'],
): Outputs | null {
  const read = configSchema.safeParse(JSON.parse(config))
  if (!read.success)
    throw new UsageFault(
      `run ${runId} was made by version ${version}, whose config this version does not read: dump it with that one`,
    )
  const stage = planStages(read.data).find(({ name }) => name === part)
  if (stage === undefined) return null
  const topics = writtenBy(stage).map((topic) => topicFor(topic, revision))
  return { runId, revision, stage: stage.name, topics: topics.filter((topic) => ends.has(topic)) }
}
