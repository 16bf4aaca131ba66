// The only producer of a process. Every message of every stage goes through its one flush loop.
// Promises: send() resolves when the broker has acknowledged; one request is outstanding at a time (so the
// idempotent sequence numbers hold); an outage is waited out for as long as it takes; a repeat is possible after
// an outage (ids are deterministic), a loss is not.

import kafkajs, { type Producer, type TopicMessages } from 'kafkajs'
import { Failure, permanent, transient } from '../schemas/failure.ts'
import type { Logger } from '../schemas/logger.ts'
import { MAX_RECORD_BYTES } from '../schemas/topics.ts'
import { backOffDelay, BROKER_BACK_OFF, pauseFor, settledWithin } from './back-off.ts'
import { CLIENT_RETRY, type KafkaConnection } from './kafka.ts'
import { toFailure } from './kafka-failure.ts'
import { type Outgoing, sizeOf } from './outgoing.ts'

export interface SenderState {
  /** Messages acknowledged since the start. */
  readonly sent: number
  /** Messages handed over and not acknowledged. */
  readonly waiting: number
  /** Since when no request succeeds, milliseconds since 1970 UTC; null while all is well. */
  readonly downSince: number | null
  readonly lastError: string | null
}

export interface Sender {
  /**
   * Resolves when all of these are acknowledged by all in-sync replicas. Rejects with a permanent Failure
   * (`record-too-large`, `kafka-refused`) when one of them can never be, and transient `sender-closed` after close.
   */
  send(messages: readonly Outgoing[]): Promise<void>
  state(): SenderState
  /** Sends what waits, at most for this many milliseconds (default 10,000), rejects the rest, disconnects. */
  close(deadlineMs?: number): Promise<void>
}

/** Bytes of one request before compression: far under the broker's limit (100 MiB), enough to be fast. */
const BATCH_BYTES = 4 * 1024 * 1024
const BATCH_MESSAGES = 2000
/** kafkajs stumbles over its own state now and then while brokers come and go; a new producer mends that. */
const BUG_TRIES = 3

interface Ticket {
  left: number
  resolve(): void
  reject(failure: Failure): void
}

interface Waiting {
  readonly message: Outgoing
  readonly bytes: number
  readonly ticket: Ticket
}

/** Connects a producer. Throws Failure when no broker answers or it refuses the login. */
export async function createSender(connection: KafkaConnection, log: Logger): Promise<Sender> {
  const lines = log.child({ part: 'sender' })
  const closing = new AbortController()
  let producer: Producer | null = await connectProducer(connection)
  let queue: Waiting[] = []
  let outstanding = 0
  let sent = 0
  let downSince: number | null = null
  let lastError: string | null = null
  let loop: Promise<void> | null = null
  let isClosed = false

  async function flush(): Promise<void> {
    while (queue.length > 0) {
      const batch = takeBatch()
      outstanding = batch.length
      await deliver(batch)
      outstanding = 0
    }
    loop = null
  }

  function takeBatch(): Waiting[] {
    let bytes = 0
    let count = 0
    while (count < queue.length && count < BATCH_MESSAGES) {
      bytes += queue[count]!.bytes
      if (count > 0 && bytes > BATCH_BYTES) break
      count += 1
    }
    const batch = queue.slice(0, count)
    queue = queue.slice(count)
    return batch
  }

  /** Ends when each message of the batch is acknowledged or refused. */
  async function deliver(batch: readonly Waiting[]): Promise<void> {
    for (let failures = 0; ;) {
      try {
        producer ??= await connectProducer(connection)
        await producer.sendBatch({
          acks: -1,
          compression: kafkajs.CompressionTypes.ZSTD,
          topicMessages: byTopic(batch),
        })
        recovered(failures)
        settle(batch, null)
        return
      } catch (error) {
        const failure = toFailure(error, 'sending to Kafka')
        failures += 1
        if (failure.retry === 'permanent' && (failure.code !== 'kafka-bug' || failures > BUG_TRIES)) {
          await deliverApart(batch, failure)
          return
        }
        noteOutage(failure, failures)
        // After an error that its own retries did not mend, a producer's sequence numbers cannot be trusted.
        await dropProducer()
        if (!(await pauseFor(backOffDelay(failures, BROKER_BACK_OFF), closing.signal))) {
          settle(batch, transient('sender-closed', `the sender was closed while Kafka was away: ${failure.message}`))
          return
        }
      }
    }
  }

  /** One message of the batch is refused for good: halves it until it is found, so that the others get through. */
  async function deliverApart(batch: readonly Waiting[], failure: Failure): Promise<void> {
    if (batch.length === 1) {
      settle(batch, failure)
      return
    }
    const middle = Math.ceil(batch.length / 2)
    await deliver(batch.slice(0, middle))
    await deliver(batch.slice(middle))
  }

  function settle(batch: readonly Waiting[], failure: Failure | null): void {
    if (failure === null) sent += batch.length
    for (const { ticket } of batch) {
      ticket.left -= 1
      if (failure !== null) ticket.reject(failure)
      else if (ticket.left === 0) ticket.resolve()
    }
  }

  function noteOutage(failure: Failure, failures: number): void {
    lastError = `${failure.code}: ${failure.message}`
    downSince ??= Date.now()
    if (failures === 1) lines.warn({ error: lastError }, 'Kafka does not take messages; waiting for it')
  }

  function recovered(failures: number): void {
    if (failures > 0)
      lines.info({ seconds: Math.round((Date.now() - (downSince ?? Date.now())) / 1000) }, 'Kafka takes messages again')
    downSince = null
  }

  async function dropProducer(): Promise<void> {
    const broken = producer
    producer = null
    if (broken !== null) await settledWithin(broken.disconnect(), 5000)
  }

  return {
    async send(messages) {
      if (messages.length === 0) return
      if (isClosed) throw transient('sender-closed', 'the sender is closed')
      for (const message of messages) refuseTooLarge(message)
      const { promise, resolve, reject } = Promise.withResolvers<undefined>()
      const ticket: Ticket = {
        left: messages.length,
        resolve: () => {
          resolve(undefined)
        },
        reject,
      }
      for (const message of messages) queue.push({ message, bytes: sizeOf(message), ticket })
      // Messages handed over in the same turn travel together.
      loop ??= Promise.resolve().then(flush)
      await promise
    },

    state: () => ({ sent, waiting: queue.length + outstanding, downSince, lastError }),

    async close(deadlineMs = 10_000) {
      isClosed = true
      if (loop !== null && !(await settledWithin(loop, deadlineMs))) {
        closing.abort()
        const left = queue
        queue = []
        settle(left, transient('sender-closed', 'the sender was closed before Kafka took the message'))
        await settledWithin(loop, 5000)
      }
      await dropProducer()
    },
  }
}

async function connectProducer(connection: KafkaConnection): Promise<Producer> {
  const producer = connection.client.producer({
    idempotent: true,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
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

/** Headers and framing have room of their own in the topic's limit (see admin.ts). */
function refuseTooLarge(message: Outgoing): void {
  const length = message.value?.length ?? 0
  if (length <= MAX_RECORD_BYTES) return
  throw permanent(
    'record-too-large',
    `a record of ${length} bytes for topic ${message.topic} is over the limit of ${MAX_RECORD_BYTES} bytes`,
  )
}

function byTopic(batch: readonly Waiting[]): TopicMessages[] {
  const topics = new Map<string, TopicMessages>()
  for (const { message } of batch) {
    let entry = topics.get(message.topic)
    if (entry === undefined) topics.set(message.topic, (entry = { topic: message.topic, messages: [] }))
    entry.messages.push({
      key: message.key,
      value: message.value,
      ...(message.headers === undefined ? {} : { headers: message.headers }),
      ...(message.timestamp === undefined ? {} : { timestamp: String(message.timestamp) }),
    })
  }
  return [...topics.values()]
}

/** Did send() reject because the sender was closed, so that the message may have to be sent after a restart? */
export function isSenderClosed(error: unknown): boolean {
  return error instanceof Failure && error.code === 'sender-closed'
}
