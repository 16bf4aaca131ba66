// The groups of all runs on a Kafka: which part of which run each is, how that run stands, and how far it is behind.

import { groupLags } from '../stream/group-lags.ts'
import { groupNames } from '../stream/groups-admin.ts'
import type { PartitionLag } from '../stream/groups-admin.ts'
import type { PartitionEnds } from '../stream/positions.ts'
import { standingOf } from './run-overview.ts'
import type { Looking, Standing } from './run-overview.ts'
import { readNewest } from './run-records.ts'

export interface GroupOverview {
  readonly run: string
  readonly revision: string
  readonly part: string
  /** How the run stands; null where the topic of runs does not say. */
  readonly state: Standing | null
  readonly positions: readonly PartitionLag[]
}

/** Groups are named magpie.RUN.REVISION.PART; run names may hold dots, revisions and parts may not. */
const GROUP = /^magpie\.(?<run>.+)\.(?<revision>[^.]+)\.(?<part>[^.]+)$/

/** All groups, or those of one run or revision, by run. `ends`: of the topics, by name. Throws Failure. */
export async function readGroups(
  look: Looking,
  ends: ReadonlyMap<string, readonly PartitionEnds[]>,
  wanted: { readonly run?: string | undefined; readonly revision?: string | undefined } = {},
): Promise<GroupOverview[]> {
  const { connection, codec, now, isAlive, signal } = look
  const newest = ends.has('runs') ? await readNewest(connection, codec, signal) : []
  const states = new Map(newest.map((record) => [record.id, record]))
  const named = (await groupNames(connection)).flatMap((group) => {
    const { run, revision, part } = GROUP.exec(group)?.groups ?? {}
    if (run === undefined || revision === undefined || part === undefined) return []
    if ((wanted.run ?? run) !== run || (wanted.revision ?? revision) !== revision) return []
    return [{ group, run, revision, part }]
  })
  const lags = await groupLags(
    connection,
    named.map(({ group }) => group),
    ends,
  )
  return named.map(({ group, ...name }) => {
    const record = states.get(`${name.run}/${name.revision}`)
    const state = record === undefined ? null : standingOf(record, now, isAlive)
    return { ...name, state, positions: lags.get(group) ?? [] }
  })
}
