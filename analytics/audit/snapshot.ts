// One moment of a run that may be going on, taken in an order in which nothing that moves on meanwhile can seem lost,
// doubled or made from nothing:
//
// 1. what the groups have finished. A record is finished only when what it gave rise to is acknowledged, so all of
//    that lies below every end, and in every table and file, that is looked at from now on;
// 2. the tables and files (the caller reads them). Their rows come from messages that lie below the ends of 3;
// 3. the ends of the topics, against the data's way: rejections and dead letters, then preferences and sft, and so on
//    up to problems. What lies below the end of a topic came from a record that lies below the end of the one before.
//
// What comes later than its end is not looked at. What lies between 1 and 3 counts as in flight unless its end is there.

import { groupOf } from '../../pipeline.ts'
import type { PartName } from '../../pipeline.ts'
import type { Replay } from '../../configs/replay.ts'
import { Failure } from '../../schemas/failure.ts'
import type { TopicName } from '../../schemas/topics.ts'
import { backOffDelay, BROKER_BACK_OFF, pauseFor } from '../../stream/back-off.ts'
import { decodeDoneSet } from '../../stream/done-set.ts'
import type { KafkaConnection } from '../../stream/kafka.ts'
import { committedPositions, topicEnds } from '../../stream/positions.ts'
import type { PartitionEnds } from '../../stream/positions.ts'
import { PROBLEM_TOPICS } from './entry.ts'
import type { AuditedRun } from './find-run.ts'

/** Has the group finished the record at this place? */
export type IsFinished = (partition: number, offset: number) => boolean

/** What the groups of a run have finished. */
export interface Finished {
  /** Of a part that does not read the topic: nothing. */
  of(part: PartName, topic: TopicName): IsFinished
}

export type Ends = ReadonlyMap<TopicName, readonly PartitionEnds[]>

/**
 * Step 1. isOver: the run has finished, so a group whose position the broker has forgotten (it does after a week
 * without members) has read everything.
 */
export async function takeFinished(
  connection: KafkaConnection,
  { record: { runId, revision }, readers, nameOf }: AuditedRun,
  existing: ReadonlySet<TopicName>,
  isOver: boolean,
  signal: AbortSignal,
): Promise<Finished> {
  const known = new Map<string, IsFinished>()
  for (const { part, topics } of readers) {
    const present = topics.filter((topic) => existing.has(topic))
    const names = new Map(present.map((topic) => [nameOf(topic), topic]))
    const group = groupOf(runId, revision, part)
    const positions = await insisting(() => committedPositions(connection, group, [...names.keys()]), signal)
    for (const [name, topic] of names) {
      const partitions = new Map(
        positions
          .filter((position) => position.topic === name)
          .map(({ partition, committed }) => [
            partition,
            committed === null
              ? { below: isOver ? Infinity : 0, above: new Set<number>() }
              : { below: committed.offset, above: new Set(decodeDoneSet(committed.offset, committed.metadata) ?? []) },
          ]),
      )
      known.set(`${part}/${topic}`, (partition, offset) => {
        const position = partitions.get(partition)
        return position !== undefined && (offset < position.below || position.above.has(offset))
      })
    }
  }
  return { of: (part, topic) => known.get(`${part}/${topic}`) ?? (() => false) }
}

/** A broker that has just started takes so many tries at most to find the places of its groups. */
const TRIES = 8

async function insisting<Result>(call: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof Failure) || error.retry !== 'transient' || tries === TRIES) throw error
      if (!(await pauseFor(backOffDelay(tries, BROKER_BACK_OFF), signal))) throw error
    }
  }
}

/** Step 3. Of what a replay reads, from where it begins; what was sent to it again lies behind its end. */
export async function takeEnds(
  connection: KafkaConnection,
  topics: ReadonlySet<TopicName>,
  { replay, nameOf }: Pick<AuditedRun, 'replay' | 'nameOf'>,
): Promise<Ends> {
  const ends = new Map<TopicName, readonly PartitionEnds[]>()
  const order: TopicName[] = ['rejections', 'dead-letters', ...PROBLEM_TOPICS.toReversed()]
  for (const topic of order) {
    if (!topics.has(topic)) continue
    const whole = await topicEnds(connection, nameOf(topic))
    ends.set(topic, replay?.from === topic ? whole.map((each) => behind(replay, each)) : whole)
  }
  return ends
}

function behind({ begin }: Pick<Replay, 'begin'>, { partition, low, high }: PartitionEnds): PartitionEnds {
  const first = Math.max(low, begin[partition] ?? 0)
  return { partition, low: first, high: Math.max(first, high) }
}
