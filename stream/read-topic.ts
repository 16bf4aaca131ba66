// Reads a topic from some offset to the end that it has now, without a consumer group.
// Promises: every record between is yielded once, in offset order within a partition, and then the loop ends;
// nothing is left behind on the broker.

import type { Cluster, KafkaMessage } from 'kafkajs'
import { permanent } from '../schemas/failure.ts'
import { MAX_RECORD_BYTES } from '../schemas/topics.ts'
import { headerTexts, type Message, toMessage } from './arrival.ts'
import { backOffDelay, type BackOff, BROKER_BACK_OFF, pauseFor } from './back-off.ts'
import type { Delivered } from './delivered.ts'
import { CLIENT_RETRY, type KafkaConnection } from './kafka.ts'
import { kafkaErrorType, toFailure } from './kafka-failure.ts'
import { topicEnds } from './positions.ts'

export interface ReadTopicOptions {
  readonly topic: string
  /** First offset by partition; partitions that are left out, and `beginning`: from what the log still holds. */
  readonly from?: 'beginning' | ReadonlyMap<number, number>
  /** Only these; default: all. */
  readonly partitions?: ReadonlySet<number>
  /** Offset by partition before which to stop; partitions that are left out: at the end seen at the start. */
  readonly to?: ReadonlyMap<number, number>
  /** Bytes (compressed) of one fetch; a larger record still comes. Default 16 MiB. */
  readonly fetchBytes?: number
  /** Bytes that a fetch may come to in memory, about: fetches are then sized by what those before came to. */
  readonly heldBytes?: number
  readonly signal: AbortSignal
}

interface Reading {
  next: number
  readonly end: number
}

type Fetched = KafkaMessage & { isControlRecord?: boolean }

/** A message at its place, every byte as it lay there. */
export interface PlacedMessage extends Message {
  readonly partition: number
  readonly offset: number
}

/** A message as it was fetched: key, value and headers are views on the fetch. */
export type FetchedMessage = KafkaMessage

/** kafkajs's types leave out what a fetch answers with. */
interface FetchAnswer {
  responses: { topicName: string; partitions: { partition: number; messages: Fetched[] }[] }[]
}

const FETCH_BYTES = 16 * 1024 * 1024
/**
 * An answer without a record is believed when so many have come one after another, about a second apart in all: whoever
 * looks for what was sent before must not take a slow broker for an empty log.
 */
const EMPTY_TRIES = 4
const EMPTY_BACK_OFF: BackOff = { first: 100, longest: 400 }
/** Where fetches are sized by what they come to: the first, the least, and what a message takes besides its bytes. */
const FIRST_BYTES = 128 * 1024
const LEAST_BYTES = 16 * 1024
const MESSAGE_BYTES = 600

/** The same as readTopic, with key and headers as bytes. */
export async function* readMessages(
  connection: KafkaConnection,
  options: ReadTopicOptions,
): AsyncGenerator<PlacedMessage, void, undefined> {
  for await (const [partition, batch] of readBatches(connection, options)) {
    for (const message of batch) {
      yield { partition, offset: Number(message.offset), ...toMessage(message) }
      options.signal.throwIfAborted()
    }
  }
}

/**
 * Yields the records of a topic up to the ends seen at the start. Throws the signal's reason when aborted,
 * Failure transient `kafka-unavailable` when the broker stays away over several tries.
 */
export async function* readTopic(
  connection: KafkaConnection,
  options: ReadTopicOptions,
): AsyncGenerator<Delivered, void, undefined> {
  for await (const [partition, batch] of readBatches(connection, options)) {
    for (const each of batch) {
      yield toDelivered(options.topic, partition, each)
      options.signal.throwIfAborted()
    }
  }
}

/**
 * The same by batches of one partition, uncopied: for whoever looks at keys and headers of millions of records. next: from
 * where on the partition is still to be read; marks of transactions are done with although they are no records.
 */
export async function* readBatches(
  connection: KafkaConnection,
  options: ReadTopicOptions,
): AsyncGenerator<readonly [partition: number, batch: readonly KafkaMessage[], next: number], void, undefined> {
  const { topic, signal } = options
  signal.throwIfAborted()
  const from = options.from === undefined || options.from === 'beginning' ? new Map<number, number>() : options.from
  const readings = new Map<number, Reading>()
  for (const { partition, low, high } of await topicEnds(connection, topic)) {
    if (options.partitions?.has(partition) === false) continue
    const next = Math.max(from.get(partition) ?? low, low)
    const end = Math.min(options.to?.get(partition) ?? high, high)
    if (next < end) readings.set(partition, { next, end })
  }
  const { heldBytes, fetchBytes = FETCH_BYTES } = options
  let bytes = heldBytes === undefined ? fetchBytes : FIRST_BYTES
  for (let failures = 0, empty = 0; readings.size > 0;) {
    signal.throwIfAborted()
    let messages
    try {
      messages = await fetchSome(await connection.cluster(), topic, readings, bytes)
      failures = 0
    } catch (error) {
      if (kafkaErrorType(error) === 'OFFSET_OUT_OF_RANGE') await skipExpired(connection, topic, readings)
      // A fresh client: new leaders, and none of the topics that were deleted meanwhile.
      else await connection.close()
      failures += 1
      if (failures > CLIENT_RETRY.retries) throw toFailure(error, `reading topic ${topic}`)
      if (!(await pauseFor(backOffDelay(failures, BROKER_BACK_OFF), signal))) signal.throwIfAborted()
      continue
    }
    if (heldBytes !== undefined) bytes = nextFetch(bytes, heldBytes, messages)
    if ([...messages.values()].every((each) => each.length === 0)) {
      // Nothing: a broker that is slow or throttles us, or what is left before the ends was compacted or has expired.
      empty += 1
      if (empty > EMPTY_TRIES) return
      await skipExpired(connection, topic, readings)
      if (!(await pauseFor(backOffDelay(empty, EMPTY_BACK_OFF), signal))) signal.throwIfAborted()
      continue
    }
    empty = 0
    for (const [partition, batch] of messages) {
      const reading = readings.get(partition)
      if (reading === undefined) continue
      const taken = take(reading, batch)
      if (reading.next >= reading.end) readings.delete(partition)
      yield [partition, taken, reading.next]
      signal.throwIfAborted()
    }
  }
}

/** Bytes to ask for next, so that they come to about so many in memory; twice as many as now at most. */
function nextFetch(now: number, wanted: number, messages: ReadonlyMap<number, readonly Fetched[]>): number {
  let held = 0
  for (const batch of messages.values())
    for (const { key, value } of batch) held += MESSAGE_BYTES + (key?.length ?? 0) + (value?.length ?? 0)
  const scale = held === 0 ? 1 : Math.min(2, wanted / held)
  return Math.min(FETCH_BYTES, Math.max(LEAST_BYTES, Math.floor(now * scale)))
}

/** One fetch from each broker that leads some of the partitions; it may begin before what was asked for. */
export async function fetchSome(
  cluster: Cluster,
  topic: string,
  readings: ReadonlyMap<number, Reading>,
  maxBytes: number,
): Promise<Map<number, Fetched[]>> {
  await cluster.addTargetTopic(topic)
  await cluster.refreshMetadataIfNecessary()
  const leaders = cluster.findLeaderForPartitions(topic, [...readings.keys()])
  const found = new Map<number, Fetched[]>()
  for (const [nodeId, partitions] of Object.entries(leaders)) {
    const broker = await cluster.findBroker({ nodeId })
    const answer = (await broker.fetch({
      maxWaitTime: 100,
      minBytes: 1,
      maxBytes,
      isolationLevel: 0,
      topics: [
        {
          topic,
          partitions: partitions.map((partition) => ({
            partition,
            fetchOffset: String(readings.get(partition)!.next),
            maxBytes: MAX_RECORD_BYTES + 1024 * 1024,
          })),
        },
      ],
    })) as FetchAnswer
    for (const { partitions: answered } of answer.responses)
      for (const { partition, messages } of answered) found.set(partition, messages)
  }
  return found
}

/** The records of a fetch that were asked for; moves the reading on. */
function take(reading: Reading, messages: readonly Fetched[]): Fetched[] {
  const taken: Fetched[] = []
  for (const message of messages) {
    const offset = Number(message.offset)
    if (offset < reading.next || offset >= reading.end) continue
    reading.next = offset + 1
    if (message.isControlRecord !== true) taken.push(message)
  }
  // Nothing of it was before the end: what was there is compacted.
  if (Number(messages.at(-1)?.offset ?? -1) >= reading.end) reading.next = reading.end
  return taken
}

/** Records may expire while they are read. */
async function skipExpired(connection: KafkaConnection, topic: string, readings: Map<number, Reading>): Promise<void> {
  for (const { partition, low, high } of await topicEnds(connection, topic)) {
    const reading = readings.get(partition)
    if (reading === undefined) continue
    if (high < reading.next) throw permanent('topic-changed', `topic ${topic} was made anew while it was read`)
    reading.next = Math.max(reading.next, low)
    if (reading.next >= reading.end) readings.delete(partition)
  }
}

function toDelivered(topic: string, partition: number, message: KafkaMessage): Delivered {
  return {
    topic,
    partition,
    offset: BigInt(message.offset),
    timestamp: Number(message.timestamp),
    key: message.key?.toString() ?? '',
    value: Buffer.from(message.value ?? Buffer.alloc(0)),
    headers: headerTexts(message.headers ?? {}),
  }
}
