// Reads what the journal holds of some partitions of a stage. Promises: of each key the newest value counts and an empty
// one takes it away; only results of records that are not finished are kept in memory; a value that cannot be read is
// logged and passed over, since its call can be made again.

import type { Codec } from '../schemas/codec.ts'
import { Failure } from '../schemas/failure.ts'
import type { Logger } from '../schemas/logger.ts'
import type { Delivered } from './delivered.ts'
import type { KafkaConnection } from './kafka.ts'
import { type PartitionEnds, topicEnds } from './positions.ts'
import { readTopic } from './read-topic.ts'

/** A stage of a run and revision, and the topic that it reads. */
export interface JournalPlace {
  readonly runId: string
  readonly revision: string
  readonly stage: string
  /** Name on the broker. */
  readonly from: string
}

/** What was left by earlier members for one record. */
export interface LeftCalls {
  /** Offset in the journal of the first entry of the record; none lies before it. */
  since: number
  /** By the call's name; empty where the record is finished. */
  readonly results: Map<string, unknown>
  /** All calls that have an entry. */
  readonly names: Set<string>
}

/** The topic that the journal lies on. Both throw Failure. */
export interface JournalTopic {
  /** Name on the broker. */
  readonly name: string
  /** First and next offset of each partition, by partition number. */
  ends(): Promise<PartitionEnds[]>
  /** The entries of these partitions from the given offsets to the end, in offset order within a partition. */
  read(from: ReadonlyMap<number, number>, signal: AbortSignal): AsyncIterable<Delivered>
}

export interface ReadCallsOptions {
  readonly codec: Codec
  readonly place: JournalPlace
  /** First offset in the journal by partition: only these are read, up to the end. */
  readonly from: ReadonlyMap<number, number>
  readonly isFinished: (partition: number, offset: number) => boolean
  readonly signal: AbortSignal
  readonly log: Logger
}

/** A topic on the broker. */
export function journalTopic(connection: KafkaConnection, name: string): JournalTopic {
  const ends = async () => await topicEnds(connection, name)
  return {
    name,
    ends,
    async *read(from, signal) {
      const others = (await ends()).filter(({ partition }) => !from.has(partition))
      const to = new Map(others.map(({ partition }) => [partition, 0]))
      yield* readTopic(connection, { topic: name, from, to, signal })
    },
  }
}

/** Key of an entry: names the record by its place, so that a repeated record has entries of its own. */
export function callKey({ runId, revision, stage }: JournalPlace, partition: number, offset: number, name: string) {
  return `${runId}/${revision}/${stage}/${partition}/${offset}/${name}`
}

/** By partition and the record's offset. Throws Failure when Kafka does not answer, the signal's reason when aborted. */
export async function readCalls(
  topic: JournalTopic,
  options: ReadCallsOptions,
): Promise<Map<number, Map<number, LeftCalls>>> {
  const { place, from, signal } = options
  const prefix = `${place.runId}/${place.revision}/${place.stage}/`
  const found = new Map([...from.keys()].map((partition) => [partition, new Map<number, LeftCalls>()]))
  for await (const message of topic.read(from, signal)) {
    if (!message.key.startsWith(prefix)) continue
    const [, partition, offset, name] = /^(\d+)\/(\d+)\/(.+)$/.exec(message.key.slice(prefix.length)) ?? []
    if (name === undefined || Number(partition) !== message.partition) continue
    note(found.get(message.partition)!, Number(offset), name, message, options)
  }
  return found
}

function note(
  records: Map<number, LeftCalls>,
  offset: number,
  name: string,
  message: Delivered,
  options: ReadCallsOptions,
): void {
  const record = records.get(offset)
  if (message.value.length === 0) {
    record?.names.delete(name)
    record?.results.delete(name)
    if (record?.names.size === 0) records.delete(offset)
    return
  }
  const at = Number(message.offset)
  const taken = record ?? { since: at, results: new Map<string, unknown>(), names: new Set<string>() }
  taken.names.add(name)
  records.set(offset, taken)
  if (options.isFinished(message.partition, offset)) return
  const result = resultIn(message, options)
  if (result === undefined) taken.results.delete(name)
  else taken.results.set(name, result)
}

/** undefined: it cannot be used, and the log says why. */
function resultIn({ key, value, partition, offset }: Delivered, { codec, place, log }: ReadCallsOptions): unknown {
  try {
    const call = codec.decode('Call', value)
    if (call.topic === place.from) return JSON.parse(call.result)
    log.info({ key, topic: call.topic }, 'a kept model call is about a record of another topic; it is not used')
  } catch (error) {
    if (!(error instanceof Failure || error instanceof SyntaxError)) throw error
    log.warn({ key, partition, offset: Number(offset), error: error.message }, 'a kept model call cannot be read')
  }
  return undefined
}
