// Runs one stage: takes records of a topic, calls its Process for many of them at once, and brings each to its
// end. Promises: a record is finished only when what it gave rise to is acknowledged; each record ends as emitted,
// rejected or dead letter; a server that is down is waited for; a stage that mostly makes dead letters stops.
// With a journal, finished model calls of a record that a crash interrupts are not made again.

import { type CallMemory, noMemory } from '../schemas/call-memory.ts'
import { Failure, permanent } from '../schemas/failure.ts'
import type { RecordName, Records } from '../schemas/records.ts'
import type { Arrival } from './arrival.ts'
import { SERVER_BACK_OFF, settledWithin } from './back-off.ts'
import { bury } from './bury.ts'
import { startConsumer } from './consumer.ts'
import { DEFAULT_SHARE, tooManyDeadLetters, watchDeadLetters } from './dead-letter-share.ts'
import { deadLetterCode } from './dead-letters.ts'
import { atOnce, oneAfterAnother } from './in-turn.ts'
import type { Outcome, ProcessContext } from './outcome.ts'
import { attemptOf, isMeantFor, isRedrivenTo, type Outgoing } from './outgoing.ts'
import { createPatience } from './patience.ts'
import { rejectionOf } from './rejections.ts'
import { createSchedule, sizeOfArrival } from './schedule.ts'
import { isSenderClosed } from './sender.ts'
import { createSending, passOf, type Work } from './sending.ts'
import type { RunningStage, StageOptions } from './stage-contract.ts'

export type { StageState } from './running-state.ts'
export type { RunningStage, StageOptions } from './stage-contract.ts'

/** Time for aborted handlers to come back. */
const ABORT_GRACE_MS = 2000
/** Bytes of waiting records at which fetching stops, and of records at work at which no more are begun. */
const QUEUE_BYTES = 32 * 1024 * 1024
const WORK_BYTES = 128 * 1024 * 1024
/** Records begun in one turn: what only computes is done with them before others are read, and few live side by side. */
const SLICE = 32

type End = 'emitted' | 'rejected' | 'dead' | 'skipped' | 'aborted'

/** What came of a record, on its way to the broker. */
interface Came {
  readonly end: 'emitted' | 'rejected'
  readonly messages: readonly Outgoing[]
}

/** Starts the stage; it joins its group in the background. */
export function startStage<Name extends RecordName, Out, Seen = undefined>(
  options: StageOptions<Name, Out, Seen>,
): RunningStage {
  const { sender, codec, name, runId, revision } = options
  const reader = { part: name, runId, revision }
  const log = options.log.child({ stage: name })
  const places = options.inFlight
  const journal = options.journal?.forStage({ runId, revision, stage: name, from: options.from })
  const inTurn = options.ordered === true ? oneAfterAnother() : atOnce
  const schedule = createSchedule()
  const deadLetterShare = options.deadLetterShare ?? DEFAULT_SHARE
  const patience = createPatience({ backOff: options.backOff ?? SERVER_BACK_OFF, onError: noteError, log })
  const isTooManyDead = watchDeadLetters(deadLetterShare)
  const counts = { received: 0, redriven: 0, emitted: 0, rejected: 0, dead: 0, skipped: 0, aborted: 0 }
  const running = new Set<Promise<void>>()
  let bytesAtWork = 0
  /** Records begun in this turn of the event loop. */
  let begun = 0
  const stopped = Promise.withResolvers<undefined>()
  stopped.promise.catch(() => undefined)
  let milliseconds = 0
  let lastError: string | null = null
  let isFull = false
  let isStopping = false
  let stopping: Promise<void> | null = null

  const consumer = startConsumer({
    connection: options.connection,
    group: options.group,
    topics: [options.from],
    log,
    async prepare(signal, fresh) {
      await journal?.load(fresh, signal)
      await options.prepare?.(signal)
    },
    isQuick: options.isQuick,
    sessionTimeoutMs: options.sessionTimeoutMs,
    outputs:
      options.writes === undefined
        ? undefined
        : { stage: name, runId, revision, topics: options.writes, acknowledged: sender.acknowledged },
    accepts: (headers, place) =>
      isMeantFor(reader, headers) &&
      (options.takes === undefined || isRedrivenTo(reader, headers) || options.takes(place)),
    idOf: (message) => passOf(message, runId),
    take(arrivals) {
      counts.received += arrivals.length
      counts.redriven += arrivals.filter(({ headers }) => attemptOf(headers) > 1).length
      schedule.add(arrivals)
      startReady()
    },
    lose(tenure) {
      schedule.drop(tenure)
    },
    isFull() {
      const { records, bytes } = schedule.ready()
      const queueRecords = Math.max(2 * places(), 1000)
      // Full at the mark, no longer full at half of it.
      isFull = isFull
        ? records > queueRecords / 2 || bytes > QUEUE_BYTES / 2
        : records >= queueRecords || bytes >= QUEUE_BYTES
      return isFull
    },
    onFatal: (failure) => void stop(failure, 0),
  })
  const { send, pass } = createSending({ stage: name, runId, revision }, sender, consumer.pass)

  function startReady(): void {
    while (begun < SLICE && running.size < places() && bytesAtWork < WORK_BYTES && !isStopping) {
      const arrival = schedule.next()
      if (arrival === null) return
      if (begun === 0) setImmediate(startNextSlice)
      begun += 1
      const work = runRecord(arrival)
        .catch((error: unknown) => {
          // Not even a dead letter could be written.
          void stop(error instanceof Failure ? error : permanent('unexpected', String(error), { cause: error }), 0)
        })
        .finally(() => {
          running.delete(work)
          bytesAtWork -= sizeOfArrival(arrival)
          startReady()
          consumer.touch()
        })
      running.add(work)
      bytesAtWork += sizeOfArrival(arrival)
    }
  }

  function startNextSlice(): void {
    begun = 0
    startReady()
  }

  /** Brings one record to its end. */
  async function runRecord(arrival: Arrival): Promise<void> {
    const work: Work = { attempts: 1, isSent: null }
    const end = await handle(arrival, work)
    if (end === 'aborted') {
      if (isStopping) journal?.leave(arrival)
      return
    }
    arrival.tenure.ledger.finish(arrival.offset)
    work.isSent?.()
    journal?.finish(arrival)
    counts[end] += 1
    if (end === 'skipped') counts.received -= 1
    else if (isTooManyDead(end === 'dead')) {
      void stop(tooManyDeadLetters(`stage ${name}`, deadLetterShare, lastError), 0)
    }
  }

  async function handle(arrival: Arrival, work: Work): Promise<End> {
    const { signal } = arrival.tenure
    try {
      // While what came of a record travels, nothing holds the record any more: most of them die young.
      const came = await whatCameOf(arrival, work)
      if (came === null) return 'skipped'
      if (signal.aborted) return 'aborted'
      await patience.persist(() => send(arrival, work, came.messages), signal, work)
      return came.end
    } catch (error) {
      if (signal.aborted || isSenderClosed(error)) return 'aborted'
      return await toDeadLetters(arrival, error, work)
    }
  }

  /** Reads a record and has it processed. Null: it is none of ours. */
  async function whatCameOf(arrival: Arrival, work: Work): Promise<Came | null> {
    const { signal } = arrival.tenure
    const found = codec.decode(options.reads, arrival.value ?? Buffer.alloc(0))
    if (found.runId !== runId) return null
    const record = found.revision === revision ? found : { ...found, revision }
    const contextWith = (memory: CallMemory): ProcessContext => ({
      ...{ signal, log },
      calls: { ...memory, hold: () => consumer.hold(arrival.tenure) },
    })
    const calls = journal?.open(arrival, record.id)
    const { lookAhead } = options
    const seen =
      lookAhead === undefined
        ? undefined
        : patience.persist(() => lookAhead(record, contextWith(noMemory)), signal, work)
    // Its place in the line is taken now, before anything is awaited.
    const outcome = await inTurn(seen, (found) =>
      patience.persist(() => timed(record, contextWith(calls?.memory() ?? noMemory), found), signal, work),
    )
    return 'emit' in outcome
      ? { end: 'emitted', messages: options.route(outcome.emit) }
      : {
          end: 'rejected',
          messages: [rejectionOf(codec, arrival, record.id, outcome.reject, { stage: name, runId, revision })],
        }
  }

  async function timed(record: Records[Name], context: ProcessContext, seen: Seen | undefined): Promise<Outcome<Out>> {
    const start = performance.now()
    try {
      return await options.process(record, context, seen)
    } finally {
      milliseconds += performance.now() - start
    }
  }

  async function toDeadLetters(arrival: Arrival, error: unknown, work: Work): Promise<End> {
    noteError(error)
    const { tenure, offset } = arrival
    const { attempts } = work
    log.warn(
      { topic: tenure.topic, partition: tenure.partition, offset, code: deadLetterCode(error), error: lastError },
      'a record became a dead letter',
    )
    try {
      const details = { stage: name, attempts, runId, revision }
      await bury((letter) => pass(arrival, work, [letter]), arrival, error, details)
    } catch (failure) {
      if (tenure.signal.aborted || isSenderClosed(failure)) return 'aborted'
      throw failure
    }
    return 'dead'
  }

  function noteError(error: unknown): void {
    lastError = `${deadLetterCode(error)}: ${error instanceof Error ? error.message : String(error)}`
  }

  /** Ends the stage, once: running records get `deadlineMs`, then their signal. */
  async function stop(failure: Failure | null, deadlineMs: number): Promise<void> {
    isStopping = true
    stopping ??= (async () => {
      if (failure !== null) lastError = `${failure.code}: ${failure.message}`
      consumer.stopTaking()
      if (deadlineMs > 0) await settledWithin(Promise.all(running), deadlineMs)
      consumer.abortWork(failure ?? permanent('drained', `stage ${name} was drained before this record had ended`))
      await settledWithin(Promise.all(running), ABORT_GRACE_MS)
      await consumer.leave()
      if (failure === null) stopped.resolve(undefined)
      else stopped.reject(failure)
    })()
    await stopping
  }

  return {
    state() {
      const { received, redriven, emitted, rejected, dead } = counts
      const { partitions, paused, lastError: consumerError } = consumer.state()
      return {
        name,
        received,
        redriven,
        emitted,
        rejected,
        dead,
        running: running.size,
        waiting: patience.waiting(),
        queued: schedule.size(),
        paused: partitions > 0 && paused === partitions,
        seconds: milliseconds / 1000,
        lastError: consumerError ?? lastError,
      }
    },
    drain: async (deadlineMs) => {
      await stop(null, deadlineMs)
    },
    stopped: stopped.promise,
  }
}
