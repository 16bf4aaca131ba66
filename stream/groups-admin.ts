// Where consumer groups stand: exact lag (records above the watermark that are finished already are not counted),
// and moving groups that have no members.

import { permanent } from '../schemas/failure.ts'
import { decodeDoneSet, encodeDoneSet } from './done-set.ts'
import type { KafkaConnection } from './kafka.ts'
import { toFailure } from './kafka-failure.ts'
import { withJournalMark } from './journal-mark.ts'
import { endPlace, withPlaces } from './output-places.ts'
import { committedPositions, topicEnds } from './positions.ts'

export interface PartitionLag {
  readonly topic: string
  readonly partition: number
  readonly low: number
  /** Next offset of the log. */
  readonly end: number
  /** First unfinished record; null: the group has committed nothing here yet. */
  readonly committed: number | null
  /** Records above `committed` that are finished. */
  readonly doneAbove: number
  /** Records of the log that the group has not finished. */
  readonly lag: number
}

/** Where a group stands in each partition of these topics. Throws Failure. */
export async function groupPosition(
  connection: KafkaConnection,
  group: string,
  topics: readonly string[],
): Promise<PartitionLag[]> {
  const positions = await committedPositions(connection, group, topics)
  return positions.map(({ topic, partition, low, high, committed }) => {
    const doneAbove = committed === null ? 0 : (decodeDoneSet(committed.offset, committed.metadata) ?? []).length
    const lag = high - (committed?.offset ?? low) - doneAbove
    return { topic, partition, low, end: high, committed: committed?.offset ?? null, doneAbove, lag }
  })
}

export interface GroupPlace {
  /** What the group's stage writes, and its journal: what lies there now is none of it. */
  readonly writes?: readonly string[]
  readonly journal?: string
  /** First offset by partition of each topic; those that are left out: at its present end. */
  readonly at?: ReadonlyMap<number, number>
}

/**
 * Commits a place in each topic for a group: the present end, so that a new run does not read what older runs left, or
 * the offsets that are given. Throws Failure permanent `group-in-use` when the group has members.
 */
export async function moveGroup(
  connection: KafkaConnection,
  group: string,
  topics: readonly string[],
  { writes = [], journal, at }: GroupPlace = {},
): Promise<void> {
  const endsOf = async (names: readonly string[]) =>
    await Promise.all(names.map(async (topic) => ({ topic, partitions: await topicEnds(connection, topic) })))
  const ends = await endsOf(topics)
  const outputs = await endsOf(writes)
  const calls = journal === undefined ? [] : await topicEnds(connection, journal)
  const metadataOf = (partition: number, inputs: number): string => {
    const places = outputs.map((output) => endPlace(output, partition, inputs))
    return withPlaces(withJournalMark('', calls[partition]?.high ?? null), writes.length === 0 ? null : places)
  }
  const placed = ends.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map(({ partition, high }) => ({
      partition,
      offset: String(at?.get(partition) ?? high),
      metadata: metadataOf(partition, partitions.length),
    })),
  }))
  await commitForEmpty(connection, group, placed, `placing group ${group}`)
}

/**
 * Commits the beginning of each topic for a group, so that it reads everything again.
 * Throws Failure permanent `group-in-use` when the group has members.
 */
export async function moveGroupToBeginning(
  connection: KafkaConnection,
  group: string,
  topics: readonly string[],
): Promise<void> {
  const ends = await Promise.all(
    topics.map(async (topic) => ({ topic, partitions: await topicEnds(connection, topic) })),
  )
  const placed = ends.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map(({ partition, low }) => ({ partition, offset: String(low), metadata: '' })),
  }))
  await commitForEmpty(connection, group, placed, `moving group ${group} to the beginning`)
}

/** Where a group is to stand: by partition of its topics. */
export interface CarriedPlace {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Offsets above that are finished, ascending, within MAX_SPREAD. */
  readonly done: readonly number[]
}

/**
 * Commits these positions for a group: one that was carried here. What the stage sends from now on lies behind the ends
 * that its outputs (`writes`) have now; `journalFrom`: where its kept calls begin, by partition.
 * Throws Failure permanent `group-in-use` when the group has members.
 */
export async function placeGroup(
  connection: KafkaConnection,
  group: string,
  places: readonly CarriedPlace[],
  { writes, journalFrom }: { readonly writes: readonly string[]; readonly journalFrom: ReadonlyMap<number, number> },
): Promise<void> {
  const outputs = await Promise.all(
    writes.map(async (topic) => ({ topic, partitions: await topicEnds(connection, topic) })),
  )
  const placed = [...Map.groupBy(places, ({ topic }) => topic)].map(([topic, partitions]) => ({
    topic,
    partitions: partitions.map(({ partition, offset, done }) => {
      const doneSet = encodeDoneSet(offset, done)
      const ends = outputs.map((output) => endPlace(output, partition, partitions.length))
      const metadata =
        writes.length === 0 ? doneSet : withPlaces(withJournalMark(doneSet, journalFrom.get(partition) ?? null), ends)
      return { partition, offset: String(offset), metadata }
    }),
  }))
  await commitForEmpty(connection, group, placed, `placing group ${group}`)
}

interface Placed {
  readonly topic: string
  readonly partitions: { partition: number; offset: string; metadata: string }[]
}

/** Commits for a group that has no members. */
async function commitForEmpty(
  connection: KafkaConnection,
  group: string,
  placed: Placed[],
  doing: string,
): Promise<void> {
  const members = await groupMembers(connection, group)
  if (members > 0) throw permanent('group-in-use', `group ${group} has ${members} members: stop that run first`)
  try {
    const cluster = await connection.cluster()
    const coordinator = await cluster.findGroupCoordinator({ groupId: group })
    // Without generation and member: a commit that the broker takes only while the group is empty.
    await coordinator.offsetCommit({ groupId: group, groupGenerationId: -1, memberId: '', topics: placed })
  } catch (error) {
    throw toFailure(error, doing)
  }
}

/** How many members a group has now. Throws Failure. */
export async function groupMembers(connection: KafkaConnection, group: string): Promise<number> {
  const { groups } = await connection.ask('reading a group', async (admin) => await admin.describeGroups([group]))
  return groups[0]?.members.length ?? 0
}

/** Names of all groups. Throws Failure. */
export async function groupNames(connection: KafkaConnection): Promise<string[]> {
  const { groups } = await connection.ask('listing groups', async (admin) => await admin.listGroups())
  return groups.map(({ groupId }) => groupId).sort()
}

/** Deletes groups without members; those that do not exist are passed over. Throws Failure. */
export async function deleteGroups(connection: KafkaConnection, groups: readonly string[]): Promise<void> {
  const existing = new Set(await groupNames(connection))
  const present = groups.filter((group) => existing.has(group))
  if (present.length > 0) await connection.ask('deleting groups', async (admin) => await admin.deleteGroups(present))
}
