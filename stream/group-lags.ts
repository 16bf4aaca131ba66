// Where many groups stand, each asked once, some side by side: with hundreds of topics and groups nobody waits for
// topics that a group does not read.

import { decodeDoneSet } from './done-set.ts'
import type { PartitionLag } from './groups-admin.ts'
import { splitJournalMark } from './journal-mark.ts'
import type { KafkaConnection } from './kafka.ts'
import { splitMetadata } from './output-places.ts'
import type { PartitionEnds } from './positions.ts'

const AT_ONCE = 8

/** By group: each partition that it has committed for. `ends`: of the topics on the broker, by name. Throws Failure. */
export async function groupLags(
  connection: KafkaConnection,
  groups: readonly string[],
  ends: ReadonlyMap<string, readonly PartitionEnds[]>,
): Promise<Map<string, PartitionLag[]>> {
  const found = new Map<string, PartitionLag[]>()
  const waiting = [...groups]
  const look = async (): Promise<void> => {
    for (let group = waiting.shift(); group !== undefined; group = waiting.shift())
      found.set(group, await lagsOf(connection, group, ends))
  }
  // The first one alone: kafkajs loses sight of sockets that it opens side by side.
  const first = waiting.shift()
  if (first !== undefined) found.set(first, await lagsOf(connection, first, ends))
  await Promise.all(Array.from({ length: AT_ONCE }, look))
  return found
}

async function lagsOf(
  connection: KafkaConnection,
  group: string,
  ends: ReadonlyMap<string, readonly PartitionEnds[]>,
): Promise<PartitionLag[]> {
  // Without topics: all that the group has committed for.
  const offsets = await connection.ask(
    `reading the position of group ${group}`,
    async (admin) => await admin.fetchOffsets({ groupId: group }),
  )
  return offsets.flatMap(({ topic, partitions }) =>
    partitions.flatMap(({ partition, offset, metadata }) => {
      const end = ends.get(topic)?.find((each) => each.partition === partition)
      const committed = Number(offset)
      if (end === undefined || committed < 0) return []
      const { low, high } = end
      const from = Math.min(Math.max(committed, low), high)
      const { rest } = splitJournalMark(splitMetadata(metadata ?? '').doneSet)
      const doneAbove = (decodeDoneSet(committed, rest) ?? []).filter((each) => each >= from && each < high).length
      return [{ topic, partition, low, end: high, committed, doneAbove, lag: high - from - doneAbove }]
    }),
  )
}
