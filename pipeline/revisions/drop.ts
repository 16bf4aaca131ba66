// Takes a revision away: rows, files, groups, what shared topics hold of it by key, and its topics. Promises: nothing of
// main or of another run is touched; the revision is known as `dropping` until all of it is gone, so a drop that was
// killed can be run again, and nothing goes on with half a revision meanwhile.

import { setTimeout as wait } from 'node:timers/promises'
import type { Codec } from '../../schemas/codec.ts'
import { transient, UsageFault } from '../../schemas/failure.ts'
import type { RunRecord } from '../../schemas/records.ts'
import { removeRevisionFiles } from '../../sinks/json/remove.ts'
import { deleteGroups } from '../../stream/groups-admin.ts'
import type { KafkaConnection } from '../../stream/kafka.ts'
import { stamp } from '../../stream/outgoing.ts'
import type { Sender } from '../../stream/sender.ts'
import { deleteTopics, topicNames } from '../../stream/topics-admin.ts'
import { isSameWord, publishRunRecord, readRunRecords } from '../run-records.ts'
import type { DropPlan } from './contract.ts'

export interface DropParts {
  readonly connection: KafkaConnection
  readonly codec: Codec
  readonly sender: Sender
  readonly plan: DropPlan
  /** The newest state of the revision. */
  readonly record: RunRecord
  /** Takes its rows away; asked only where the plan has counted them. */
  readonly forgetRows: () => Promise<void>
  /** Milliseconds since 1970 UTC. */
  readonly now: number
  readonly signal: AbortSignal
}

/**
 * Carries a plan out. Throws UsageFault where the revision was started meanwhile; Failure where Kafka, the database or the
 * disk does not answer: then it is run again.
 */
export async function dropRevision(parts: DropParts): Promise<void> {
  const { connection, codec, sender, plan, record, forgetRows, now } = parts
  const { rows, files, groups, entries, topics, isClean } = plan
  if (record.state !== 'dropped') await claimDrop(parts)
  // Rows first: while anything of the log is there, nothing is lost that could not be made again.
  if (rows !== null) await forgetRows()
  if (files !== null) await removeRevisionFiles(files)
  await deleteGroups(connection, groups)
  await sender.send(entries)
  await deleteTopics(connection, topics)
  await untilGone(connection, topics)
  if (isClean) await sender.send([stamp({ topic: 'runs', key: record.id, value: null }, plan)])
  else await publishRunRecord(sender, codec, { ...record, state: 'dropped', config: '{}', createdAt: now })
}

/** Says that the revision goes. A process that starts it at the same moment may have been quicker. */
async function claimDrop({ connection, codec, sender, plan, record, now, signal }: DropParts): Promise<void> {
  const word: RunRecord = { ...record, state: 'dropping', createdAt: now }
  await publishRunRecord(sender, codec, word)
  const newest = (await readRunRecords(connection, codec, plan.revision, signal)).get(plan.runId)
  if (newest === undefined || !isSameWord(newest, word))
    throw new UsageFault(
      `revision ${plan.revision} of run ${plan.runId} was started at the same moment: it is left alone`,
    )
}

const LOOK_MS = 100
const LOOKS = 300

/** A broker deletes topics a moment after it said so; one of the same name that is made before would be deleted too. */
async function untilGone(connection: KafkaConnection, topics: readonly string[]): Promise<void> {
  for (let looks = 0; looks < LOOKS; looks += 1) {
    const there = new Set(await topicNames(connection))
    if (!topics.some((topic) => there.has(topic))) return
    await wait(LOOK_MS)
  }
  throw transient(
    'kafka-unavailable',
    `the broker still shows topics that were deleted (${topics.join(', ')}): drop again`,
  )
}
