// The sinks that one process of a run has alone. Kafka would spread their partitions over two processes, and the rows
// that the second one takes would lie in a database or a folder of its own, where nobody looks for them. Promise: of two
// that start at the same moment, the one whose start comes first on the log has them.

import { hostname } from 'node:os'
import type { Config } from '../configs/schema.ts'
import { UsageFault } from '../schemas/failure.ts'
import { serverOf } from '../sinks/clickhouse/database.ts'
import { pauseFor } from '../stream/back-off.ts'
import { processIsAlive } from '../stream/process-alive.ts'
import type { RunParts } from './run-contract.ts'
import { readRun } from './run-overview.ts'
import type { Looking, ProcessOverview } from './run-overview.ts'
import { SILENT_MS } from './run-records.ts'
import { hasLed, readStarts } from './run-starts.ts'

export type SoleSink = 'clickhouse' | 'json'

/** Between two looks for the first word of the leader, milliseconds. */
const LOOK_MS = 2000

/** Those that the config has on: JSON files, and ClickHouse where it is embedded. Throws UsageFault for a wrong server. */
export function soleSinks({ sinks }: Pick<Config, 'sinks'>, clickhouseUrl?: string): SoleSink[] {
  const { clickhouse, json } = sinks
  const isEmbedded = clickhouse.enabled && serverOf({ url: clickhouseUrl, server: clickhouse.server }) === null
  return [...(isEmbedded ? (['clickhouse'] as const) : []), ...(json.enabled ? (['json'] as const) : [])]
}

/** Why this process cannot have it beside its owner. */
export function soleFault(name: SoleSink, { pid, host }: { readonly pid: number; readonly host: string }): string {
  const [what, store, instead] =
    name === 'json'
      ? ['json', 'files', '']
      : ['the embedded clickhouse', 'database', ', or share a server by CLICKHOUSE_URL (sinks.clickhouse.server.url)']
  return `--stages: ${what} belongs to one process, and process ${pid} on ${host} has it: rows that this one took would be missing in its ${store}; leave ${name} out${instead}`
}

type Parts = Pick<RunParts, 'loaded' | 'parts' | 'clickhouseUrl' | 'runId' | 'revision' | 'now' | 'onWaiting'>
type OnLog = Pick<Looking, 'connection' | 'codec' | 'signal'>

/** A worker that would have a sink alone waits for the leader to say what it has; the others neither wait nor read. */
export async function untilLeaderSays(parts: Parts, { connection, codec, signal }: OnLog): Promise<void> {
  const { runId, revision } = parts
  while (soleHere(parts).length > 0) {
    const starts = await readStarts(connection, codec, signal)
    if (starts.some((start) => hasLed(start, { runId, revision }))) return
    parts.onWaiting?.()
    await pauseFor(LOOK_MS, signal)
    signal.throwIfAborted()
  }
}

/**
 * Throws UsageFault where this process, whose start is on the log, would have a sink that another one has alone: one that
 * is at work and has started before, or the leader, which has its sinks again when it goes on.
 */
export async function assertSoleSinks(parts: Parts, log: OnLog, processId: string): Promise<void> {
  const sole = soleHere(parts)
  if (sole.length === 0) return
  const found = await readRun({ ...log, now: parts.now(), isAlive: processIsAlive }, parts)
  // It is being dropped, which is told elsewhere.
  if (found === null) return
  const own = found.processes.findIndex(({ id }) => id === processId)
  const before = own < 0 ? found.processes : found.processes.slice(0, own)
  const isLeader = parts.parts.has('produce')
  const leader = isLeader ? undefined : before.findLast((each) => each.parts.includes('produce'))
  const holders = before.filter((each) => each === leader || each.isAtWork)
  const faults = sole.flatMap((name) => {
    const owner = holders.find((each) => each.parts.includes(name))
    if (owner === undefined) return []
    const after = owner === leader ? '' : `${isLeader ? ', or stop that one' : ''}${freeIn(owner, parts.now())}`
    return [soleFault(name, owner) + after]
  })
  if (faults.length > 0) throw new UsageFault(faults)
}

function soleHere({ loaded, parts, clickhouseUrl }: Parts): SoleSink[] {
  const named = (['clickhouse', 'json'] as const).some((name) => parts.has(name))
  return named ? soleSinks(loaded.config, clickhouseUrl).filter((name) => parts.has(name)) : []
}

/** Of another machine nobody can tell whether a process has ended, until it has been silent for long. now: ms since 1970 UTC. */
export function freeIn({ host, lastWordAt }: ProcessOverview, now: number): string {
  if (host === hostname()) return ''
  return `; if it has ended, start this one again in ${Math.max(1, Math.ceil((lastWordAt + SILENT_MS - now) / 1000))} s`
}
