// A data set out of the database: found, read page by page, made into rows of a format, written aside, described, put in
// its place. Promises: the same question gives the same bytes; memory does not grow with the rows; what is seen at its
// place is whole.

import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { permanent } from '../../schemas/failure.ts'
import type { Failure } from '../../schemas/failure.ts'
import { assertCondition } from '../../sinks/clickhouse/condition.ts'
import type { Database } from '../../sinks/clickhouse/contract.ts'
import { writeText } from '../../sinks/json/disk.ts'
import type { ReportRun } from '../report/contract.ts'
import { writeCard } from '../card/write-card.ts'
import { findRun } from '../report/find-run.ts'
import { createAsk, faultOfCondition } from './ask.ts'
import type { Ask } from './ask.ts'
import type { Filters, Look, Maker, Manifest, ManifestFile } from './contract.ts'
import { findReward } from './find-reward.ts'
import { makerOf } from './makers.ts'
import { namesOf } from './names.ts'
import { readPages } from './pages.ts'
import { openPlace } from './place.ts'
import type { Place } from './place.ts'
import { countQuery, narrowings, pageQuery, TABLE_OF } from './query.ts'
import { splitOf } from './split.ts'
import { createSplits } from './splits.ts'
import { createTally } from './tally.ts'
import type { Tally } from './tally.ts'

export interface ExportParts {
  readonly database: Database
  readonly look: Look
  /** runs: empty for the newest. */
  readonly filters: Filters
  readonly out: string
  readonly force: boolean
  /** What a person says of a folder's card: a licence as the hub names it, a heading. */
  readonly license?: string | undefined
  readonly title?: string | undefined
  readonly programVersion: string
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
  readonly signal: AbortSignal
}

export interface Exported {
  /** The folder or the file. */
  readonly path: string
  readonly manifest: Manifest
}

/**
 * Writes the export. Throws UsageFault for runs, conditions and places that are none, permanent `no-rows` where no row
 * is left (naming what took the last), transient `disk-full` and `disk-unwritable`, what the database throws, and the
 * signal's reason; then nothing has changed at the place, or, where the disk failed while files were put there, the next
 * export finishes that first.
 */
export async function exportDataSet(parts: ExportParts): Promise<Exported> {
  const { database, signal, out } = parts
  if (parts.filters.where !== null) assertCondition(parts.filters.where)
  const ask = createAsk(database, { asOf: parts.filters.asOf, signal })
  const runs = await findRuns(ask, parts.filters)
  const filters = { ...parts.filters, runs: runs.map(({ id }) => id) }
  const look = parts.look.type === 'steps' ? await findReward(ask, parts.look, filters) : parts.look
  const total = await countRows(ask, filters, look)
  const place = await openPlace(out, parts)
  try {
    const manifest = await fill(place, { ...parts, filters, look }, { ask, runs, total })
    const { folder, file } = place.names
    const { license = null, title = null } = parts
    if (file === null) await writeCard({ database: ask, manifest, folder: place.staging, signal, license, title })
    signal.throwIfAborted()
    await place.commit()
    return { path: file === null ? folder : join(folder, file), manifest }
  } catch (error) {
    await place.discard()
    throw error
  }
}

async function findRuns(ask: Ask, { runs, revision, asOf }: Filters): Promise<ReportRun[]> {
  if (runs.length === 0) return [await findRun(ask, revision, undefined, asOf)]
  const found: ReportRun[] = []
  for (const run of new Set(runs)) found.push(await findRun(ask, revision, run, asOf))
  return found
}

/** Rows that the filters leave. Throws where there is none. */
async function countRows(ask: Ask, filters: Filters, look: Look): Promise<number> {
  const query = countQuery(filters, look)
  const [counts] = await ask
    .rows<{ of_runs: number; kept: number[] }>(query.sql, query.parameters)
    .catch((error: unknown) => {
      throw faultOfCondition(error, filters.where)
    })
  const { of_runs: all, kept } = counts ?? { of_runs: 0, kept: [] }
  const total = kept.at(-1) ?? all
  if (total > 0) return total
  throw noRows(filters, look, all, kept)
}

function noRows(filters: Filters, look: Look, all: number, kept: readonly number[]): Failure {
  const { runs, revision, asOf } = filters
  const of = `${runs.length === 1 ? 'run' : 'runs'} ${runs.join(', ')}, revision ${revision}${asOf === null ? '' : `, as of ${new Date(asOf).toISOString()}`}`
  const table = TABLE_OF[look.type]
  if (all === 0) return permanent('no-rows', `${of}: table ${table} has no rows, so nothing was written`)
  const place = kept.indexOf(0)
  const [before, name] = [place === 0 ? all : kept[place - 1], narrowings(look.type, filters, look)[place]?.name]
  return permanent(
    'no-rows',
    `${of}: ${name ?? 'the filters'} left none of ${before ?? all} rows of table ${table}, so nothing was written`,
  )
}

/** There were rows of the table, and none gave a row of the format. */
function noRowsMade({ format }: Look, leftOut: Readonly<Record<string, number>>): Failure {
  const reasons = Object.entries(leftOut).map(([reason, count]) => `${count} ${reason}`)
  const why = reasons.length > 0 ? reasons.join(', ') : 'the rows have gone from the database meanwhile'
  return permanent('no-rows', `no row of format ${format} could be made: ${why}; nothing was written`)
}

interface Found {
  readonly ask: Ask
  readonly runs: readonly ReportRun[]
  readonly total: number
}

/** Writes all files of the export into the staging folder. */
async function fill(place: Place, parts: ExportParts, { ask, runs, total }: Found): Promise<Manifest> {
  const { filters, look, signal, now } = parts
  const { staging, names } = place
  const maker = makerOf(look)
  const splits = createSplits(staging, { ...look, schema: maker.schema, isOne: names.file !== null })
  const tally = createTally()
  const leftOut: Record<string, number> = {}
  try {
    const pages = readPages((bounds) => ask.text(pageQuery(filters, look, bounds)), total)
    await writeRows(pages, { maker, filters, leftOut, tally, signal, add: splits.add })
    if (tally.runs.size === 0) throw noRowsMade(look, leftOut)
    const said = { look, hasSplit: filters.split !== null, startedAt: startOf(runs) }
    const nameOf = namesOf(names, { ...said, models: Object.keys(tally.models) })
    const files = await splits.finish(nameOf)
    const schema = `${JSON.stringify(maker.schema, null, 2)}\n`
    await writeText(join(staging, names.schema), schema)
    const described = { schema: { path: names.schema, sha256: sha256(schema) }, files, leftOut, createdAt: now() }
    const manifest = manifestOf(parts, runs, tally, described)
    await writeText(join(staging, names.manifest), `${JSON.stringify(manifest, null, 2)}\n`)
    return manifest
  } catch (error) {
    await splits.abandon()
    throw error
  }
}

interface Writing {
  readonly maker: Maker
  readonly filters: Filters
  readonly leftOut: Record<string, number>
  readonly tally: Tally
  readonly signal: AbortSignal
  readonly add: ReturnType<typeof createSplits>['add']
}

async function writeRows(pages: ReturnType<typeof readPages>, parts: Writing): Promise<void> {
  const { maker, filters, leftOut, tally, signal, add } = parts
  let left = filters.limit ?? Infinity
  for await (const page of pages) {
    signal.throwIfAborted()
    for (const columns of page) {
      const made = maker.make(columns)
      if ('leftOut' in made) {
        leftOut[made.leftOut] = (leftOut[made.leftOut] ?? 0) + 1
        continue
      }
      if (made.length === 0) continue
      tally.note(columns)
      const split = splitOf(columns['problem_id'] as string, filters.split)
      for (const row of made.slice(0, left)) await add(split, row)
      left -= made.length
      if (left <= 0) return
    }
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const startOf = (runs: readonly ReportRun[]): number => Math.min(...runs.map(({ startedAt }) => Date.parse(startedAt)))
const isoOf = (time: number | null): string | null => (time === null ? null : new Date(time).toISOString())

interface Described {
  readonly schema: Manifest['schema']
  readonly files: ManifestFile[]
  readonly leftOut: Record<string, number>
  readonly createdAt: number
}

function manifestOf(
  { look, filters, programVersion }: ExportParts,
  runs: readonly ReportRun[],
  tally: Tally,
  { schema, files, leftOut, createdAt }: Described,
): Manifest {
  const { format, container, type, shape, reasoning, bare } = look
  const isSteps = type === 'steps'
  return {
    manifest_version: 1,
    program: 'magpie-reasoning',
    program_version: programVersion,
    created_at: new Date(createdAt).toISOString(),
    ...{ format, container, type, steps_of: look.stepsOf, shape, reasoning, bare, files },
    rows: files.reduce((sum, { rows }) => sum + rows, 0),
    left_out: leftOut,
    schema,
    filters: {
      runs: [...filters.runs],
      revision: filters.revision,
      where: filters.where,
      as_of: isoOf(filters.asOf),
      limit: filters.limit,
      min_tokens: filters.minTokens,
      max_tokens: filters.maxTokens,
      split: filters.split,
      reward: isSteps ? look.reward : null,
      threshold: isSteps ? look.threshold : null,
    },
    runs: runs.map(({ id, revision, state, startedAt, finishedAt }) => ({
      ...{ run: id, revision, state, started_at: startedAt, finished_at: finishedAt },
      rows: tally.runs.get(id)?.rows ?? 0,
      config_hashes: [...(tally.runs.get(id)?.configHashes ?? [])].sort(),
    })),
    models: { ...tally.models },
    question_models: { ...tally.questionModels },
    offsets: tally.offsets,
    newest_row: isoOf(tally.newest()),
    sql: pageQuery(filters, look).sql,
  }
}
