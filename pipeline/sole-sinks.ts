// The sinks that one process of a run has alone. Kafka would spread their partitions over two processes, and the rows
// that the second one takes would lie in a database or a folder of its own, where nobody looks for them.

import { hostname } from 'node:os'
import type { Config } from '../configs/schema.ts'
import { UsageFault } from '../schemas/failure.ts'
import { serverOf } from '../sinks/clickhouse/database.ts'
import { pauseFor } from '../stream/back-off.ts'
import { processIsAlive } from '../stream/process-alive.ts'
import type { RunParts } from './run-contract.ts'
import { readRuns } from './run-overview.ts'
import type { Looking, ProcessOverview } from './run-overview.ts'
import { SILENT_MS } from './run-records.ts'

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

/**
 * Throws UsageFault where a worker names a sink that the leader, or another process at work, has alone. Waits for the
 * leader to say what it has; whoever names no such sink neither waits nor reads.
 */
export async function assertSoleSinks(
  parts: Pick<RunParts, 'loaded' | 'parts' | 'clickhouseUrl' | 'runId' | 'revision' | 'now' | 'onWaiting'>,
  log: Pick<Looking, 'connection' | 'codec' | 'signal'>,
): Promise<void> {
  const sinks = (['clickhouse', 'json'] as const).filter((name) => parts.parts.has(name))
  if (sinks.length === 0) return
  const sole = soleSinks(parts.loaded.config, parts.clickhouseUrl).filter((name) => sinks.includes(name))
  while (sole.length > 0) {
    const runs = await readRuns({ ...log, now: parts.now(), isAlive: processIsAlive })
    const found = runs.find(({ run, revision }) => run === parts.runId && revision === parts.revision)
    // It is being dropped, which is told elsewhere.
    if (found === undefined) return
    const leader = found.processes.findLast((each) => each.parts.includes('produce'))
    if (leader !== undefined) {
      // A leader that has stopped has them again when it goes on.
      const isOver = found.state === 'finished' || found.state === 'failed'
      const holders = found.processes.filter((each) => each === leader || (!isOver && speaks(each, parts.now())))
      const faults = sole.flatMap((name) => {
        const owner = holders.find((each) => each.parts.includes(name))
        return owner === undefined
          ? []
          : [soleFault(name, owner) + (owner === leader ? '' : freeIn(owner, parts.now()))]
      })
      if (faults.length > 0) throw new UsageFault(faults)
      return
    }
    parts.onWaiting?.()
    await pauseFor(LOOK_MS, log.signal)
    log.signal.throwIfAborted()
  }
}

/** It has said something of late and is not known to be gone. Workers also wait while nobody leads the run. */
function speaks({ host, pid, lastWordAt }: ProcessOverview, now: number): boolean {
  const isHere = host === hostname()
  return now - lastWordAt < SILENT_MS && (!isHere || (pid !== process.pid && processIsAlive(pid)))
}

/** Of another machine nobody can tell whether a process has ended, until it has been silent for long. */
function freeIn({ host, lastWordAt }: ProcessOverview, now: number): string {
  if (host === hostname()) return ''
  return `; if it has ended, start this one again in ${Math.max(1, Math.ceil((lastWordAt + SILENT_MS - now) / 1000))} s`
}
