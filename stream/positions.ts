// Where a group stands in its topics, and where the topics begin and end. Read through the shared admin client.

import type { Position } from './ledger.ts'
import type { KafkaConnection } from './kafka.ts'
import { splitJournalMark } from './journal-mark.ts'
import { splitMetadata } from './output-places.ts'

/** One partition's first and next offset. */
export interface PartitionEnds {
  readonly partition: number
  readonly low: number
  readonly high: number
}

/** First and next offset of each partition, by partition number. Throws Failure. */
export async function topicEnds(connection: KafkaConnection, topic: string): Promise<PartitionEnds[]> {
  const ends = await connection.ask(
    `reading the ends of topic ${topic}`,
    async (admin) => await admin.fetchTopicOffsets(topic),
  )
  return ends
    .map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }))
    .sort((one, other) => one.partition - other.partition)
}

/**
 * The offset in each partition of the first record that was written at this time (milliseconds since 1970 UTC) or
 * later; where there is none, the next offset. Throws Failure.
 */
export async function offsetsAt(
  connection: KafkaConnection,
  topic: string,
  time: number,
): Promise<Map<number, number>> {
  const found = await connection.ask(
    `looking for a time in topic ${topic}`,
    async (admin) => await admin.fetchTopicOffsetsByTimestamp(topic, time),
  )
  return new Map(found.map(({ partition, offset }) => [partition, Number(offset)]))
}

export interface Committed extends PartitionEnds {
  readonly topic: string
  /** What the group has committed; null: nothing, or something that the log does not hold any more. */
  readonly committed: Position | null
  /** True where a commit exists and lies outside the log (the topic was made anew, or records have expired). */
  readonly isOutside: boolean
  /** What the commit says about the outputs' places (see decodePlaces); null: nothing. */
  readonly places: string | null
  /** From where on the commit says that the journal is of use; null: it does not say. */
  readonly journalFrom: number | null
}

/** The group's commits and the ends of each partition of these topics. Throws Failure. */
export async function committedPositions(
  connection: KafkaConnection,
  group: string,
  topics: readonly string[],
): Promise<Committed[]> {
  const offsets = await connection.ask(
    `reading the position of group ${group}`,
    async (admin) => await admin.fetchOffsets({ groupId: group, topics: [...topics] }),
  )
  // Ends after commits: a commit that lands in between would else seem to lie outside the log.
  const ends = await Promise.all(topics.map(async (topic) => await topicEnds(connection, topic)))
  const commits = new Map(
    offsets.map(({ topic, partitions }) => [topic, new Map(partitions.map((each) => [each.partition, each]))]),
  )
  return topics.flatMap((topic, index) =>
    ends[index]!.map((end) => {
      const commit = commits.get(topic)?.get(end.partition)
      const offset = commit === undefined ? -1 : Number(commit.offset)
      const isOutside = offset >= 0 && (offset < end.low || offset > end.high)
      const { doneSet, places } = splitMetadata(commit?.metadata ?? '')
      const { from, rest } = splitJournalMark(doneSet)
      const committed = offset < 0 || isOutside ? null : { offset, metadata: rest }
      const more = committed === null ? { places: null, journalFrom: null } : { places, journalFrom: from }
      return { topic, ...end, committed, isOutside, ...more }
    }),
  )
}
