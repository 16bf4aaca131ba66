// Puts messages that lay on another log on this one, in their order, each in the partition that it is told. Promise: a
// request is acknowledged before the next one goes, so that what lies there after a crash is a beginning of what was to
// come; nothing is tried again here, since whoever loads can read back how far it came.

import kafkajs from 'kafkajs'
import { connectProducer } from './connect-producer.ts'
import type { KafkaConnection } from './kafka.ts'
import { toFailure } from './kafka-failure.ts'
import type { Message } from './arrival.ts'

export interface Loader {
  /** Offset of the first of them; the others follow it. Throws Failure; it is then not known what was taken. */
  load(topic: string, partition: number, messages: readonly Message[]): Promise<number>
  close(): Promise<void>
}

/** Throws Failure when no broker answers. */
export async function createLoader(connection: KafkaConnection): Promise<Loader> {
  const producer = await connectProducer(connection)
  return {
    async load(topic, partition, messages) {
      try {
        const [answer] = await producer.send({
          topic,
          acks: -1,
          compression: kafkajs.CompressionTypes.ZSTD,
          messages: messages.map(({ key, value, headers, timestamp }) => ({
            ...{ key, value, partition, headers },
            timestamp: String(timestamp),
          })),
        })
        return Number(answer?.baseOffset ?? Number.NaN)
      } catch (error) {
        throw toFailure(error, `loading into topic ${topic}`)
      }
    },
    async close() {
      await producer.disconnect()
    },
  }
}
