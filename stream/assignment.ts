// The partitions that a member owns, and what must happen before the first record of one: its committed position
// is read (kafkajs keeps the metadata to itself), then what was sent and not committed, and the stage prepares.

import { Failure, permanent } from '../schemas/failure.ts'
import type { Logger } from '../schemas/logger.ts'
import { backOffDelay, BROKER_BACK_OFF, pauseFor } from './back-off.ts'
import type { KafkaConnection } from './kafka.ts'
import { createLedger } from './ledger.ts'
import { createLookBack } from './look-back.ts'
import { decodePlaces, raisedPlaces } from './output-places.ts'
import { committedPositions, type Committed } from './positions.ts'
import { type Outputs, type SentBefore, sentBefore } from './sent-before.ts'
import { beginTenure, isSamePosition, partitionName, type Tenure } from './tenure.ts'

export interface OutputsInUse extends Outputs {
  /** See Sender. */
  readonly acknowledged: (topic: string, partition: number) => number | null
}

export interface AssignmentOptions {
  readonly connection: KafkaConnection
  readonly group: string
  readonly topics: readonly string[]
  readonly log: Logger
  /** Ends waiting and preparing. */
  readonly signal: AbortSignal
  /** Runs with the partitions that are new here, each at its committed position. */
  readonly prepare: ((signal: AbortSignal, fresh: readonly Tenure[]) => Promise<void>) | undefined
  /** What the stage writes; undefined: what was sent before is not looked for. */
  readonly outputs: OutputsInUse | undefined
  /** The partition is gone; its signal is aborted already. */
  lose(tenure: Tenure): void
  /** Partitions have become ready. */
  ready(): void
  /** Reading positions or preparing failed for now (null: it works again). */
  trouble(failure: Failure | null): void
  /** It failed for good. */
  fail(error: unknown): void
}

export interface Assignment {
  /** By partitionName. */
  tenures(): ReadonlyMap<string, Tenure>
  /** Takes a new assignment: keeps tenures that go on, ends those that are lost, begins and loads new ones. */
  joined(memberId: string, partitions: Readonly<Record<string, readonly number[]>>): void
  /** Looks for what these partitions have sent, where an answer of the broker was lost. Throws what ends the wait. */
  readonly lookAgain: () => Promise<void>
  /** Ends all tenures. */
  end(reason: Error): void
}

/** An assignment without partitions. */
export function createAssignment(options: AssignmentOptions): Assignment {
  const { connection, group, topics, log, signal } = options
  let tenures = new Map<string, Tenure>()
  let memberId: string | null = null
  let preparing: Promise<void> = Promise.resolve()

  const isOwned = (tenure: Tenure) => tenures.get(partitionName(tenure.topic, tenure.partition)) === tenure

  function joined(newMemberId: string, partitions: Readonly<Record<string, readonly number[]>>): void {
    const isSameMember = newMemberId === memberId
    memberId = newMemberId
    const before = tenures
    const toLoad: Tenure[] = []
    tenures = new Map()
    for (const [topic, numbers] of Object.entries(partitions)) {
      for (const partition of numbers) {
        const name = partitionName(topic, partition)
        const existing = before.get(name)
        const isKept = existing !== undefined && (isSameMember || existing.phase !== 'new')
        const tenure = isKept ? existing : beginTenure(topic, partition)
        tenures.set(name, tenure)
        // Under a new member id others may have owned the partition meanwhile: the commit will tell.
        if (isKept && !isSameMember) tenure.phase = 'checked'
        if (!isKept || !isSameMember) toLoad.push(tenure)
      }
    }
    for (const tenure of before.values()) if (!isOwned(tenure)) lose(tenure)
    log.debug({ partitions: tenures.size, new: toLoad.length }, 'joined the group')
    if (toLoad.length > 0) void load(toLoad, newMemberId)
  }

  function lose(tenure: Tenure): void {
    tenure.end(permanent('partition-lost', `${partitionName(tenure.topic, tenure.partition)} went to another member`))
    options.lose(tenure)
  }

  async function load(loading: readonly Tenure[], loadingAs: string): Promise<void> {
    try {
      const positions = await untilDone(async () => await committedPositions(connection, group, topics))
      const sent = await untilDone(async () => await findSent(loading.filter(isOwned), positions))
      // Under yet another member id the join that gave it loads everything again.
      if (memberId !== loadingAs) return
      const fresh = loading.filter(isOwned).flatMap((tenure) => place(tenure, positions, sent) ?? [])
      if (fresh.length > 0) await prepareFor(fresh)
      for (const tenure of fresh) if (isOwned(tenure)) tenure.phase = 'ready'
      options.trouble(null)
      options.ready()
    } catch (error) {
      if (!signal.aborted) options.fail(error)
    }
  }

  async function findSent(
    loading: readonly Tenure[],
    positions: readonly Committed[],
  ): Promise<ReadonlyMap<string, SentBefore>> {
    if (options.outputs === undefined) return new Map()
    const names = new Set(loading.map(({ topic, partition }) => partitionName(topic, partition)))
    const wanted = positions.filter(({ topic, partition }) => names.has(partitionName(topic, partition)))
    return await sentBefore(connection, options.outputs, wanted, countByTopic(positions), signal)
  }

  async function lookAgain(): Promise<void> {
    const looked = [...tenures.values()].filter(({ phase }) => phase === 'ready')
    const positions = await untilDone(async () => await committedPositions(connection, group, topics))
    const sent = await untilDone(async () => await findSent(looked, positions))
    options.trouble(null)
    for (const tenure of looked)
      tenure.ledger.found(sent.get(partitionName(tenure.topic, tenure.partition))?.ended ?? [])
  }

  /** Puts a tenure at its committed position. Null: it goes on, with its running work, as if nothing had been. */
  function place(
    tenure: Tenure,
    positions: readonly Committed[],
    sent: ReadonlyMap<string, SentBefore>,
  ): Tenure | null {
    const { topic, partition } = tenure
    const found = positions.find((each) => each.topic === topic && each.partition === partition)
    const committed = found?.committed ?? null
    const before = sent.get(partitionName(topic, partition))
    if (tenure.phase === 'checked') {
      if (isSamePosition(committed, tenure.acknowledged) || isSamePosition(committed, tenure.attempted)) {
        // Another owner may have sent without a commit; what it ended is not sent again.
        tenure.ledger.found(before?.ended ?? [])
        tenure.phase = 'ready'
        return null
      }
      lose(tenure)
    }
    if (found?.isOutside === true) {
      log.warn({ topic, partition }, 'the committed offset is not in the log any more; starting at its beginning')
    }
    const begun = tenure.phase === 'checked' ? beginTenure(topic, partition) : tenure
    begun.ledger = createLedger(committed)
    if (options.outputs !== undefined && before !== undefined) {
      const { topics: outputs, acknowledged } = options.outputs
      begun.ledger.found(before.ended)
      if (before.ended.length > 0)
        log.info({ topic, partition, records: before.ended.length }, 'found outputs that no commit knows')
      const known = decodePlaces(found?.places ?? null, outputs)
      begun.lookBack = createLookBack(known, () => raisedPlaces(before.places, acknowledged))
    }
    begun.journalFrom = () => found?.journalFrom ?? null
    begun.acknowledged = begun.attempted = committed
    tenures.set(partitionName(topic, partition), begun)
    return begun
  }

  /** One preparation at a time; ended when all of its partitions are lost again. */
  async function prepareFor(fresh: readonly Tenure[]): Promise<void> {
    const { prepare } = options
    if (prepare === undefined) return
    const before = preparing
    const { promise, resolve } = Promise.withResolvers<undefined>()
    preparing = promise
    await before
    const gone = new AbortController()
    const check = () => {
      if (fresh.every((tenure) => tenure.signal.aborted))
        gone.abort(permanent('partition-lost', 'the partitions are gone'))
    }
    for (const tenure of fresh) tenure.signal.addEventListener('abort', check, { once: true })
    check()
    const given = AbortSignal.any([signal, gone.signal])
    try {
      await untilDone(async () => {
        given.throwIfAborted()
        await prepare(given, fresh)
      })
    } catch (error) {
      if (!given.aborted) throw error
    } finally {
      for (const tenure of fresh) tenure.signal.removeEventListener('abort', check)
      resolve(undefined)
    }
  }

  /** Tries again for as long as the failure is transient. */
  async function untilDone<Result>(call: () => Promise<Result>): Promise<Result> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await call()
      } catch (error) {
        if (!(error instanceof Failure) || error.retry === 'permanent') throw error
        options.trouble(error)
        if (!(await pauseFor(backOffDelay(failures, BROKER_BACK_OFF), signal))) throw error
      }
    }
  }

  return {
    tenures: () => tenures,
    joined,
    lookAgain,
    end(reason) {
      for (const tenure of tenures.values()) tenure.end(reason)
      tenures = new Map()
    },
  }
}

function countByTopic(positions: readonly Committed[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { topic } of positions) counts.set(topic, (counts.get(topic) ?? 0) + 1)
  return counts
}
