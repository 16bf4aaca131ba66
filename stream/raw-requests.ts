// Two requests that Kafka answers and kafkajs does not have: where many partitions stand at a time, all in one question
// (ListOffsets 7, which also knows the newest message), and how many bytes they take on the disks (DescribeLogDirs 1).
// The kafkajs version is pinned; test/stream/topic-sizes.test.ts holds the seam.

import { createRequire } from 'node:module'
import type { Cluster } from 'kafkajs'
import { permanent } from '../schemas/failure.ts'
import type { KafkaConnection } from './kafka.ts'
import { toFailure } from './kafka-failure.ts'

const require = createRequire(import.meta.url)

interface Encoder {
  writeInt8(value: number): Encoder
  writeInt16(value: number): Encoder
  writeInt32(value: number): Encoder
  writeInt64(value: number | bigint): Encoder
  writeUVarInt(value: number): Encoder
  writeUVarIntString(value: string): Encoder
  writeUVarIntArray(items: Encoder[]): Encoder
}

interface Decoder {
  readInt16(): number
  readInt32(): number
  readInt64(): { toString(): string }
  readBoolean(): boolean
  readString(): string
  readUVarIntString(): string
  readArray<Item>(read: (decoder: Decoder) => Item): Item[]
  readUVarIntArray<Item>(read: (decoder: Decoder) => Item): Item[]
  readTaggedFields(): unknown
}

const NewEncoder = require('kafkajs/src/protocol/encoder') as new () => Encoder
const NewDecoder = require('kafkajs/src/protocol/decoder') as new (data: Buffer) => Decoder

/** kafkajs's types leave out what a broker is made of. */
interface Broker {
  connectionPool: { send<Answer>(request: RawRequest<Answer>): Promise<Answer> }
  versions: Readonly<Record<number, { minVersion: number; maxVersion: number } | undefined>> | null
}

interface RawRequest<Answer> {
  readonly request: {
    readonly apiKey: number
    readonly apiVersion: number
    readonly apiName: string
    readonly encode: () => Promise<Encoder>
  }
  readonly response: {
    readonly decode: (data: Buffer) => Promise<{ answer: Answer }>
    readonly parse: (decoded: { answer: Answer }) => Promise<Answer>
  }
}

/** Topics with the numbers of some of their partitions. */
export type PartitionsByTopic = ReadonlyMap<string, readonly number[]>

/** What ListOffsets calls times that are none. */
export const LATEST = -1
export const EARLIEST = -2
export const NEWEST_TIME = -3

export interface PlacedTime {
  readonly topic: string
  readonly partition: number
  /** -1: there is no such message. */
  readonly offset: number
  /** Milliseconds since 1970 UTC; -1 for LATEST and EARLIEST. */
  readonly timestamp: number
}

/**
 * Of each partition the first message of this time or a later one (or what the constants say), asked of one broker, which
 * leads them. Partitions that it does not lead (any more) are left out. Throws Failure.
 */
export async function listOffsets(
  connection: KafkaConnection,
  nodeId: string,
  topics: PartitionsByTopic,
  time: number,
): Promise<PlacedTime[]> {
  const encode = () =>
    Promise.resolve(
      // Header and body end in an empty set of tagged fields.
      new NewEncoder()
        .writeInt8(0)
        .writeInt32(-1)
        .writeInt8(0)
        .writeUVarIntArray(
          [...topics].map(([topic, partitions]) =>
            new NewEncoder()
              .writeUVarIntString(topic)
              .writeUVarIntArray(
                partitions.map((partition) =>
                  new NewEncoder().writeInt32(partition).writeInt32(-1).writeInt64(time).writeInt8(0),
                ),
              )
              .writeInt8(0),
          ),
        )
        .writeInt8(0),
    )
  return await ask(connection, nodeId, { apiKey: 2, apiVersion: 7, apiName: 'ListOffsets', encode }, (decoder) => {
    decoder.readTaggedFields()
    decoder.readInt32()
    const answers = decoder.readUVarIntArray((each) => {
      const topic = each.readUVarIntString()
      const partitions = each.readUVarIntArray((one) => {
        const [partition, error] = [one.readInt32(), one.readInt16()]
        const [timestamp, offset] = [Number(one.readInt64()), Number(one.readInt64())]
        one.readInt32()
        one.readTaggedFields()
        return { topic, partition, error, timestamp, offset }
      })
      each.readTaggedFields()
      return partitions
    })
    return answers.flat().filter(({ error }) => error === 0)
  })
}

export interface PartitionBytes {
  readonly topic: string
  readonly partition: number
  readonly bytes: number
}

/** Bytes on the disks of one broker, copies of partitions that others lead included. Throws Failure. */
export async function logBytes(connection: KafkaConnection, nodeId: string): Promise<PartitionBytes[]> {
  // No list of topics: all.
  const encode = () => Promise.resolve(new NewEncoder().writeInt32(-1))
  return await ask(connection, nodeId, { apiKey: 35, apiVersion: 1, apiName: 'DescribeLogDirs', encode }, (decoder) => {
    decoder.readInt32()
    const folders = decoder.readArray((folder) => {
      folder.readInt16()
      folder.readString()
      return folder.readArray((each) => {
        const topic = each.readString()
        return each.readArray((one) => {
          const [partition, bytes] = [one.readInt32(), Number(one.readInt64())]
          one.readInt64()
          one.readBoolean()
          return { topic, partition, bytes }
        })
      })
    })
    return folders.flat(2)
  })
}

async function ask<Answer>(
  connection: KafkaConnection,
  nodeId: string,
  request: RawRequest<Answer>['request'],
  read: (decoder: Decoder) => Answer,
): Promise<Answer> {
  try {
    const cluster: Cluster = await connection.cluster()
    await cluster.refreshMetadataIfNecessary()
    const broker = (await cluster.findBroker({ nodeId })) as unknown as Broker
    const known = broker.versions?.[request.apiKey]
    if (known === undefined || known.minVersion > request.apiVersion || known.maxVersion < request.apiVersion)
      throw permanent('kafka-refused', `broker ${nodeId} does not answer ${request.apiName} ${request.apiVersion}`)
    return await broker.connectionPool.send({
      request,
      response: {
        decode: (data) => Promise.resolve({ answer: read(new NewDecoder(data)) }),
        parse: ({ answer }) => Promise.resolve(answer),
      },
    })
  } catch (error) {
    throw toFailure(error, `asking broker ${nodeId} for ${request.apiName}`)
  }
}
