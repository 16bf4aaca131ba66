// Runs one sink: gathers records of its topics into batches and writes one batch at a time.
// Promises: a batch is committed only after write() has returned; a sink that is down gets the same batch again
// until it takes it; a record that can never be written becomes a dead letter, alone, and the rest goes on.
// (Over 300 lines: gathering, writing, halving and draining are one state machine over the same few variables.)

import { Failure, permanent, UsageFault } from '../schemas/failure.ts'
import type { Logger } from '../schemas/logger.ts'
import { type Arrival, toDelivered } from './arrival.ts'
import { backOffDelay, type BackOff, pauseFor, STORE_BACK_OFF, settledWithin } from './back-off.ts'
import { bury } from './bury.ts'
import { type RunningConsumer, startConsumer } from './consumer.ts'
import { DEFAULT_SHARE, tooManyDeadLetters, watchDeadLetters } from './dead-letter-share.ts'
import { deadLetterCode, holdsDeadLetters } from './dead-letters.ts'
import { isStoreLost, type Sink } from './delivered.ts'
import type { KafkaConnection } from './kafka.ts'
import { headerText, isMeantFor, REVISION_HEADER } from './outgoing.ts'
import type { SinkState } from './running-state.ts'
import { createSchedule, sizeOfArrival } from './schedule.ts'
import type { Sender } from './sender.ts'

export type { SinkState } from './running-state.ts'

export interface SinkOptions {
  readonly connection: KafkaConnection
  /** For dead letters. */
  readonly sender: Sender
  /** The sink's name, as clickhouse. */
  readonly name: string
  readonly group: string
  /** Topics on the broker (see topicFor). */
  readonly topics: readonly string[]
  readonly sink: Sink
  readonly runId: string
  /** Only records of this revision, where topics are shared; absent: of all. Dead letters carry it too. */
  readonly revision?: string
  /** A batch is written at the first of these: its rows, its bytes, the age of its first record in seconds. */
  readonly batch: { readonly rows: number; readonly bytes: number; readonly seconds: number }
  readonly deadLetterShare?: number
  readonly log: Logger
  readonly backOff?: BackOff
  readonly sessionTimeoutMs?: number
}

export interface RunningSink {
  state(): SinkState
  /** Nothing more will fill its batches: from now on what comes is written and committed at once. */
  hasten(): void
  /** Takes no more, writes what it holds within so many milliseconds, commits, leaves the group, closes the sink. */
  drain(deadlineMs: number): Promise<void>
  /** Resolves after drain; rejects with the Failure (or, opened late, the UsageFault) that ended the sink. */
  readonly stopped: Promise<void>
}

/**
 * Opens the sink and starts it; it joins its group in the background. Rejects with what a permanent failure of
 * open() says; where open() fails for a while, it is tried again in the background.
 */
export async function startSink(options: SinkOptions): Promise<RunningSink> {
  const { sink, name, batch: limits, runId } = options
  const revision = options.revision ?? 'main'
  const deadLetterShare = options.deadLetterShare ?? DEFAULT_SHARE
  const log = options.log.child({ sink: name })
  const backOff = options.backOff ?? STORE_BACK_OFF
  const schedule = createSchedule()
  const isTooManyDead = watchDeadLetters(deadLetterShare)
  const stopped = Promise.withResolvers<undefined>()
  stopped.promise.catch(() => undefined)
  const giveUp = new AbortController()
  const counts = { received: 0, written: 0, batches: 0, dead: 0 }
  let milliseconds = 0
  let writing = 0
  let isWaiting = false
  let isFull = false
  let isDraining = false
  let lastError: string | null = null
  let consumer: RunningConsumer | null = null
  let stopping: Promise<void> | null = null
  let ageTimer: NodeJS.Timeout | null = null
  let isOld = false
  let isHasty = false
  let loop: Promise<void> | null = null

  function start(): void {
    consumer = startConsumer({
      connection: options.connection,
      group: options.group,
      topics: options.topics,
      log,
      isQuick: true,
      sessionTimeoutMs: options.sessionTimeoutMs,
      accepts: (headers) =>
        isMeantFor({ part: name, runId, revision }, headers) &&
        (options.revision === undefined || (headerText(headers, REVISION_HEADER) ?? revision) === revision),
      take(arrivals) {
        counts.received += arrivals.length
        schedule.add(arrivals)
        writeWhenDue()
      },
      lose(tenure) {
        schedule.drop(tenure)
      },
      isFull() {
        const { records, bytes } = schedule.ready()
        const share = isFull ? 1 : 2
        isFull = records >= share * limits.rows || bytes >= share * limits.bytes
        return isFull
      },
      onFatal: (failure) => void stop(failure, 0),
    })
    if (isHasty) consumer.hasten()
  }

  /** Begins to write if a batch is full, old enough, or the last. */
  function writeWhenDue(): void {
    if (loop !== null) return
    const { records, bytes } = schedule.ready()
    if (records === 0) return
    if (records >= limits.rows || bytes >= limits.bytes || isOld || isHasty || isDraining) {
      loop = writeBatches()
        .catch(stopBroken)
        .finally(() => {
          loop = null
          if (!giveUp.signal.aborted) writeWhenDue()
        })
      return
    }
    ageTimer ??= setTimeout(() => {
      ageTimer = null
      isOld = true
      writeWhenDue()
    }, limits.seconds * 1000)
  }

  async function writeBatches(): Promise<void> {
    if (ageTimer !== null) clearTimeout(ageTimer)
    ageTimer = null
    isOld = false
    const batch = takeBatch()
    writing = batch.length
    try {
      await writeAll(batch)
    } finally {
      writing = 0
      consumer?.touch()
    }
  }

  function takeBatch(): Arrival[] {
    const batch: Arrival[] = []
    let bytes = 0
    while (batch.length < limits.rows && bytes < limits.bytes) {
      const arrival = schedule.next()
      if (arrival === null) break
      bytes += sizeOfArrival(arrival)
      batch.push(arrival)
    }
    return batch
  }

  /** Ends when each record is written or a dead letter, or (nothing more is finished) when the time is up. */
  async function writeAll(batch: readonly Arrival[]): Promise<void> {
    for (let outages = 0, bugs = 0; ;) {
      if (giveUp.signal.aborted) return
      const start = performance.now()
      try {
        await sink.write(batch.map(toDelivered))
        milliseconds += performance.now() - start
        counts.batches += 1
        counts.written += batch.length
        finish(batch, false)
        return
      } catch (error) {
        milliseconds += performance.now() - start
        noteError(error)
        if (error instanceof Failure && error.retry === 'transient') {
          outages += 1
          if (outages === 1) log.warn({ error: lastError }, 'the sink does not take its batch; waiting for it')
          isWaiting = true
          await pauseFor(backOffDelay(outages, backOff), giveUp.signal)
          isWaiting = false
        } else if (isStoreLost(error)) {
          throw error
        } else if (error instanceof Failure || ++bugs > 1) {
          await writeApart(batch, error)
          return
        }
      }
    }
  }

  /** Halves the batch until the record that cannot be written is alone. */
  async function writeApart(batch: readonly Arrival[], error: unknown): Promise<void> {
    if (batch.length > 1) {
      const middle = Math.ceil(batch.length / 2)
      await writeAll(batch.slice(0, middle))
      await writeAll(batch.slice(middle))
      return
    }
    const [arrival] = batch
    if (arrival === undefined) return
    const { topic, partition } = arrival.tenure
    log.warn(
      { topic, partition, offset: arrival.offset, code: deadLetterCode(error), error: lastError },
      'a record cannot be written',
    )
    // A dead letter stays where it is: sent again it would come back here for ever.
    if (!holdsDeadLetters(topic, revision)) {
      const details = { stage: name, attempts: 1, runId, revision }
      await bury((letter) => options.sender.send([letter]), arrival, error, details)
    }
    counts.dead += 1
    finish(batch, true)
  }

  function finish(batch: readonly Arrival[], isDead: boolean): void {
    let isBroken = false
    for (const { tenure, offset } of batch) {
      tenure.ledger.finish(offset)
      isBroken = isTooManyDead(isDead)
    }
    if (!isBroken || !isDead) return
    throw tooManyDeadLetters(`sink ${name}`, deadLetterShare, lastError)
  }

  function noteError(error: unknown): void {
    lastError = `${deadLetterCode(error)}: ${error instanceof Error ? error.message : String(error)}`
  }

  function stopBroken(error: unknown): void {
    const isKnown = error instanceof Failure || error instanceof UsageFault
    void stop(isKnown ? error : permanent('unexpected', String(error), { cause: error }), 0)
  }

  async function stop(failure: Failure | UsageFault | null, deadlineMs: number): Promise<void> {
    stopping ??= (async () => {
      if (failure !== null) noteError(failure)
      consumer?.stopTaking()
      isDraining = true
      if (deadlineMs > 0) await settledWithin(writeRest(), deadlineMs)
      giveUp.abort()
      if (ageTimer !== null) clearTimeout(ageTimer)
      if (loop !== null) await settledWithin(loop, 2000)
      await consumer?.leave()
      let fault: Error | null = failure
      try {
        await sink.close()
      } catch (error) {
        fault ??=
          error instanceof Failure
            ? error
            : permanent('unexpected', `closing sink ${name}: ${String(error)}`, { cause: error })
      }
      if (fault === null) stopped.resolve(undefined)
      else stopped.reject(fault)
    })()
    await stopping
  }

  async function writeRest(): Promise<void> {
    for (;;) {
      writeWhenDue()
      if (loop === null || giveUp.signal.aborted) return
      await loop
    }
  }

  /** Opens the sink and starts to read; false when it cannot be opened for now. Throws what is permanent. */
  async function open(): Promise<boolean> {
    try {
      await sink.open()
    } catch (error) {
      if (!(error instanceof Failure) || error.retry === 'permanent') throw error
      noteError(error)
      return false
    }
    if (!isDraining) start()
    return true
  }

  async function openLater(): Promise<void> {
    isWaiting = true
    for (let outages = 1; await pauseFor(backOffDelay(outages, backOff), giveUp.signal); outages += 1) {
      if (await open()) break
    }
    isWaiting = false
  }

  if (!(await open())) {
    log.warn({ error: lastError }, 'the sink cannot be opened; trying again')
    openLater().catch(stopBroken)
  }

  return {
    state() {
      const membership = consumer?.state() ?? { partitions: 0, paused: 0, lastError: null }
      return {
        name,
        ...counts,
        writing,
        queued: schedule.size(),
        waiting: isWaiting,
        paused: membership.partitions > 0 && membership.paused === membership.partitions,
        seconds: milliseconds / 1000,
        lastError: membership.lastError ?? lastError,
      }
    },
    hasten() {
      isHasty = true
      consumer?.hasten()
      writeWhenDue()
    },
    drain: async (deadlineMs) => {
      await stop(null, deadlineMs)
    },
    stopped: stopped.promise,
  }
}
