// The only producer of a process. Every message of every stage goes through its one flush loop.
// Promises: send() resolves when the broker has acknowledged; one request is outstanding at a time (so the
// idempotent sequence numbers hold); an outage is waited out for as long as it takes; a repeat is possible after
// an outage (ids are deterministic), a loss is not.

import kafkajs, { type Producer, type RecordMetadata, type TopicMessages } from 'kafkajs'
import { Failure, permanent, transient } from '../schemas/failure.ts'
import type { Logger } from '../schemas/logger.ts'
import { steadyNow } from '../schemas/steady-clock.ts'
import { MAX_RECORD_BYTES, topicFor } from '../schemas/topics.ts'
import { backOffDelay, BROKER_BACK_OFF, pauseFor, settledWithin } from './back-off.ts'
import { connectProducer } from './connect-producer.ts'
import { UNCLEAR, WITHHELD } from './fence.ts'
import type { KafkaConnection } from './kafka.ts'
import { toFailure } from './kafka-failure.ts'
import { writingIf } from './kafkajs-writes.ts'
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
   *
   * mayGo: asked just before the request that they would be in, and when it is written; if it says no, rejects with
   * transient `send-withheld`.
   * Messages that come with it travel in one request, and are not sent again by the sender itself: where the answer was
   * lost, rejects with transient `send-unclear`.
   */
  send(messages: readonly Outgoing[], mayGo?: () => boolean): Promise<void>
  /** Offset of a message of the newest acknowledged request to this partition; null: none since the start. */
  readonly acknowledged: (topic: string, partition: number) => number | null
  state(): SenderState
  /** Sends what waits, at most for this many milliseconds (default 10,000), rejects the rest, disconnects. */
  close(deadlineMs?: number): Promise<void>
}

/** Bytes of one request before compression: far under the broker's limit (100 MiB), enough to be fast. */
const BATCH_BYTES = 4 * 1024 * 1024
const BATCH_MESSAGES = 2000
/** kafkajs stumbles over its own state now and then while brokers come and go; a new producer mends that. */
const BUG_TRIES = 3

const DEAD_LETTERS = topicFor('dead-letters', 'main')

interface Ticket {
  left: number
  resolve(): void
  reject(failure: Failure): void
}

/** Messages that travel in one request. */
interface Waiting {
  readonly messages: readonly Outgoing[]
  readonly bytes: number
  readonly ticket: Ticket
  readonly mayGo: (() => boolean) | undefined
}

/** Connects a producer. Throws Failure when no broker answers or it refuses the login. */
export async function createSender(connection: KafkaConnection, log: Logger): Promise<Sender> {
  const lines = log.child({ part: 'sender' })
  const closing = new AbortController()
  let producer: Producer | null = await connectProducer(connection)
  let queue: Waiting[] = []
  let outstanding = 0
  let sent = 0
  const newest = new Map<string, Map<number, number>>()
  let downSince: number | null = null
  let lastError: string | null = null
  let loop: Promise<void> | null = null
  let isClosed = false

  async function flush(): Promise<void> {
    while (queue.length > 0) {
      const batch = takeBatch()
      outstanding = countOf(batch)
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
  async function deliver(all: readonly Waiting[]): Promise<void> {
    let batch = all
    for (let failures = 0; ;) {
      try {
        producer ??= await connectProducer(connection)
        batch = withhold(batch)
        if (batch.length === 0) return
        const [connected, going] = [producer, batch]
        const answers = await writingIf(
          () => going.every(({ mayGo }) => mayGo === undefined || mayGo()),
          () =>
            connected.sendBatch({
              acks: -1,
              compression: kafkajs.CompressionTypes.ZSTD,
              topicMessages: byTopic(going),
            }),
        )
        note(answers)
        recovered()
        settle(batch, null)
        return
      } catch (error) {
        const failure = toFailure(error, 'sending to Kafka')
        // Nothing was written: the others go without those that may not.
        if (failure.code === WITHHELD) continue
        failures += 1
        if (failure.retry === 'permanent' && (failure.code !== 'kafka-bug' || failures > BUG_TRIES)) {
          await deliverApart(batch, failure)
          return
        }
        if (failure.code !== UNCLEAR) noteOutage(failure, failures)
        batch = giveBack(batch, failure)
        // After an error that its own retries did not mend, a producer's sequence numbers cannot be trusted.
        await dropProducer()
        if (!(await pauseFor(backOffDelay(failures, BROKER_BACK_OFF), closing.signal))) {
          settle(batch, transient('sender-closed', `the sender was closed while Kafka was away: ${failure.message}`))
          return
        }
      }
    }
  }

  /** Takes out what may not go any more. */
  function withhold(batch: readonly Waiting[]): readonly Waiting[] {
    const failure = transient(WITHHELD, 'the partition of these records may have gone to another member')
    return keepOnly(batch, ({ mayGo }) => mayGo === undefined || mayGo(), failure)
  }

  /** Takes out what the broker may have although its answer was lost, if its senders can find out. */
  function giveBack(batch: readonly Waiting[], { message }: Failure): readonly Waiting[] {
    const failure = transient(UNCLEAR, `it is not known whether Kafka took the messages: ${message}`)
    return keepOnly(batch, ({ mayGo }) => mayGo === undefined, failure)
  }

  function keepOnly(
    batch: readonly Waiting[],
    isKept: (each: Waiting) => boolean,
    failure: Failure,
  ): readonly Waiting[] {
    const { kept = [], left = [] } = Object.groupBy(batch, (each) => (isKept(each) ? 'kept' : 'left'))
    settle(left, failure)
    return kept
  }

  function note(answers: readonly RecordMetadata[]): void {
    for (const { topicName, partition, baseOffset } of answers) {
      const offset = Number(baseOffset ?? -1)
      const partitions = newest.get(topicName) ?? new Map<number, number>()
      newest.set(topicName, partitions)
      if (offset > (partitions.get(partition) ?? -1)) partitions.set(partition, offset)
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
    if (failure === null) sent += countOf(batch)
    for (const { ticket } of batch) {
      ticket.left -= 1
      if (failure !== null) ticket.reject(failure)
      else if (ticket.left === 0) ticket.resolve()
    }
  }

  function noteOutage(failure: Failure, failures: number): void {
    lastError = `${failure.code}: ${failure.message}`
    downSince ??= steadyNow()
    if (failures === 1) lines.warn({ error: lastError }, 'Kafka does not take messages; waiting for it')
  }

  function recovered(): void {
    if (downSince !== null)
      lines.info({ seconds: Math.round((steadyNow() - downSince) / 1000) }, 'Kafka takes messages again')
    downSince = null
  }

  async function dropProducer(): Promise<void> {
    const broken = producer
    producer = null
    if (broken !== null) await settledWithin(broken.disconnect(), 5000)
  }

  return {
    async send(messages, mayGo) {
      if (messages.length === 0) return
      if (isClosed) throw transient('sender-closed', 'the sender is closed')
      for (const message of messages) refuseTooLarge(message)
      const { promise, resolve, reject } = Promise.withResolvers<undefined>()
      const parcels = mayGo === undefined ? messages.map((message) => [message]) : [messages]
      const ticket: Ticket = {
        left: parcels.length,
        resolve: () => {
          resolve(undefined)
        },
        reject,
      }
      for (const parcel of parcels) {
        const bytes = parcel.reduce((sum, message) => sum + sizeOf(message), 0)
        queue.push({ messages: parcel, bytes, ticket, mayGo })
      }
      // Messages handed over in the same turn travel together.
      loop ??= Promise.resolve().then(flush)
      await promise
    },

    acknowledged: (topic, partition) => newest.get(topic)?.get(partition) ?? null,

    state: () => ({ sent, waiting: countOf(queue) + outstanding, downSince, lastError }),

    async close(deadlineMs = 10_000) {
      isClosed = true
      if (loop !== null && !(await settledWithin(loop, deadlineMs))) {
        closing.abort()
        const left = queue
        queue = []
        settle(left, transient('sender-closed', 'the sender was closed before Kafka took the message'))
        // A producer that connects later still is closed when it has.
        if (!(await settledWithin(loop, 5000))) void loop.finally(dropProducer)
      }
      await dropProducer()
    },
  }
}

/**
 * Headers and framing have room of their own in the topic's limit (see topics-admin.ts). A dead letter may be larger
 * than any record of ours: somebody else wrote it, and the broker, which counts compressed bytes, may take it.
 */
function refuseTooLarge(message: Outgoing): void {
  const length = message.value?.length ?? 0
  if (length <= MAX_RECORD_BYTES || message.topic === DEAD_LETTERS) return
  throw permanent(
    'record-too-large',
    `a record of ${length} bytes for topic ${message.topic} is over the limit of ${MAX_RECORD_BYTES} bytes`,
  )
}

function countOf(batch: readonly Waiting[]): number {
  return batch.reduce((sum, { messages }) => sum + messages.length, 0)
}

function byTopic(batch: readonly Waiting[]): TopicMessages[] {
  const topics = new Map<string, TopicMessages>()
  for (const message of batch.flatMap(({ messages }) => messages)) {
    let entry = topics.get(message.topic)
    if (entry === undefined) topics.set(message.topic, (entry = { topic: message.topic, messages: [] }))
    entry.messages.push({
      key: message.key,
      ...(message.partition === undefined ? {} : { partition: message.partition }),
      value: message.value,
      ...(message.headers === undefined ? {} : { headers: message.headers }),
      // The broker refuses messages of a time that is an hour ahead of its own: a clock that is set must not matter.
      timestamp: String(message.timestamp ?? steadyNow()),
    })
  }
  return [...topics.values()]
}

/** Did send() reject because the sender was closed, so that the message may have to be sent after a restart? */
export function isSenderClosed(error: unknown): boolean {
  return error instanceof Failure && error.code === 'sender-closed'
}
