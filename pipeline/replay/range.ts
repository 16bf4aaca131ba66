// Which part of a topic a replay reads. Promise: begin and end name every partition, lie within the log, and begin is
// never behind end.

import type { Replay } from '../../configs/replay.ts'
import type { KafkaConnection } from '../../stream/kafka.ts'
import { offsetsAt, topicEnds } from '../../stream/positions.ts'
import type { PartitionEnds } from '../../stream/positions.ts'

/** A moment. */
export interface Time {
  /** Milliseconds since 1970 UTC. */
  readonly at: number
  /** It was said as so long ago, so that the same words are another moment later. */
  readonly isAgo: boolean
}

export interface RangeAsked {
  /** null: the beginning, the end that the topic has now. */
  readonly since: Time | null
  readonly until: Time | null
  /** First offset, of all partitions or by partition; null: not said. */
  readonly offsets: number | ReadonlyMap<number, number> | null
  /** Goes on with what comes. */
  readonly follow: boolean
}

export type Range = Pick<Replay, 'begin' | 'end'>

/** The range on the broker's topic, or what is wrong with it. Throws Failure when Kafka does not answer. */
export async function findRange(
  connection: KafkaConnection,
  topic: string,
  asked: RangeAsked,
): Promise<Range | { readonly faults: string[] }> {
  const ends = await topicEnds(connection, topic)
  const at = async (time: Time | null): Promise<ReadonlyMap<number, number> | null> =>
    time === null ? null : await offsetsAt(connection, topic, time.at)
  return rangeOf(ends, { ...asked, topic, since: await at(asked.since), until: await at(asked.until) })
}

/** Pure: the same from the offsets that the times stand for. */
export function rangeOf(
  ends: readonly PartitionEnds[],
  asked: Pick<RangeAsked, 'offsets' | 'follow'> & {
    readonly topic: string
    readonly since: ReadonlyMap<number, number> | null
    readonly until: ReadonlyMap<number, number> | null
  },
): Range | { readonly faults: string[] } {
  const { topic, since, until, offsets, follow } = asked
  const named = typeof offsets === 'number' || offsets === null ? [] : [...offsets.keys()]
  const unknown = named.filter((partition) => !ends.some((each) => each.partition === partition))
  if (unknown.length > 0)
    return { faults: [`--offset: topic ${topic} has partitions 0 to ${ends.length - 1}, and no ${unknown.join(', ')}`] }
  const begin: Record<string, number> = {}
  const end: Record<string, number> = {}
  for (const { partition, low, high } of ends) {
    const first = since?.get(partition) ?? (typeof offsets === 'number' ? offsets : offsets?.get(partition)) ?? low
    const last = Math.min(until?.get(partition) ?? high, high)
    begin[partition] = Math.min(Math.max(first, low), follow ? high : Math.max(last, low))
    end[partition] = Math.max(last, begin[partition])
  }
  const isEmpty = ends.every(({ partition }) => begin[partition] === end[partition])
  if (isEmpty && !follow) {
    const [first, last] = [Math.min(...ends.map(({ low }) => low)), Math.max(...ends.map(({ high }) => high))]
    const why = first === last ? 'it holds nothing' : `it holds offsets ${first} to ${last - 1}`
    return { faults: [`topic ${topic} has no record in this range: ${why}; look at --since, --until and --offset`] }
  }
  return { begin, end: follow ? null : end }
}

/**
 * Says whether a replay that began with `known` was asked for with this range. What is left out, or said as so long ago,
 * is as it was at its first start. Throws Failure when Kafka does not answer.
 */
export async function isSameRange(
  connection: KafkaConnection,
  topic: string,
  known: Range,
  asked: RangeAsked,
): Promise<boolean> {
  const since = asked.since?.isAgo === true ? null : asked.since
  const until = asked.until?.isAgo === true ? null : asked.until
  if (since === null && until === null && asked.offsets === null) return true
  const found = await findRange(connection, topic, { ...asked, since, until })
  if ('faults' in found) return false
  const hasBegin = since !== null || asked.offsets !== null
  const isSame = (one: Range['end'], other: Range['end']): boolean =>
    JSON.stringify(Object.entries(one ?? {}).sort()) === JSON.stringify(Object.entries(other ?? {}).sort())
  return (!hasBegin || isSame(found.begin, known.begin)) && (until === null || isSame(found.end, known.end))
}
