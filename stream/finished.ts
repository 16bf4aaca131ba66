// What a group has brought to an end, commit or no commit: the set that a restart would find. Whoever carries a run to
// another cluster takes it along, since the places that messages name are those of this one.

import { decodeDoneSet } from './done-set.ts'
import type { KafkaConnection } from './kafka.ts'
import type { Committed, PartitionEnds } from './positions.ts'
import { type Outputs, sentBefore } from './sent-before.ts'
import { partitionName } from './tenure.ts'

/** One partition that a group has a position in. */
export interface FinishedPart {
  readonly topic: string
  readonly partition: number
  /** All records before this offset have ended. */
  readonly next: number
  /** Offsets from `next` on that have ended too, ascending. */
  readonly above: readonly number[]
}

/**
 * What had ended by these ends: `positions` were read before them, so all that came of what is committed lies below
 * them; of the rest it is looked for there. outputs: what the stage writes; null for a sink. Throws Failure.
 */
export async function finishedParts(
  connection: KafkaConnection,
  positions: readonly Committed[],
  outputs: Outputs | null,
  ends: ReadonlyMap<string, readonly PartitionEnds[]>,
  signal: AbortSignal,
): Promise<FinishedPart[]> {
  const placed = positions.filter(({ committed }) => committed !== null)
  const counts = new Map([...ends].map(([topic, partitions]) => [topic, partitions.length]))
  const sent = outputs === null ? null : await sentBefore(connection, outputs, placed, counts, signal, ends)
  return placed.map(({ topic, partition, committed }) => {
    const { offset, metadata } = committed!
    const found = sent?.get(partitionName(topic, partition))?.ended ?? []
    const above = new Set([...(decodeDoneSet(offset, metadata) ?? []), ...found.filter((each) => each >= offset)])
    return { topic, partition, next: offset, above: [...above].sort((one, other) => one - other) }
  })
}
