// One run, one ClickHouse. Processes that write the rows of a run find each other on the log, and then in the database
// itself: each leaves its name there, and one that does not find the names of the others writes somewhere else, whatever
// the addresses say. Promises: no row is taken before that is told; of two that begin at the same moment, the one whose
// word comes first on the log goes on; a run that is moved is read again, so that its rows are whole where it is now.

import { transient, UsageFault } from '../schemas/failure.ts'
import { isServerUrl } from '../sinks/clickhouse/address.ts'
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
import { freeIn } from './sole-sinks.ts'

const LOOK_MS = 1000
const LOOKS = 10

export interface Sharing {
  readonly run: Pick<OpenRun, 'connection' | 'codec' | 'runId' | 'revision' | 'processId' | 'sayClickhouse'>
  readonly database: Pick<Database, 'insert' | 'rows'>
  /** Where it is, for people, without secrets: a URL of a server, or host and folder of an embedded one. */
  readonly where: string
  readonly refill: Refill
  /** The revision that it adds to; null: it adds to none. */
  readonly into: string | null
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
  const { run, database, where, refill, into } = sharing
  if (into !== null) await assertHas(sharing, into)
  const last = await foreignWriter(sharing, await readWriters(sharing, run.revision))
  if (last === null) await refillDatabase(database, refill)
  else {
    if (isServerUrl(last.clickhouse) && last.clickhouse !== where && !sharing.mayMove)
      throw new UsageFault(movedText(last, sharing))
    const owed = await owedTo(database, run)
    if (!(await readAgain(refill)))
      throw transient('group-in-use', `other processes of run ${run.runId} still write its rows elsewhere: stop them`)
    await noteRefill(database, run, owed)
    if (last.clickhouse !== where) sharing.onMove(last.clickhouse)
  }
  await noteOpening(database, run, run.processId)
  await run.sayClickhouse(where)
  const writers = await readWriters(sharing, run.revision)
  const own = writers.findIndex(({ id }) => id === run.processId)
  try {
    await foreignWriter(sharing, writers.slice(0, own))
  } catch (error) {
    // What is wrong matters more than that its word stays; the end of the run takes the whole start back.
    await run.sayClickhouse(null).catch(() => undefined)
    throw error
  }
}

type Writer = ProcessOverview & { readonly clickhouse: string }

/** Throws UsageFault where the rows that this process would add to are in another database. */
async function assertHas(sharing: Sharing, revision: string): Promise<void> {
  const [foreign] = await unknownTo(sharing, lastOf(await readWriters(sharing, revision)), revision)
  if (foreign !== undefined) throw new UsageFault(addedText(foreign, sharing))
}

/** The processes that have said where they write rows of a revision, in the order of these words. */
async function readWriters({ run, now, signal }: Sharing, revision: string): Promise<Writer[]> {
  const { runId, connection, codec } = run
  const look = { connection, codec, now: now(), isAlive: processIsAlive, signal }
  const found = await readRun(look, { runId, revision })
  const writers = found?.processes.filter((each): each is Writer => each.clickhouse !== null) ?? []
  return writers.toSorted((one, other) => one.clickhouseAt! - other.clickhouseAt!)
}

/**
 * The last that wrote, where all are gone and it wrote into another database; null: this is theirs, or nobody has written.
 * Throws UsageFault where one that is at work writes into another.
 */
async function foreignWriter(sharing: Sharing, writers: readonly Writer[]): Promise<Writer | null> {
  const [foreign] = await unknownTo(sharing, lastOf(writers), sharing.run.revision)
  if (foreign?.isAtWork === true) throw new UsageFault(splitText(foreign, sharing))
  return foreign ?? null
}

/** Those at work; where there are none, the last that was. */
function lastOf(writers: readonly Writer[]): readonly Writer[] {
  const atWork = writers.filter(({ isAtWork }) => isAtWork)
  return atWork.length > 0 ? atWork : writers.slice(-1)
}

/** Those whose names are not in the database, nor come there while one waits for them. */
async function unknownTo(
  { database, where, run, looks: most = LOOKS, signal }: Sharing,
  writers: readonly Writer[],
  revision: string,
): Promise<readonly Writer[]> {
  const { runId } = run
  for (let looks = 1; ; looks += 1) {
    const names = writers.length === 0 ? new Set<string>() : await readOpenings(database, { runId, revision })
    const unknown = writers.filter(({ id }) => !names.has(id))
    const mayCome = isServerUrl(where) && unknown.some((each) => isServerUrl(each.clickhouse))
    if (!mayCome || looks === most) return unknown
    await pauseFor(LOOK_MS, signal)
    signal.throwIfAborted()
  }
}

const SETTING = 'CLICKHOUSE_URL (sinks.clickhouse.server.url)'

function splitText(writer: Writer, { run, where, now }: Sharing): string {
  const { pid, host, clickhouse } = writer
  const writes = `process ${pid} on ${host} writes the rows of run ${run.runId} to ${clickhouse}`
  const stop = `stop that process and start this one again${freeIn(writer, now())}`
  return clickhouse === where
    ? `${writes}, which does not know it: it was emptied, or it is another database under the same address: ${stop}`
    : `${writes}, and this one would write to ${where}, which is another database: the rows would lie in two places. Set ${SETTING} to the same server for both, leave clickhouse out of --stages, or ${stop}`
}

function addedText({ clickhouse }: Writer, { run, where, into }: Sharing): string {
  return `the rows of run ${run.runId} (${into}) are in ${clickhouse}, and this process would add to them in ${where}, which has not seen them: set ${SETTING} to that server`
}

function movedText({ pid, host, clickhouse }: Writer, { run, where }: Sharing): string {
  return `the rows of run ${run.runId} are in ${clickhouse} (process ${pid} on ${host} wrote there last), and this process would write to ${where}, which has not seen that: set ${SETTING} to that server, or give --move-clickhouse, and all that Kafka has is read into the other database first`
}
