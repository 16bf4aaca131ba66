// One moment of a run that may be at work, for a dump: first what its groups have committed, then the ends of its topics
// against the data's way. So what came of every record that has ended by then lies below the ends, and what lies below
// them came from a record that does too. What is kept by key is read on to the ends at once; where something there was
// gone already, another moment is taken.

import { configSchema } from '../../configs/schema.ts'
import { groupOf, PART_NAMES, planStages, writtenBy } from '../../pipeline.ts'
import type { PartName } from '../../pipeline.ts'
import { transient, UsageFault } from '../../schemas/failure.ts'
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

export interface SnapshotParts {
  readonly connection: KafkaConnection
  /** The newest of each revision. */
  readonly records: readonly RunRecord[]
  /** On the broker, in the data's way. */
  readonly topics: readonly string[]
  /** Reads on what is kept by key; false: not all of it was there any more. */
  readonly readOn: (ends: Snapshot['ends']) => Promise<boolean>
  readonly signal: AbortSignal
}

/** So many moments are tried. */
const MOST_MOMENTS = 20

/** Throws UsageFault, Failure. */
export async function takeSnapshot(parts: SnapshotParts): Promise<Snapshot> {
  const { connection, readOn, signal } = parts
  let { committed, ends } = await takeMoment(parts)
  for (let taken = 1; !(await readOn(ends)); taken += 1) {
    if (taken === MOST_MOMENTS)
      throw transient(
        'log-moves',
        'what is kept by key goes from its topics faster than it is read: dump the run later',
      )
    ;({ committed, ends } = await takeMoment(parts))
  }
  const groups: Snapshot['groups'][number][] = []
  for (const { record, part, positions } of committed) {
    const outputs = outputsOf(record, part, ends)
    const found = await finishedParts(connection, positions, outputs, ends, signal)
    groups.push({ part, revision: record.revision, writes: outputs?.topics ?? [], parts: found })
  }
  return { ends, groups }
}

async function takeMoment({ connection, records, topics }: SnapshotParts) {
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
  return { committed, ends }
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
