// Takes a revision away: rows, files, groups, what shared topics hold of it by key, and its topics. Promises: nothing of
// main or of another run is touched; the revision is known as `dropping` until all of it is gone, so a drop that was
// killed can be run again, and nothing goes on with half a revision meanwhile.

import { hostname } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import type { Codec } from '../../schemas/codec.ts'
import { transient, UsageFault } from '../../schemas/failure.ts'
import type { RunRecord } from '../../schemas/records.ts'
import { removeRevisionFiles } from '../../sinks/json/remove.ts'
import { deleteGroups } from '../../stream/groups-admin.ts'
import type { KafkaConnection } from '../../stream/kafka.ts'
import type { Sender } from '../../stream/sender.ts'
import { deleteTopics, topicNames } from '../../stream/topics-admin.ts'
import {
  firstClaim,
  forgetRun,
  isSameWord,
  publishRunRecord,
  readRunRecords,
  restoreWord,
  wordsBefore,
} from '../run-records.ts'
import type { DropPlan } from './contract.ts'
import { othersOf } from './plan-drop.ts'

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

/** What became of the plan. */
export interface Dropped {
  /** Runs that have a revision of the same name by now, so that its topics stay. */
  readonly keptFor: readonly string[]
  /** Its name is free again. */
  readonly isClean: boolean
}

/**
 * Carries a plan out. Throws UsageFault where somebody spoke about the revision since it was made: then nothing is taken
 * away; Failure where Kafka, the database or the disk does not answer: then it is run again.
 */
export async function dropRevision(parts: DropParts): Promise<Dropped> {
  const { connection, codec, sender, plan, record, forgetRows, now } = parts
  const { rows, files, groups, entries } = plan
  const word = record.state === 'dropped' && plan.topics.length === 0 ? null : await claimDrop(parts)
  // Groups first: a broker does not delete one that has members, so nobody reads on while the rest goes. Then rows: while
  // the topics are there, nothing is lost that could not be made again.
  await deleteGroups(connection, groups)
  if (rows !== null) await forgetRows()
  if (files !== null) await removeRevisionFiles(files)
  await sender.send(entries)
  if (word !== null) await assertStillOurs(parts, word)
  const { topics, keptFor } = await topicsThatGo(parts)
  await deleteTopics(connection, topics)
  await untilGone(connection, topics)
  const isClean = plan.isClean && topics.length === plan.topics.length
  if (isClean) await forgetRun(sender, record)
  else
    await publishRunRecord(sender, codec, {
      ...record,
      state: 'dropped',
      config: plan.rowsLeftIn ?? '{}',
      createdAt: now,
    })
  return { keptFor, isClean }
}

/** Says that the revision goes, as the next word behind the one that was planned with; whoever was quicker goes on. */
async function claimDrop({ connection, codec, sender, plan, record, now, signal }: DropParts): Promise<RunRecord> {
  const { runId, revision } = plan
  const word: RunRecord = { ...record, state: 'dropping', createdAt: now, host: hostname(), pid: process.pid }
  await publishRunRecord(sender, codec, word)
  const before = (await wordsBefore(connection, codec, word, signal)).get(runId)
  if (before !== undefined && isSameWord(before, record)) return word
  const other = await restoreWord(sender, { connection, codec }, word, signal)
  const state = other === null ? 'dropped' : other.state
  throw new UsageFault(
    `revision ${revision} of run ${runId} was ${state === 'running' ? 'started' : `said to be ${state}`} meanwhile: it is left alone`,
  )
}

/** Another drop may have gone on with this one, and ended it; then the name may belong to a new revision. */
async function assertStillOurs({ connection, codec, plan, record, signal }: DropParts, word: RunRecord): Promise<void> {
  const first = await firstClaim(connection, codec, word, record, signal)
  const newest = (await readRunRecords(connection, codec, plan.revision, signal)).get(plan.runId)
  // A start that came too late may stand there until it has taken its word back.
  const isTaken = newest === undefined || (newest.state === 'dropping' && !isSameWord(newest, word))
  if (isTaken || first === null || !isSameWord(first, word))
    throw new UsageFault(
      `another process spoke about revision ${plan.revision} of run ${plan.runId} meanwhile: its topics are left alone; see ./magpie revisions list`,
    )
}

/**
 * The planned topics, unless another run has begun a revision of this name since. One that begins later finds the word of
 * this drop before its own and is refused (open-run.ts).
 */
async function topicsThatGo({
  connection,
  codec,
  plan,
  signal,
}: DropParts): Promise<Pick<DropPlan, 'topics' | 'keptFor'>> {
  const others = othersOf((await readRunRecords(connection, codec, plan.revision, signal)).values(), plan)
  return others.length === 0 ? plan : { topics: [], keptFor: others }
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
