// What a drop of a revision would take away, and why it may not. Promise: it only looks. main is never taken away, nor
// is what a process works at or what another revision reads from now.

import { resolve } from 'node:path'
import { z } from 'zod'
import { nearest } from '../../configs/nearest.ts'
import { groupOf, PART_NAMES } from '../../pipeline.ts'
import type { Codec } from '../../schemas/codec.ts'
import { UsageFault } from '../../schemas/failure.ts'
import type { RunRecord } from '../../schemas/records.ts'
import { TOPIC_NAMES, topicFor } from '../../schemas/topics.ts'
import { serverConfig } from '../../sinks/clickhouse/address.ts'
import type { ServerConfig } from '../../sinks/clickhouse/address.ts'
import type { TableRows } from '../../sinks/clickhouse/revision-rows.ts'
import { findRevisionFiles } from '../../sinks/json/remove.ts'
import { groupMembers, groupNames } from '../../stream/groups-admin.ts'
import type { KafkaConnection } from '../../stream/kafka.ts'
import { openLetterBook } from '../../stream/letters.ts'
import { dismissDeadMembers } from '../../stream/stale-members.ts'
import { topicNames } from '../../stream/topics-admin.ts'
import { holdOf, readNewest } from '../run-records.ts'
import type { DropPlan } from './contract.ts'
import { tombstonesOf } from './entries.ts'

export interface DropLook {
  readonly connection: KafkaConnection
  readonly codec: Codec
  readonly runId: string
  readonly revision: string
  /** Also where others were made from it. */
  readonly leaveOrphans: boolean
  /** Counts its rows, in the server that its config names; null: there is no database here. Itself null: tables are left alone. */
  readonly countRows: ((server: ServerConfig | undefined) => Promise<readonly TableRows[] | null>) | null
  /** Folder of the data sets; the replay's own `out` when left out; null: the files are left alone. */
  readonly out?: string | null | undefined
  /** Milliseconds since 1970 UTC. */
  readonly now: number
  readonly isAlive: (pid: number) => boolean
  readonly signal: AbortSignal
}

/** What a drop must know of a config, whichever version wrote it. */
const written = z.looseObject({
  out: z.string().optional(),
  replay: z.looseObject({ of: z.string(), into: z.string().nullish() }).nullish(),
  sinks: z
    .looseObject({
      clickhouse: z.looseObject({ enabled: z.boolean(), server: serverConfig.optional() }),
      json: z.looseObject({ enabled: z.boolean() }).optional(),
    })
    .optional(),
})

export interface FoundDrop {
  readonly plan: DropPlan
  /** Newest state of the revision. */
  readonly record: RunRecord
  /** ClickHouse server that its config names. */
  readonly server: ServerConfig | undefined
}

/** Throws UsageFault, all faults at once, where the revision may not be taken away; Failure where Kafka does not answer. */
export async function planDrop(look: DropLook): Promise<FoundDrop> {
  const { connection, codec, runId, revision, signal } = look
  if (revision === 'main')
    throw new UsageFault('main is the run itself: only revisions that were made of it can be dropped')
  const existing = new Set(await topicNames(connection))
  const records = existing.has('runs') ? await readNewest(connection, codec, signal) : []
  const record = records.find((each) => each.runId === runId && each.revision === revision)
  if (record === undefined) throw unknownRevision(look, records)
  const groups = await ownGroups(connection, runId, revision)
  const faults = [...(await whoIsAtWork(look, record, groups)), ...whatIsMadeOf(look, records)]
  if (faults.length > 0) throw new UsageFault(faults)
  const others = othersOf(records, look)
  const topics = TOPIC_NAMES.map((name) => topicFor(name, revision)).filter(
    (name) => name.endsWith(`.${revision}`) && existing.has(name),
  )
  const isOwn = (ofRun: string, of: string): boolean => ofRun === runId && of === revision
  const letters = existing.has(topicFor('dead-letters', revision))
    ? (await openLetterBook(connection, signal, isOwn)).letters().length
    : 0
  const { out, sinks } = written.parse(JSON.parse(record.config))
  const server = sinks?.clickhouse.server
  const rows = look.countRows === null ? null : await look.countRows(server)
  if (rows === null && look.countRows !== null && sinks?.clickhouse.enabled === true)
    throw new UsageFault(
      `revision ${revision} of run ${runId} has rows in ClickHouse, and there is no database here: give --state DIR, set CLICKHOUSE_URL, or leave its rows where they are with --no-tables`,
    )
  const begunAt =
    records.find((each) => each.runId === runId && each.revision === 'main')?.startedAt ?? record.startedAt
  const folder = look.out === null ? null : (look.out ?? out ?? null)
  const files = folder === null ? null : await findRevisionFiles(folder, { runId, revision, begunAt })
  const areRowsLeft = look.countRows === null && sinks?.clickhouse.enabled === true
  const plan: DropPlan = {
    ...{ runId, revision, groups, letters, rows },
    topics: others.length === 0 ? topics : [],
    kept: others.length === 0 ? [] : topics,
    keptFor: others,
    entries: await tombstonesOf(connection, look, existing, signal),
    files,
    filesNotIn: folder !== null && files === null && sinks?.json?.enabled === true ? resolve(folder) : null,
    rowsLeftIn: areRowsLeft ? JSON.stringify({ sinks }) : null,
    isClean: letters === 0 && !areRowsLeft && (others.length === 0 || topics.length === 0),
  }
  return { plan, record, server }
}

/** Other runs that have a revision of the same name, and so write to the same topics. */
export function othersOf(
  records: Iterable<RunRecord>,
  { runId, revision }: { readonly runId: string; readonly revision: string },
): string[] {
  return [...records]
    .filter((each) => each.revision === revision && each.runId !== runId && each.state !== 'dropped')
    .map((each) => each.runId)
}

async function ownGroups(connection: KafkaConnection, runId: string, revision: string): Promise<string[]> {
  const existing = new Set(await groupNames(connection))
  return PART_NAMES.map((part) => groupOf(runId, revision, part)).filter((group) => existing.has(group))
}

/** Members of processes that are gone are taken out of their groups first. */
async function whoIsAtWork(look: DropLook, record: RunRecord, groups: readonly string[]): Promise<string[]> {
  const { connection, runId, revision, now, isAlive } = look
  const stop = `stop it first (Ctrl-C in its terminal), and drop the revision then`
  if (holdOf(record, now, isAlive) === 'held')
    return [`revision ${revision} of run ${runId} is at work (process ${record.pid} on ${record.host}): ${stop}`]
  for (const group of groups) {
    await dismissDeadMembers(connection, group, null, connection.log)
    if ((await groupMembers(connection, group)) > 0)
      return [`revision ${revision} of run ${runId} is at work (group ${group} has members): ${stop}`]
  }
  return []
}

/** Revisions that read from it. One that is at work needs it now. */
function whatIsMadeOf(
  { runId, revision, leaveOrphans, now, isAlive }: DropLook,
  records: readonly RunRecord[],
): string[] {
  const made = records.filter(
    (each) =>
      each.runId === runId &&
      each.state !== 'dropped' &&
      written.parse(JSON.parse(each.config)).replay?.of === revision,
  )
  return made.flatMap((each) => {
    const isAtWork = holdOf(each, now, isAlive) !== 'free'
    if (isAtWork) return [`revision ${each.revision} reads from ${revision} and is at work: stop it first`]
    if (leaveOrphans) return []
    return [
      `revision ${each.revision} was made from ${revision}: drop it first, or give --leave-orphans (it stays, but can be neither resumed nor audited then)`,
    ]
  })
}

function unknownRevision({ runId, revision }: DropLook, records: readonly RunRecord[]): UsageFault {
  const own = records.filter((each) => each.runId === runId).map((each) => each.revision)
  const others = own.filter((name) => name !== 'main')
  if (own.length === 0) return new UsageFault(`there is no run ${runId} on this Kafka`)
  const near = nearest(revision, others)
  const hint =
    near !== null
      ? `did you mean ${near}?`
      : others.length === 0
        ? 'it has none but main'
        : `there is ${others.join(', ')}`
  return new UsageFault(`run ${runId} has no revision ${revision}; ${hint}`)
}
