// Finds out which records have already come to an end although the commit does not say so: a process that is killed
// between sending and committing leaves outputs behind, and models would not give the same text twice. Promises: a
// record is named only if all that came of it is on the log; nothing is read where no record is open; what is read is
// the outputs' tail since the commit, and all of them only where the commit does not say where that begins.

import type { KafkaConnection } from './kafka.ts'
import { FROM_HEADER, PART_HEADER, REVISION_HEADER, RUN_HEADER, STAGE_HEADER, type Stamp } from './outgoing.ts'
import { decodePlaces, endPlace, type OutputPlaces } from './output-places.ts'
import { type Committed, topicEnds, type PartitionEnds } from './positions.ts'
import { readTopic } from './read-topic.ts'
import { partitionName } from './tenure.ts'

/** What a stage writes: all topics on the broker to which anything of a record may go. */
export interface Outputs extends Stamp {
  readonly stage: string
  /** They exist. Always in the same order. */
  readonly topics: readonly string[]
}

export interface SentBefore {
  /** Offsets of records that have ended, ascending, none before the commit; some of them it may know. */
  readonly ended: readonly number[]
  /** How far the outputs were read: what the partition sends from now on lands above. */
  readonly places: OutputPlaces
}

/**
 * Looks through the outputs for what came of these partitions, by partitionName; up to `until` (by topic) where it is
 * given, else to their ends. Throws Failure, the signal's reason.
 */
export async function sentBefore(
  connection: KafkaConnection,
  { topics, ...owner }: Outputs,
  partitions: readonly Committed[],
  inputs: ReadonlyMap<string, number>,
  signal: AbortSignal,
  until?: ReadonlyMap<string, readonly PartitionEnds[]>,
): Promise<Map<string, SentBefore>> {
  const outputs = await Promise.all(
    topics.map(async (topic) => ({ topic, partitions: until?.get(topic) ?? (await topicEnds(connection, topic)) })),
  )
  const ways = partitions.map((partition) => wayOf(partition, inputs.get(partition.topic)!, outputs))
  const collected = new Map(ways.map(({ name }) => [name, collectEnds()]))
  const first = new Map(ways.map(({ name, begin }) => [name, begin]))
  for (const [index, { topic, partitions: ends }] of outputs.entries()) {
    const from = new Map<number, number>()
    for (const { since } of ways.filter(({ isOpen }) => isOpen))
      for (const [partition, next] of since[index]!) from.set(partition, Math.min(next, from.get(partition) ?? next))
    if (from.size === 0) continue
    const to = new Map(ends.map(({ partition, low, high }) => [partition, from.has(partition) ? high : low]))
    for await (const { headers } of readTopic(connection, { topic, from, to, signal })) {
      if (headers[RUN_HEADER] !== owner.runId || headers[REVISION_HEADER] !== owner.revision) continue
      if (headers[STAGE_HEADER] !== owner.stage) continue
      const [, name = '', offset] = /^(.+)\/(\d+)$/.exec(headers[FROM_HEADER] ?? '') ?? []
      // What lies before the commit is known; where all outputs are read, that is most of them.
      if (Number(offset) >= (first.get(name) ?? Infinity))
        collected.get(name)?.note(Number(offset), headers[PART_HEADER])
    }
  }
  return new Map(ways.map(({ name, places }) => [name, { ended: collected.get(name)!.ended(), places }]))
}

/** Where to look for what came of one partition. */
function wayOf(
  { topic, partition, high, committed, places: text }: Committed,
  inputs: number,
  outputs: readonly { readonly topic: string; readonly partitions: readonly PartitionEnds[] }[],
): { name: string; begin: number; isOpen: boolean; since: ReadonlyMap<number, number>[]; places: OutputPlaces } {
  const known = decodePlaces(
    text,
    outputs.map((output) => output.topic),
  )
  const places = outputs.map((output) => endPlace(output, partition, inputs))
  const since = outputs.map(({ partitions }, index) => {
    const old = known?.[index]?.partitions === partitions.length ? known[index].next : undefined
    const first = (each: number): number => {
      const { low, high: end } = partitions[each]!
      const next = old?.get(each) ?? low
      // Beyond the end: the topic was made anew.
      return next > end ? low : Math.max(next, low)
    }
    return new Map([...places[index]!.next.keys()].map((each) => [each, first(each)]))
  })
  const begin = committed?.offset ?? 0
  return { name: partitionName(topic, partition), begin, isOpen: begin < high, since, places }
}

/** Says of which offsets all parts have been noted. A part is `2/3`; undefined: the only one. */
export function collectEnds(): { note(offset: number, part: string | undefined): void; ended(): number[] } {
  const ended = new Set<number>()
  const parts = new Map<string, Set<string>>()
  return {
    note(offset, part = '1/1') {
      const of = Number(part.split('/')[1])
      const name = `${offset}/${of}`
      const seen = parts.get(name) ?? new Set()
      if (seen.add(part).size < of) parts.set(name, seen)
      else {
        ended.add(offset)
        parts.delete(name)
      }
    },
    ended: () => [...ended].sort((one, other) => one - other),
  }
}
