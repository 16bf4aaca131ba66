// Commits what the ledgers say: soon after something was finished, one commit at a time, only partitions that are
// owned and ready. A commit that the broker does not take is made again with what the ledgers say then.

import type { Consumer } from 'kafkajs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Logger } from '../schemas/logger.ts'
import { kafkaErrorType } from './kafka-failure.ts'
import type { Position } from './ledger.ts'
import { withJournalMark } from './journal-mark.ts'
import { withPlaces } from './output-places.ts'
import { isSamePosition, type Tenure } from './tenure.ts'

export interface Committer {
  /** Something was finished: commits within `milliseconds`. */
  soon(): void
  /** From now on soon() is at once. */
  readonly hasten: () => void
  /** Commits now; false if the broker did not take it. */
  now(): Promise<boolean>
  /** No commit comes of soon() any more. */
  stop(): void
}

/** What is finished within this time is committed together, milliseconds. */
const HASTE_MS = 20

/** Commits through the consumer that `consumer()` gives, for the tenures that `tenures()` gives at that moment. */
export function createCommitter(
  consumer: () => Consumer | null,
  tenures: () => Iterable<Tenure>,
  milliseconds: number,
  log: Logger,
): Committer {
  let timer: NodeJS.Timeout | null = null
  let last: Promise<unknown> = Promise.resolve()
  let keepsMetadata = true
  let isStopped = false
  let wait = milliseconds

  function soon(): void {
    within(wait)
  }

  function within(time: number): void {
    if (timer !== null || isStopped) return
    timer = setTimeout(() => {
      timer = null
      void now()
    }, time)
  }

  function hasten(): void {
    wait = HASTE_MS
    if (timer === null) return
    clearTimeout(timer)
    timer = null
    soon()
  }

  async function now(): Promise<boolean> {
    const mine = last.then(commit)
    last = mine
    return await mine
  }

  async function commit(): Promise<boolean> {
    // kafkajs takes the generation at the call. Called from a turn of its own, that is the generation of the
    // newest join that the assignment has heard of; the broker refuses any older one.
    await nextTurn()
    const member = consumer()
    if (member === null) return true
    const changed: { tenure: Tenure; position: Position; then: Tenure['onceCommitted'] }[] = []
    for (const tenure of tenures()) {
      if (tenure.phase !== 'ready') continue
      const position = tenure.ledger.position()
      if (position === null || isSamePosition(position, tenure.acknowledged)) continue
      changed.push({ tenure, position, then: tenure.onceCommitted })
      tenure.onceCommitted = []
    }
    if (changed.length === 0) return true
    try {
      for (const { tenure, position } of changed) tenure.attempted = position
      await member.commitOffsets(
        changed.map(
          ({ tenure: { topic, partition, ledger, lookBack, journalFrom }, position: { offset, metadata } }) => ({
            topic,
            partition,
            offset: String(offset),
            // Both in this turn: the places leave out what the position says.
            metadata: keepsMetadata
              ? withPlaces(withJournalMark(metadata, journalFrom()), lookBack.places(ledger.isWhole()))
              : '',
          }),
        ),
      )
      for (const { tenure, position, then } of changed) {
        tenure.acknowledged = position
        for (const run of then) run()
      }
      return true
    } catch (error) {
      for (const { tenure, then } of changed) tenure.onceCommitted = [...then, ...tenure.onceCommitted]
      if (kafkaErrorType(error) === 'OFFSET_METADATA_TOO_LARGE') {
        keepsMetadata = false
        log.warn(
          {},
          'the broker limits commit metadata below 4,096 bytes (offset.metadata.max.bytes): a restart reads all outputs of the stages',
        )
      }
      log.debug({ error: String(error) }, 'a commit was not taken; it is made again')
      within(milliseconds)
      return false
    }
  }

  return {
    soon,
    hasten,
    now,
    stop() {
      isStopped = true
      if (timer !== null) clearTimeout(timer)
      timer = null
    },
  }
}
