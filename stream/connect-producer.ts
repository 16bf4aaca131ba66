// The producer that a sender sends with.

import type { Producer } from 'kafkajs'
import { settledWithin } from './back-off.ts'
import { CLIENT_RETRY, type KafkaConnection } from './kafka.ts'
import { toFailure } from './kafka-failure.ts'
import { partitionByKey } from './partitioner.ts'

/** An idempotent one, connected. Throws Failure when no broker answers or it refuses the login. */
export async function connectProducer(connection: KafkaConnection): Promise<Producer> {
  const producer = connection.client.producer({
    idempotent: true,
    createPartitioner: partitionByKey,
    allowAutoTopicCreation: false,
    retry: CLIENT_RETRY,
  })
  try {
    await producer.connect()
  } catch (error) {
    await settledWithin(producer.disconnect(), 5000)
    throw toFailure(error, 'connecting a producer to Kafka')
  }
  return producer
}
