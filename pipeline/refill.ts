// A store that lacks what a run's sink has committed (new, emptied, broken) is filled again from the topics: the sink's
// group goes back to their beginning, and what it reads twice collapses. Promise: it is noted in the store only after
// the group stands there, so a crash in between repeats it.

import { groupOf } from '../pipeline.ts'
import { topicFor } from '../schemas/topics.ts'
import { Failure } from '../schemas/failure.ts'
import type { Logger } from '../schemas/logger.ts'
import { noteRefill, owedTo } from '../sinks/clickhouse/refills.ts'
import type { Database } from '../sinks/clickhouse/contract.ts'
import { moveGroupToBeginning } from '../stream/groups-admin.ts'
import { dismissDeadMembers } from '../stream/stale-members.ts'
import type { ReadingPart, RunOnLog } from './standing.ts'

export interface Refill {
  readonly run: RunOnLog
  readonly reader: ReadingPart
  /** The run has been started before, here or elsewhere. */
  readonly isResumed: boolean
  readonly log: Logger
  /** A sink begins to read everything again. */
  readonly onRefill: () => void
}

/** Lets the ClickHouse sink begin again where its database owes the run rows. Throws transient Failure. */
export async function refillDatabase(database: Pick<Database, 'insert' | 'rows'>, refill: Refill): Promise<void> {
  const owed = await owedTo(database, refill.run)
  if (owed.length === 0) return
  if (refill.isResumed && !(await readAgain(refill))) return
  await noteRefill(database, refill.run, owed)
}

/**
 * Moves the group of a resumed run's sink to the beginning of its topics; false where other processes are at work in
 * it, so that it has to wait for a start without them. Throws Failure.
 */
export async function readAgain({ run, reader, log, onRefill }: Omit<Refill, 'isResumed'>): Promise<boolean> {
  const { connection, runId, revision } = run
  const group = groupOf(runId, revision, reader.part)
  const topics = reader.topics.map((topic) => topicFor(topic, revision))
  try {
    await dismissDeadMembers(connection, group, null, log)
    await moveGroupToBeginning(connection, group, topics)
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'group-in-use') throw error
    log.warn(
      { sink: reader.part },
      'rows are missing; stop all processes of the run and start it again to fill them in',
    )
    return false
  }
  log.warn({ sink: reader.part }, 'the sink reads its topics from the beginning, to fill in what is missing')
  onRefill()
  return true
}
