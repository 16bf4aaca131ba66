// One run, one ClickHouse. Processes that write the rows of a run find each other on the log, and then in the database
// itself: each leaves its name there, and one that does not find the names of the others writes somewhere else, whatever
// the addresses say. Promises: no row is taken before that is told; of two that begin at the same moment, the one whose
// word comes first on the log goes on; a run that is moved is read again, so that its rows are whole where it is now.

import { transient, UsageFault } from '../schemas/failure.ts'
import type { Database } from '../sinks/clickhouse/contract.ts'
import { noteOpening, readOpenings } from '../sinks/clickhouse/openings.ts'
import { noteRefill, owedTo } from '../sinks/clickhouse/refills.ts'
import { pauseFor } from '../stream/back-off.ts'
import { processIsAlive } from '../stream/process-alive.ts'
import type { OpenRun } from './open-run.ts'
import { readAgain, refillDatabase } from './refill.ts'
import type { Refill } from './refill.ts'
import { readRun } from './run-overview.ts'
import type { ProcessOverview } from './run-overview.ts'

const LOOK_MS = 1000
const LOOKS = 10

export interface Sharing {
  readonly run: Pick<OpenRun, 'connection' | 'codec' | 'runId' | 'revision' | 'processId' | 'sayClickhouse'>
  readonly database: Pick<Database, 'insert' | 'rows'>
  /** Where it is, for people, without secrets: a URL of a server, or host and folder of an embedded one. */
  readonly where: string
  readonly refill: Refill
  /** Rows that are on another server may stay there: the run is moved. */
  readonly mayMove: boolean
  /** It was moved: everything is read into this database. */
  readonly onMove: (from: string) => void
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
  /** So often it looks for a name that another replica of the database may not have got yet, a second apart; 10 unless said. */
  readonly looks?: number
  readonly signal: AbortSignal
}

/**
 * Makes the database that of the run, or finds that it is. Throws UsageFault where another process at work, or the run
 * before this start, has another; transient Failure while the database or Kafka cannot tell.
 */
export async function shareDatabase(sharing: Sharing): Promise<void> {
  const { run, database, where, refill } = sharing
  const last = await foreignWriter(sharing, await readWriters(sharing))
  if (last === null) await refillDatabase(database, refill)
  else {
    if (isServer(last.clickhouse) && last.clickhouse !== where && !sharing.mayMove)
      throw new UsageFault(movedText(last, sharing))
    const owed = await owedTo(database, run)
    if (!(await readAgain(refill)))
      throw transient('group-in-use', `other processes of run ${run.runId} still write its rows elsewhere: stop them`)
    await noteRefill(database, run, owed)
    if (last.clickhouse !== where) sharing.onMove(last.clickhouse)
  }
  await noteOpening(database, run, run.processId)
  await run.sayClickhouse(where)
  const writers = await readWriters(sharing)
  const own = writers.findIndex(({ id }) => id === run.processId)
  try {
    await foreignWriter(sharing, writers.slice(0, own))
  } catch (error) {
    await run.sayClickhouse(null)
    throw error
  }
}

type Writer = ProcessOverview & { readonly clickhouse: string }

/** The processes that have said where they write, in the order of these words. */
async function readWriters({ run, now, signal }: Sharing): Promise<Writer[]> {
  const found = await readRun({ ...run, now: now(), isAlive: processIsAlive, signal }, run)
  const writers = found?.processes.filter((each): each is Writer => each.clickhouse !== null) ?? []
  return writers.toSorted((one, other) => one.clickhouseAt! - other.clickhouseAt!)
}

/**
 * The last that wrote, where all are gone and it wrote into another database; null: this is theirs, or nobody has written.
 * Throws UsageFault where one that is at work writes into another.
 */
async function foreignWriter(sharing: Sharing, writers: readonly Writer[]): Promise<Writer | null> {
  const atWork = writers.filter(({ isAtWork }) => isAtWork)
  const [foreign] = await unknownTo(sharing, atWork.length > 0 ? atWork : writers.slice(-1))
  if (foreign?.isAtWork === true) throw new UsageFault(splitText(foreign, sharing))
  return foreign ?? null
}

/** Those whose names are not in the database, nor come there while one waits for them. */
async function unknownTo(
  { database, where, run, looks: most = LOOKS, signal }: Sharing,
  writers: readonly Writer[],
): Promise<readonly Writer[]> {
  for (let looks = 1; ; looks += 1) {
    const names = writers.length === 0 ? new Set<string>() : await readOpenings(database, run)
    const unknown = writers.filter(({ id }) => !names.has(id))
    const mayCome = isServer(where) && unknown.some((each) => each.isAtWork && isServer(each.clickhouse))
    if (!mayCome || looks === most) return unknown
    await pauseFor(LOOK_MS, signal)
    signal.throwIfAborted()
  }
}

function isServer(where: string): boolean {
  return /^https?:/.test(where)
}

const SETTING = 'CLICKHOUSE_URL (sinks.clickhouse.server.url)'

function splitText({ pid, host, clickhouse }: Writer, { run, where }: Sharing): string {
  return `process ${pid} on ${host} writes the rows of run ${run.runId} to ${clickhouse}, and this one would write to ${where}, which is another database: the rows would lie in two places. Set ${SETTING} to the same server for both, or leave clickhouse out of --stages`
}

function movedText({ pid, host, clickhouse }: Writer, { run, where }: Sharing): string {
  return `the rows of run ${run.runId} are in ${clickhouse} (process ${pid} on ${host} wrote there last), and this process would write to ${where}, which has not seen that: set ${SETTING} to that server, or give --move-clickhouse, and all that Kafka has is read into the other database first`
}
