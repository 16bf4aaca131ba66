// Takes the records of some topics as one member of a group and commits what the ledgers say. Work is done
// elsewhere, so that the fetch loop (which also sends the heartbeats) never waits.
// Promises: a record is handed over once for each tenure; only partitions of the newest assignment are committed,
// and never past an unfinished record; records that a commit calls finished are not handed over again; a partition
// that stays ours through a rebalance keeps its running work; a lost one has it aborted.

import type { KafkaMessage } from 'kafkajs'
import { Failure, permanent } from '../schemas/failure.ts'
import type { Logger } from '../schemas/logger.ts'
import { type Arrival, fillTheirMemory, type Headers, toArrival } from './arrival.ts'
import { createAssignment, type OutputsInUse } from './assignment.ts'
import { pauseFor, settledWithin } from './back-off.ts'
import { createCommitter } from './committer.ts'
import { MAX_SPREAD } from './done-set.ts'
import { createFence, type Fence } from './fence.ts'
import type { KafkaConnection } from './kafka.ts'
import { type Fetched, keepMember } from './member.ts'
import { partitionName, type Tenure } from './tenure.ts'

/** Where a fetched record lies; its key is a view on the fetch buffer. */
export interface RecordPlace {
  readonly partition: number
  readonly offset: number
  readonly key: Buffer | null
}

export interface ConsumerOptions {
  readonly connection: KafkaConnection
  readonly group: string
  readonly topics: readonly string[]
  readonly log: Logger
  /** False: the record is none of ours, it is finished at once without being copied. */
  accepts(headers: Headers, place: RecordPlace): boolean
  /**
   * True: records are done with soon after they were handed over, so they need not be copied out of what was fetched.
   * Where most of that is not theirs they are copied all the same.
   */
  readonly isQuick?: boolean | undefined
  /** Of two records near one another with the same id only the first is handed over; null, or absent: has none. */
  readonly idOf?: (message: Pick<KafkaMessage, 'key' | 'value' | 'headers'>) => string | null
  /** New records of one partition, in offset order. Returns at once and does not throw. */
  take(arrivals: readonly Arrival[]): void
  /** The partition is gone: forget what is queued of it. Its signal is aborted already. */
  lose(tenure: Tenure): void
  /** True while no more records are wanted. Read after each take() and each touch(). */
  isFull(): boolean
  /** Runs before the first record of newly assigned partitions is handed over. */
  readonly prepare?: ((signal: AbortSignal, fresh: readonly Tenure[]) => Promise<void>) | undefined
  /** What a stage writes: looked through after an assignment for what was sent and not committed. */
  readonly outputs?: OutputsInUse | undefined
  /** The consumer has ended for good. */
  onFatal(failure: Failure): void
  /** How long the group waits for a member that is silent, milliseconds. Default 45,000. */
  readonly sessionTimeoutMs?: number | undefined
  /** At most this long between a finished record and its commit, milliseconds. Default 1,000. */
  readonly commitMs?: number | undefined
}

export interface ConsumerState {
  readonly partitions: number
  /** Partitions that are not fetched from now. */
  readonly paused: number
  readonly lastError: string | null
}

export interface RunningConsumer {
  /** To be called whenever records were finished or the queue has shrunk: pauses, resumes, commits soon. */
  touch(): void
  /** From now on what is finished is committed at once. */
  readonly hasten: () => void
  /** See Fence. */
  readonly pass: Fence['pass']
  readonly hold: (tenure: Tenure) => Promise<void> | null
  /** No further records are handed over; the membership goes on. */
  stopTaking(): void
  /** Aborts the work of every partition. */
  abortWork(reason: Error): void
  /** Commits and leaves the group; gives up the commit after so many milliseconds (default 5,000). */
  leave(deadlineMs?: number): Promise<void>
  state(): ConsumerState
}

/** Joins the group in the background and goes on until leave(): a broker that is away is waited for. */
export function startConsumer(options: ConsumerOptions): RunningConsumer {
  const { connection, group, topics } = options
  const log = options.log.child({ group })
  const leaving = new AbortController()
  let pausedNames = new Set<string>()
  let isTaking = true
  let lastError: string | null = null
  /** Calls are held because of a silence; it has been said. */
  let isHolding = false

  const assignment = createAssignment({
    connection,
    group,
    topics,
    log,
    signal: leaving.signal,
    prepare: options.prepare,
    outputs: options.outputs,
    lose(tenure) {
      options.lose(tenure)
      fence.changed()
    },
    ready() {
      applyPauses()
      fence.changed()
      // What was found to have ended is to be seen by others too.
      committer.soon()
    },
    trouble: note,
    fail: (error) => {
      fail(asFailure(error))
    },
  })

  const sessionTimeoutMs = options.sessionTimeoutMs ?? 45_000
  const fence = createFence({ sessionTimeoutMs, lookAgain: assignment.lookAgain })

  const member = keepMember({
    connection,
    group,
    topics,
    sessionTimeoutMs,
    log,
    signal: leaving.signal,
    confirmed: fence.confirm,
    async joining() {
      // Partitions may go to others: what is under way arrives before, and they find it in the commit.
      await fence.close()
      if (assignment.tenures().size > 0) await settledWithin(committer.now(), sessionTimeoutMs / 6)
    },
    joined(memberId, partitions) {
      lastError = null
      assignment.joined(memberId, partitions)
      // kafkajs keeps pauses through a rebalance and forgets them through a crash: all are set anew.
      pausedNames = new Set()
      for (const tenure of assignment.tenures().values()) setPaused(tenure, true)
      applyPauses()
    },
    receive,
    lost: note,
  })
  const ended = member.ended.catch((error: unknown) => {
    fail(asFailure(error))
  })

  const committer = createCommitter(member.consumer, () => assignment.tenures().values(), options.commitMs ?? 1000, log)

  function hold(tenure: Tenure): Promise<void> | null {
    const held = fence.hold(tenure)
    if (tenure.phase === 'ready') {
      if (held !== null && !isHolding)
        log.warn({}, 'Kafka has not confirmed this member for two thirds of its session; models are asked when it does')
      isHolding = held !== null
    }
    return held
  }

  function note(failure: Failure | null): void {
    lastError = failure === null ? null : `${failure.code}: ${failure.message}`
  }

  function fail(failure: Failure): void {
    if (leaving.signal.aborted) return
    note(failure)
    isTaking = false
    leaving.abort()
    options.onFatal(failure)
  }

  function receive(fetched: Fetched): void {
    try {
      const { topic, partition, first } = fetched
      const tenure = assignment.tenures().get(partitionName(topic, partition))
      if (tenure === undefined) return
      if (tenure.phase === 'ready') take(tenure, fetched)
      // Fetched before the newest assignment and handed over after it: it comes again when that is loaded.
      else member.consumer()?.seek({ topic, partition, offset: first })
    } catch (error) {
      // kafkajs would die of it without a word, so it is said here.
      fail(asFailure(error))
    }
  }

  function take(tenure: Tenure, { partition, messages, last }: Fetched): void {
    const ours: KafkaMessage[] = []
    let skipped = 0
    for (const message of messages) {
      const offset = Number(message.offset)
      const fate = tenure.ledger.deliver(offset)
      if (fate === 'known') continue
      const isOurs = options.accepts(message.headers ?? {}, { partition, offset, key: message.key })
      const id = isOurs ? (options.idOf?.(message) ?? null) : null
      // Records that are done already count: what repeats one of them is no new record.
      const isRepeat = id !== null && tenure.isRepeat(id)
      if (fate === 'done') continue
      if (isOurs && !isRepeat) {
        ours.push(message)
      } else {
        tenure.ledger.finish(offset)
        skipped += 1
      }
    }
    const asViews = options.isQuick === true && fillTheirMemory(ours)
    if (ours.length > 0) options.take(ours.map((message) => toArrival(tenure, message, asViews)))
    // What is for nobody is committed too, or there would always be something left.
    if (tenure.ledger.passed(Number(last)) || skipped > 0) committer.soon()
    applyPauses()
  }

  function applyPauses(): void {
    const isFull = !isTaking || options.isFull()
    for (const [name, tenure] of assignment.tenures()) {
      const isPaused = isFull || tenure.phase !== 'ready' || tenure.ledger.spread() >= MAX_SPREAD
      if (isPaused !== pausedNames.has(name)) setPaused(tenure, isPaused)
    }
  }

  function setPaused({ topic, partition }: Tenure, isPaused: boolean): void {
    const name = partitionName(topic, partition)
    if (isPaused) pausedNames.add(name)
    else pausedNames.delete(name)
    try {
      if (isPaused) member.consumer()?.pause([{ topic, partitions: [partition] }])
      else member.consumer()?.resume([{ topic, partitions: [partition] }])
    } catch (error) {
      // Between a crash and the next join there is nothing to pause; joined() sets all anew.
      log.debug({ error: String(error) }, 'pausing failed')
    }
  }

  return {
    touch() {
      applyPauses()
      committer.soon()
    },
    hasten: committer.hasten,
    stopTaking() {
      isTaking = false
      applyPauses()
    },
    abortWork(reason) {
      for (const tenure of assignment.tenures().values()) tenure.end(reason)
      fence.changed()
    },
    pass: fence.pass,
    hold,
    async leave(deadlineMs = 5000) {
      isTaking = false
      const giveUp = AbortSignal.timeout(deadlineMs)
      while (!giveUp.aborted && !leaving.signal.aborted) {
        const isTaken = committer.now()
        if (!(await settledWithin(isTaken, deadlineMs)) || (await isTaken)) break
        await pauseFor(200, giveUp)
      }
      committer.stop()
      leaving.abort()
      await ended
      assignment.end(permanent('left', 'the consumer has left its group'))
      fence.changed()
    },
    state: () => ({ partitions: assignment.tenures().size, paused: pausedNames.size, lastError }),
  }
}

/** A Failure stays as it is; anything else is a bug. */
function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return permanent('unexpected', text, { cause: error })
}
