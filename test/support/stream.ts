// What the tests of stream/ share: topics of their own, problems in them, a gate that holds handlers.

import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { type Codec, createCodec } from '../../schemas/codec.ts'
import type { Problem } from '../../schemas/records.ts'
import { silentLogger } from '../../schemas/logger.ts'
import type { Delivered } from '../../stream/delivered.ts'
import { connectKafka, type KafkaConnection } from '../../stream/kafka.ts'
import { type Outgoing, stamp } from '../../stream/outgoing.ts'
import { readTopic } from '../../stream/read-topic.ts'
import { createSender, type Sender } from '../../stream/sender.ts'
import { MAX_MESSAGE_BYTES } from '../../stream/keeping.ts'
import { startTestKafka } from './kafka.ts'

export interface Bench {
  readonly connection: KafkaConnection
  readonly sender: Sender
  readonly codec: Codec
  /** A name that no other test has. */
  name(prefix: string): string
  /** Creates a topic with a name of its own. */
  topic(partitions: number, prefix?: string): Promise<string>
  createTopics(topics: Readonly<Record<string, number>>): Promise<void>
  /** All records of a topic now. */
  read(topic: string): Promise<Delivered[]>
  close(): Promise<void>
}

/** Connects to the test broker. */
export async function openBench(): Promise<Bench> {
  const kafka = await startTestKafka()
  const connection = connectKafka({ brokers: kafka.brokers.split(','), log: silentLogger })
  const sender = await createSender(connection, silentLogger)
  const codec = await createCodec()
  const name = (prefix: string) => `${prefix}-${randomUUID().slice(0, 8)}`
  const createTopics = async (topics: Readonly<Record<string, number>>) => {
    await connection.ask(
      'creating topics',
      async (admin) =>
        await admin.createTopics({
          waitForLeaders: true,
          topics: Object.entries(topics).map(([topic, numPartitions]) => ({
            topic,
            numPartitions,
            configEntries: [{ name: 'max.message.bytes', value: String(MAX_MESSAGE_BYTES) }],
          })),
        }),
    )
  }
  return {
    connection,
    sender,
    codec,
    name,
    createTopics,
    async topic(partitions, prefix = 'test') {
      const topic = name(prefix)
      await createTopics({ [topic]: partitions })
      return topic
    },
    async read(topic) {
      const records: Delivered[] = []
      for await (const each of readTopic(connection, { topic, signal: AbortSignal.timeout(120_000) }))
        records.push(each)
      return records
    },
    async close() {
      await sender.close()
      await connection.close()
      await kafka.stop()
    },
  }
}

/** A problem whose id is `p${number}`. */
export function problemOf(number: number, runId: string): Problem {
  return {
    id: `p${number}`,
    runId,
    revision: 'main',
    createdAt: 1_700_000_000_000 + number,
    slot: number,
    choice: 0,
    text: `What is ${number} + ${number}?`,
    source: 'jsonl',
    sourceFile: 'test.jsonl',
    sourceLine: number + 1,
    referenceAnswer: String(2 * number),
    opener: null,
    controlTask: null,
    generation: null,
    metadata: {},
  }
}

/** Problem messages p0 … p(count - 1), ready to be sent. */
export function problemMessages(codec: Codec, topic: string, runId: string, count: number, first = 0): Outgoing[] {
  return Array.from({ length: count }, (_, index) => {
    const problem = problemOf(first + index, runId)
    return stamp({ topic, key: problem.id, value: codec.encode('Problem', problem) }, { runId, revision: 'main' })
  })
}

/** Waits until the condition holds; fails after `seconds` with what `describe` says. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  describe: () => string = () => 'the condition did not come true',
  seconds = 120,
): Promise<void> {
  const end = Date.now() + seconds * 1000
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`after ${seconds} s: ${describe()}`)
    await wait(20)
  }
}

export interface Gate {
  /** Resolves when opened; rejects with the signal's reason. */
  wait(signal: AbortSignal): Promise<void>
  open(): void
}

/** Holds handlers until it is opened. */
export function createGate(): Gate {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  return {
    async wait(signal) {
      signal.throwIfAborted()
      const aborted = Promise.withResolvers<never>()
      const onAbort = () => {
        aborted.reject(signal.reason as Error)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      try {
        await Promise.race([promise, aborted.promise])
      } finally {
        signal.removeEventListener('abort', onAbort)
      }
    },
    open() {
      resolve(undefined)
    },
  }
}
