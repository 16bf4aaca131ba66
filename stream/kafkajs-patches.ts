// What kafkajs 2.2.4 needs before its first use: some corrections inside it and the zstd codec. Applied once a
// process by connectKafka. The kafkajs version is pinned; test/stream/kafkajs-patches.test.ts holds the seams.

import { createRequire } from 'node:module'
import kafkajs from 'kafkajs'
import { type Moment, presentMoment } from './fence.ts'
import { patchBatches } from './kafkajs-batches.ts'
import { patchWrites } from './kafkajs-writes.ts'
import { zstdCodec } from './zstd.ts'

const require = createRequire(import.meta.url)

interface RequestQueue {
  pending: unknown[]
  throttledUntil: number
  throttleCheckTimeoutId: NodeJS.Timeout | null
  checkPendingRequests(): void
  scheduleCheckPendingRequests(): void
}

interface ConsumerGroup {
  groupId: string
  memberId: string | null
  instrumentationEmitter: { emit(event: string, payload: object): void }
  joinAndSync: (this: ConsumerGroup) => Promise<void>
  heartbeat: (this: ConsumerGroup, options: object) => Promise<void>
  /** By the wall clock, milliseconds. */
  lastRequest: number
}

interface Broker {
  heartbeat: (this: Broker, request: object) => Promise<unknown>
  listOffsets: (this: Broker, request: object) => Promise<unknown>
}

/** What HEARTBEAT events carry besides kafkajs's own: when the broker was asked. */
export interface HeartbeatAsked {
  readonly asked?: Moment
}

/** What REBALANCING events carry besides kafkajs's own: the member joins when all that is put in here has settled. */
export interface BeforeJoin {
  readonly holds?: Promise<unknown>[]
}

interface Runner {
  running: boolean
  consumerGroup: { commitOffsets(offsets: unknown): Promise<void> }
  commitOffsets(offsets: unknown): Promise<void>
}

/** Requests that wait only for others in flight are looked at again when one ends; this is the net below. */
const RECHECK_MS = 10

const REBALANCING = 'consumer.rebalancing'

/** Kafka's number of the isolation level. */
const READ_UNCOMMITTED = 0

let isPatched = false

/** Applies the corrections; more calls do nothing. */
export function patchKafkajs(): void {
  if (isPatched) return
  isPatched = true
  const queue = (require('kafkajs/src/network/requestQueue') as { prototype: RequestQueue }).prototype
  const runner = (require('kafkajs/src/consumer/runner') as { prototype: Runner }).prototype
  // Upstream arms a 1 ms timer again and again on idle connections. Here: only while requests wait.
  queue.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return
    const throttled = Math.max(this.throttledUntil - Date.now(), 0)
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null
        this.checkPendingRequests()
      },
      throttled > 0 ? throttled : RECHECK_MS,
    )
  }
  // Upstream repeats a failed commit, after a rebalance too: then under the new generation, for partitions that
  // may be another member's. And it forgets commits silently once stop() has begun. Here: one try, or an error.
  runner.commitOffsets = async function (this: Runner, offsets: unknown): Promise<void> {
    if (!this.running) throw new Error('the consumer is not in its group')
    await this.consumerGroup.commitOffsets(offsets)
  }
  // Upstream tells of a rebalance and joins at once, so the next owner may begin while what this member has sent is
  // still on its way. Here: before every join those who listen may hold it, and a heartbeat says when it was asked.
  const group = (require('kafkajs/src/consumer/consumerGroup') as { prototype: ConsumerGroup }).prototype
  const broker = (require('kafkajs/src/broker') as { prototype: Broker }).prototype
  const { joinAndSync, heartbeat: beat } = group
  const { heartbeat, listOffsets } = broker
  group.joinAndSync = async function (this: ConsumerGroup): Promise<void> {
    const holds: Promise<unknown>[] = []
    const { groupId, memberId } = this
    this.instrumentationEmitter.emit(REBALANCING, { groupId, memberId, holds })
    await Promise.allSettled(holds)
    await joinAndSync.call(this)
  }
  // Upstream counts heartbeats by the wall clock: set back by an hour, it would send none for an hour.
  group.heartbeat = async function (this: ConsumerGroup, options: object): Promise<void> {
    if (this.lastRequest > Date.now()) this.lastRequest = 0
    await beat.call(this, options)
  }
  broker.heartbeat = async function (this: Broker, request: object): Promise<unknown> {
    Object.assign(request, { asked: presentMoment() })
    return await heartbeat.call(this, request)
  }
  // Upstream takes what lies before the first open transaction for a topic's end: behind a stranger's, there would seem
  // to be nothing left to do.
  broker.listOffsets = async function (this: Broker, request: object): Promise<unknown> {
    return await listOffsets.call(this, { ...request, isolationLevel: READ_UNCOMMITTED })
  }
  kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => zstdCodec
  patchBatches(require)
  patchWrites(require)
}
