// The proof that nothing was lost or doubled, by id: auditRun({ connection, codec, database, run, … }) reads the topics
// of a run, its tables and its files, and resolves with an Audit: { whole, counts: { lost, doubled, stray, repeats,
// inFlight, … }, stages, stores, faults, notes }. It writes nothing and joins no group, so it may be asked of a run
// that goes on, of one whose processes have died, and of one that is finished.

import type { Codec } from '../../schemas/codec.ts'
import type { TopicName } from '../../schemas/topics.ts'
import type { KafkaConnection } from '../../stream/kafka.ts'
import { readRunRecords } from '../../pipeline/run-records.ts'
import { topicNames } from '../../stream/topics-admin.ts'
import type { Audit } from './contract.ts'
import { findAuditedRun } from './find-run.ts'
import type { AuditedRun } from './find-run.ts'
import { createPass, goFurther, noneFurther, sharesOf } from './pass.ts'
import type { Furthest, Share } from './pass.ts'
import { findFiles, readFiles } from './read-files.ts'
import type { RunFiles } from './read-files.ts'
import { readFurthest, readLog } from './read-log.ts'
import { readTables } from './read-tables.ts'
import type { AuditDatabase } from './read-tables.ts'
import { limitsOf, settle } from './settle.ts'
import { expectSlots } from './slots.ts'
import { takeEnds, takeFinished } from './snapshot.ts'
import { createSums, rowsInFlight } from './sums.ts'
import type { Sums } from './sums.ts'
import { weighStages } from './weigh-stages.ts'
import { weighStores } from './weigh-stores.ts'

export type { Audit } from './contract.ts'

export interface AuditParts {
  readonly connection: KafkaConnection
  readonly codec: Codec
  /**
   * Opened as reader or owner, or how to open it, asked only where the run writes to tables; null: the tables are not
   * compared (a note says so). The caller closes it.
   */
  readonly database: AuditDatabase | (() => Promise<AuditDatabase>) | null
  /** Name of the run; the newest of the revision when left out. */
  readonly run?: string | undefined
  /** `main` when left out. */
  readonly revision?: string | undefined
  /** Folder of the data sets; the run's own `out` when left out; null: the files are not compared (a note says so). */
  readonly out?: string | null | undefined
  /** The file of an imported run: each of its lines must have an end. Without it only the lines that the log has are known. */
  readonly input?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Ids held at a time; with more of them the log is read several times. Default 1,000,000. */
  readonly idsAtOnce?: number | undefined
}

const IDS_AT_ONCE = 1_000_000

/** What all passes of an audit work with. */
interface Work {
  readonly parts: AuditParts
  readonly run: AuditedRun
  readonly database: AuditDatabase | null
  readonly files: RunFiles | null
  readonly topics: ReadonlySet<TopicName>
  readonly sums: Sums
  /** How far the producer has come, by all that was read until now. */
  readonly furthest: Furthest
  /** Notes on the log, as it is met. */
  readonly notes: Set<string>
  readonly signal: AbortSignal
}

/**
 * Audits one run. Throws UsageFault where there is no such run or its files are not there, and what Kafka, the database
 * and the disk throw.
 */
export async function auditRun(parts: AuditParts): Promise<Audit> {
  const { connection } = parts
  const signal = parts.signal ?? new AbortController().signal
  const run = await findAuditedRun(parts, signal)
  const { config, planned, replay, nameOf } = run
  const { sinks, out } = config
  const database = sinks.clickhouse.enabled ? await opened(parts.database) : null
  const hasFiles = sinks.json.enabled && planned.at(-1)?.to === 'sft'
  const files = hasFiles && parts.out !== null ? findFiles(parts.out ?? out, run) : null
  const existing = new Set(await topicNames(connection))
  const wanted = topicsOf(run)
  const topics = new Set(wanted.filter((topic) => existing.has(nameOf(topic))))
  const work: Work = {
    ...{ parts, run, database, files, topics, signal },
    sums: createSums({ planned, produces: replay === null, withTables: database !== null, withFiles: files !== null }),
    furthest: noneFurther(),
    notes: new Set(),
  }
  for (const topic of wanted) if (!topics.has(topic)) work.notes.add(`topic ${nameOf(topic)} does not exist`)
  const shares = sharesOf(await passesFor(work))
  let isOver = false
  for (const share of shares) isOver = await takePass(work, share)
  const audit = settle({ run, sums: work.sums, furthest: work.furthest, isOver, input: parts.input })
  return { ...audit, notes: [...notCompared(work), ...work.notes], passes: shares.length }
}

async function opened(database: AuditParts['database']): Promise<AuditDatabase | null> {
  return typeof database === 'function' ? await database() : database
}

/** How often the log must be read. With more than one pass, how far the producer has come is read ahead. */
async function passesFor(work: Work): Promise<number> {
  const { parts, run, topics, furthest, signal } = work
  const { connection, codec, idsAtOnce = IDS_AT_ONCE } = parts
  const first = run.planned[0]?.from
  if (first === undefined || !topics.has(first)) return 1
  const ends = (await takeEnds(connection, new Set([first]), run)).get(first) ?? []
  const messages = ends.reduce((sum, { low, high }) => sum + high - low, 0)
  if (messages <= idsAtOnce) return 1
  const ids = await readFurthest({ connection, codec, run, signal }, ends, furthest)
  return Math.min(256, Math.max(1, Math.ceil(ids / idsAtOnce)))
}

/** One share of the ids; says whether the run had finished all the while. See snapshot.ts for the order. */
async function takePass(work: Work, share: Share): Promise<boolean> {
  const { parts, run, database, files, topics, sums, furthest, notes, signal } = work
  const { connection, codec } = parts
  const { config, replay, nameOf } = run
  const { runId } = run.record
  const pass = createPass(share, run)
  const wasOver = (await stateOf(parts, run, signal)) === 'finished'
  const finished = await takeFinished(connection, run, topics, wasOver, signal)
  if (database !== null) await readTables(database, run, pass, signal)
  if (files !== null) await readFiles(files, pass, wasOver)
  const ends = await takeEnds(connection, topics, run)
  const isOver = wasOver && (await stateOf(parts, run, signal)) === 'finished'
  await readLog({ connection, codec, run, finished, ends, signal }, pass)
  goFurther(furthest, pass.furthest)
  if (replay === null) await expectSlots({ runId, config, isOver, furthest, input: parts.input }, pass)
  const before = rowsInFlight(sums.stores.values())
  weighStages(pass, run, isOver, sums)
  weighStores(pass, sums, isOver, { limits: limitsOf(config), addedTo: run.addition?.table ?? null })
  if (isOver) sums.overdue += rowsInFlight(sums.stores.values()) - before
  for (const [topic, partitions] of ends) {
    const begin = topic === replay?.from ? replay.begin : {}
    const gone = partitions.find(({ partition, low }) => low > (begin[partition] ?? 0))
    if (gone !== undefined)
      notes.add(
        `topic ${nameOf(topic)} does not hold ${topic === replay?.from ? 'all that the replay reads' : 'its beginning'} any more (partition ${gone.partition} begins at offset ${gone.low}): what lay there counts as missing where this run needs it`,
      )
  }
  return isOver
}

async function stateOf({ connection, codec }: AuditParts, { record }: AuditedRun, signal: AbortSignal) {
  const records = await readRunRecords(connection, codec, record.revision, signal)
  return records.get(record.runId)?.state ?? record.state
}

function notCompared({ run: { config }, database, files }: Work): string[] {
  const { clickhouse, json } = config.sinks
  const why = (isOn: boolean): string => (isOn ? 'left out' : 'the run has this sink off')
  return [
    ...(database === null ? [`tables not compared: ${why(clickhouse.enabled)}`] : []),
    ...(files === null ? [`files not compared: ${why(json.enabled)}`] : []),
  ]
}

/** What its stages read and write, without the topics of sinks. */
function topicsOf({ planned }: AuditedRun): TopicName[] {
  const last = planned.at(-1)?.to ?? 'sft'
  const ends: TopicName[] = last === 'sft' ? ['sft', 'preferences'] : [last]
  return [...planned.map(({ from }) => from), ...ends, 'rejections', 'dead-letters']
}
