// Keeps one member in a consumer group: joins, and joins again as a new member whenever the broker was lost.
// kafkajs's own restart is switched off: one way for every cause, seen by the one who asks for the state.

import type {
  Consumer,
  ConsumerCrashEvent,
  ConsumerGroupJoinEvent,
  ConsumerHeartbeatEvent,
  ConsumerRebalancingEvent,
  ConsumerStartBatchProcessEvent,
  KafkaMessage,
} from 'kafkajs'
import type { Failure } from '../schemas/failure.ts'
import type { Logger } from '../schemas/logger.ts'
import { MAX_RECORD_BYTES } from '../schemas/topics.ts'
import { steadyNow } from '../schemas/steady-clock.ts'
import { backOffDelay, BROKER_BACK_OFF, pauseFor, settledWithin } from './back-off.ts'
import { type Moment, presentMoment } from './fence.ts'
import { CLIENT_RETRY, type KafkaConnection } from './kafka.ts'
import { toFailure } from './kafka-failure.ts'
import type { BeforeJoin, HeartbeatAsked } from './kafkajs-patches.ts'
import { dismissDeadMembers } from './stale-members.ts'

export interface MemberOptions {
  readonly connection: KafkaConnection
  readonly group: string
  readonly topics: readonly string[]
  readonly sessionTimeoutMs: number
  readonly log: Logger
  /** Ends the membership. */
  readonly signal: AbortSignal
  /** The group has confirmed the member; asked: not later than the broker heard of it. */
  confirmed(asked: Moment): void
  /** Before each join, so before partitions may go to others; the join waits for what is returned. */
  joining(): Promise<void>
  /** A new assignment, before any of its records. Called by kafkajs in the turn of the join. */
  joined(memberId: string, assignment: Readonly<Record<string, readonly number[]>>): void
  /** Returns at once and does not throw: the fetch loop sends the heartbeats. */
  receive(fetched: Fetched): void
  /** The broker is lost for now. */
  lost(failure: Failure): void
}

/** What was fetched of one partition; it may be no record for anybody: marks of transactions, and what these took back. */
export interface Fetched {
  readonly topic: string
  readonly partition: number
  /** In offset order. */
  readonly messages: readonly KafkaMessage[]
  /** Offsets that are done with by it, the first and the last. */
  readonly first: string
  readonly last: string
}

export interface Member {
  /** kafkajs's consumer of now; null before the first. */
  readonly consumer: () => Consumer | null
  /** Resolves when the group is left; rejects with the permanent Failure that ended the membership. */
  readonly ended: Promise<void>
}

/** One fetch takes about this much (compressed); a larger record still comes, alone. */
const FETCH_BYTES = 4 * 1024 * 1024
/** The fetch loop's sleep when nothing is to be fetched: also the longest wait after a resume. */
const IDLE_MS = 300
/** A membership that has lasted so long begins its back-off anew. */
const STEADY_MS = 60_000

/** Joins in the background. */
export function keepMember(options: MemberOptions): Member {
  const { connection, group, topics, log, signal } = options
  let consumer: Consumer | null = null
  let memberId: string | null = null

  async function run(): Promise<void> {
    for (let failures = 0; !signal.aborted;) {
      const crashed = Promise.withResolvers<Failure>()
      const mine = makeConsumer(crashed.resolve)
      consumer = mine
      const start = steadyNow()
      try {
        await dismissDeadMembers(connection, group, memberId, log)
        await mine.connect()
        await mine.subscribe({ topics: [...topics], fromBeginning: true })
        await mine.run({
          autoCommit: false,
          eachBatch: ({ batch }) => {
            const { topic, partition, messages } = batch
            // There is a first offset where there is a message.
            options.receive({ topic, partition, messages, first: batch.firstOffset()!, last: batch.lastOffset() })
            return Promise.resolve()
          },
        })
      } catch (error) {
        crashed.resolve(toFailure(error, `joining group ${group}`))
      }
      const failure = await Promise.race([crashed.promise, untilAborted(signal)])
      if (!(await settledWithin(mine.disconnect(), 5000))) log.warn({}, 'Kafka did not answer while leaving the group')
      if (failure === null) return
      if (failure.retry === 'permanent') throw failure
      options.lost(failure)
      failures = steadyNow() - start > STEADY_MS ? 1 : failures + 1
      if (failures === 1) log.warn({ code: failure.code, error: failure.message }, 'the broker is lost; joining again')
      await pauseFor(backOffDelay(failures, BROKER_BACK_OFF), signal)
    }
  }

  function makeConsumer(onCrash: (failure: Failure) => void): Consumer {
    const made = connection.client.consumer({
      groupId: group,
      allowAutoTopicCreation: false,
      sessionTimeout: options.sessionTimeoutMs,
      rebalanceTimeout: 60_000,
      heartbeatInterval: 3000,
      maxWaitTimeInMs: IDLE_MS,
      maxBytes: FETCH_BYTES,
      maxBytesPerPartition: MAX_RECORD_BYTES + 1024 * 1024,
      retry: { ...CLIENT_RETRY, restartOnFailure: () => Promise.resolve(false) },
    })
    let joiningSince = presentMoment()
    made.on(made.events.REBALANCING, ({ payload }: ConsumerRebalancingEvent) => {
      const { holds } = payload as BeforeJoin
      if (made !== consumer || holds === undefined) return
      joiningSince = presentMoment()
      holds.push(options.joining())
    })
    made.on(made.events.HEARTBEAT, ({ payload }: ConsumerHeartbeatEvent) => {
      const { asked } = payload as HeartbeatAsked
      if (made === consumer && asked !== undefined) options.confirmed(asked)
    })
    made.on(made.events.GROUP_JOIN, ({ payload }: ConsumerGroupJoinEvent) => {
      if (made !== consumer) return
      memberId = payload.memberId
      options.joined(payload.memberId, payload.memberAssignment)
      options.confirmed(joiningSince)
    })
    // kafkajs hands over no batch without a record.
    made.on(made.events.START_BATCH_PROCESS, ({ payload }: ConsumerStartBatchProcessEvent) => {
      const { topic, partition, batchSize, firstOffset: first, lastOffset: last } = payload
      // The first one is null, whatever the types say, where no offset was new.
      if (made === consumer && batchSize === 0 && (first as string | null) !== null)
        options.receive({ topic, partition, messages: [], first, last })
    })
    made.on(made.events.CRASH, ({ payload }: ConsumerCrashEvent) => {
      onCrash(toFailure(payload.error, `reading as group ${group}`))
    })
    return made
  }

  return { consumer: () => consumer, ended: run() }
}

async function untilAborted(signal: AbortSignal): Promise<null> {
  const { promise, resolve } = Promise.withResolvers<null>()
  if (signal.aborted) return null
  signal.addEventListener(
    'abort',
    () => {
      resolve(null)
    },
    { once: true },
  )
  return await promise
}
