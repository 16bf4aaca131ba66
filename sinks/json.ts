// The sink to JSON files: a run's SFT and preference data sets. Promises: write() returns when the rows are on the
// disk; while the run goes on they are readable under segments/; finish() makes one whole JSON array of each type;
// no half file is ever seen under its name, and a repeat adds no row.

import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Codec } from '../schemas/codec.ts'
import { Failure, UsageFault, permanent } from '../schemas/failure.ts'
import type { Logger } from '../schemas/logger.ts'
import { makeFolder } from '../schemas/make-folder.ts'
import { topicFor } from '../schemas/topics.ts'
import type { TopicName } from '../schemas/topics.ts'
import { STORE_LOST } from '../stream/delivered.ts'
import type { Delivered, Sink } from '../stream/delivered.ts'
import { diskFailure, removeLeftovers, writeText } from './json/disk.ts'
import { finishType, removeIfEmpty } from './json/finish.ts'
import type { DataSet } from './json/finish.ts'
import { lineOf } from './json/merge.ts'
import type { Line } from './json/merge.ts'
import { CLAIM, folderName, MARKER, runNames } from './json/names.ts'
import type { DataType, RunNames } from './json/names.ts'
import { rowText } from './json/rows.ts'
import { createSegments } from './json/segments.ts'

export const jsonConfig = z.strictObject({
  enabled: z.boolean().default(true).describe('Write JSON data sets under out'),
  batch: z
    .strictObject({
      rows: z.int().min(1).max(100_000).default(2000).describe('Records of one segment at most'),
      bytes: z
        .int()
        .min(1024)
        .max(256 * 1024 * 1024)
        .default(32 * 1024 * 1024)
        .describe('Bytes of one segment, about'),
      seconds: z.number().min(0.05).max(600).default(5).describe('Longest wait for a segment to fill'),
    })
    .prefault({}),
})

export type JsonConfig = z.infer<typeof jsonConfig>

/** Topics that the sink reads. */
export const JSON_TOPICS: readonly TopicName[] = ['sft', 'preferences']

export interface JsonSinkParts {
  /** Folder of all data sets. */
  readonly outDir: string
  readonly runId: string
  readonly revision?: string
  /** Model of the answerer, for names. */
  readonly model: string
  /** First start of the run, milliseconds since 1970 UTC. */
  readonly startedAt: number
  /** Rows that a data set holds at most; what there is more waits beside the segments for a larger number. */
  readonly limits?: { readonly [Type in DataType]?: number | null }
  readonly codec: Codec
  readonly log: Logger
  /** Called when the folder is new, before it is marked as this run's: what must be in it has to come again. */
  readonly onNew?: () => Promise<void>
}

export interface DataSets {
  /** Folder of this run. */
  readonly folder: string
  /** Those that have rows. */
  readonly sets: readonly DataSet[]
}

export interface JsonSink extends Sink {
  readonly folder: string
  /**
   * Merges all rows of the run into its data sets; call when nothing writes any more, after a resumed run again.
   * Throws transient `disk-full` or `disk-unwritable`; then nothing is lost and it can be called again.
   */
  finish(): Promise<DataSets>
}

/** Returns the sink. open() throws UsageFault when the folder cannot be written or belongs to another run. */
export function createJsonSink(parts: JsonSinkParts): JsonSink {
  const { outDir, runId, revision = 'main', model, startedAt, limits = {}, codec, log } = parts
  const marker = JSON.stringify({ run_id: runId, revision: 'main' })
  const findNames = (): RunNames => {
    const found = folderName(outDir, { model, startedAt }, marker)
    return runNames(outDir, found.model, found.startedAt, revision)
  }
  let names = findNames()
  let segments = createSegments(names.segments)
  const types = new Map<string, DataType>([
    [topicFor('sft', revision), 'sft'],
    [topicFor('preferences', revision), 'preference'],
  ])
  const run = { run_id: runId, revision }
  /** A folder that was taken away under the run took rows with it: a new one would hold only the later ones. */
  const assertOwn = (): void => {
    if (existsSync(join(names.folder, MARKER))) return
    throw permanent(
      STORE_LOST,
      `${names.folder} was taken away while the run was at work: put it back, or leave it, and start the run again; it fills in what is missing`,
    )
  }
  return {
    get folder() {
      return names.folder
    },
    async open() {
      // A run that begins at the same moment may have taken the folder since.
      let found: Taken = 'taken'
      for (let tries = 1; found === 'taken' && tries <= TRIES; tries += 1) {
        names = findNames()
        found = takeFolder(names.folder, outDir, run)
      }
      if (found === 'taken') throw new UsageFault(`${names.folder} belongs to another run: give another --out DIR`)
      segments = createSegments(names.segments)
      await removeLeftovers(names.folder)
      await removeLeftovers(names.segments)
      if (found === 'ours') return
      await parts.onNew?.()
      await writeText(join(names.folder, MARKER), `${JSON.stringify(run)}\n`)
      rmSync(join(names.folder, CLAIM), { force: true })
    },
    async write(batch) {
      assertOwn()
      const rows = new Map<DataType, { message: Delivered; line: Line }[]>()
      for (const message of batch) {
        const type = types.get(message.topic)
        if (type === undefined) throw permanent('unknown-topic', `no data set takes records of topic ${message.topic}`)
        const row = { message, line: readLine(codec, type, message) }
        const list = rows.get(type)
        if (list === undefined) rows.set(type, [row])
        else list.push(row)
      }
      for (const [type, list] of rows) {
        const place = placeOf(list.map(({ message }) => message))
        await segments.add(
          type,
          place,
          list.map(({ line }) => line),
        )
      }
    },
    close: () => Promise.resolve(),
    async finish() {
      assertOwn()
      const sets: DataSet[] = []
      for (const type of ['sft', 'preference'] as const) {
        const set = await finishType(type, names, segments, limits[type] ?? Infinity)
        if (set !== null) sets.push(set)
      }
      await removeIfEmpty(names.segments)
      log.info({ folder: names.folder, sets: sets.map(({ type, rows }) => ({ type, rows })) }, 'data sets written')
      return { folder: names.folder, sets }
    },
  }
}

function readLine(codec: Codec, type: DataType, message: Delivered): Line {
  const place = `${message.topic} partition ${message.partition} offset ${message.offset}`
  try {
    const record =
      type === 'sft' ? codec.decode('SftRecord', message.value) : codec.decode('PreferenceRecord', message.value)
    return lineOf(rowText(type, record), place)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    throw new Failure(error.retry, error.code, `${place}: ${error.message}`, { cause: error })
  }
}

/** Where a batch comes from, as a part of a name: partition and offset of its first record, and a hash of all. */
function placeOf(messages: readonly Delivered[]): string {
  const places = messages.map(({ partition, offset }) => [partition, offset] as const)
  places.sort(([leftPart, left], [rightPart, right]) => leftPart - rightPart || Number(left - right))
  const [partition, offset] = places[0] ?? [0, 0n]
  const hash = createHash('sha256').update(places.join('\n')).digest('hex').slice(0, 12)
  return `${String(partition).padStart(3, '0')}-${String(offset).padStart(12, '0')}-${hash}`
}

/** Runs that begin with one folder of data sets at the same moment take turns. */
const TRIES = 60

/** new: this run's, and not marked yet; taken: another run was quicker. */
type Taken = 'new' | 'ours' | 'taken'

/** Makes the folder, and claims one that is not marked as anybody's yet. Throws UsageFault where it cannot be written. */
function takeFolder(folder: string, outDir: string, run: { run_id: string; revision: string }): Taken {
  const [marker, claim] = [join(folder, MARKER), join(folder, CLAIM)]
  const isOurs = (file: string): boolean => readFileSync(file, 'utf8').trim() === JSON.stringify(run)
  try {
    // A link that somebody has put there leads out of the folder.
    const link = [folder, join(folder, 'segments')].find((each) =>
      lstatSync(each, { throwIfNoEntry: false })?.isSymbolicLink(),
    )
    if (link !== undefined) throw new UsageFault(`${link} is a link: remove it, or give another --out DIR`)
    makeFolder(join(folder, 'segments'))
    if (existsSync(marker)) return isOurs(marker) ? 'ours' : 'taken'
    if (!existsSync(claim)) writeFileSync(claim, `${JSON.stringify(run)}\n`, { flag: 'wx' })
    return isOurs(claim) ? 'new' : 'taken'
  } catch (error) {
    if (error instanceof UsageFault) throw error
    const { code = '', path, message } = error as NodeJS.ErrnoException
    // Another run was quicker: it claims it, or has marked it since.
    if ((code === 'EEXIST' || code === 'ENOENT') && path === claim) return 'taken'
    if (PASSING.has(code)) throw diskFailure(folder, error as NodeJS.ErrnoException)
    throw new UsageFault(`cannot write data sets to ${outDir}: ${message}; give another --out DIR`)
  }
}

/** Faults of the disk that are waited for at a start too; the others are more likely a wrong --out. */
const PASSING = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'ESTALE'])
