// Reads the ids of a run's data sets and segments into a pass. Files may be merged meanwhile: what is taken away was
// written elsewhere first, so a file that has gone means to look again at what there is.

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { UsageFault } from '../../schemas/failure.ts'
import { readUuid } from '../../schemas/id-table.ts'
import { readLines } from '../../sinks/json/merge.ts'
import { folderWith, runNames } from '../../sinks/json/names.ts'
import type { DataType, RunNames } from '../../sinks/json/names.ts'
import { createSegments } from '../../sinks/json/segments.ts'
import { listFolder } from '../../sinks/json/disk.ts'
import { IN_DATA_SET, IN_SEGMENTS, IN_THIS_FILE, ROW, SEEN, TWICE } from './entry.ts'
import type { AuditedRun } from './find-run.ts'
import { isIn } from './pass.ts'
import type { Pass } from './pass.ts'
import { pairEntry } from './read-tables.ts'

/** Where a run's files lie. */
export type RunFiles = RunNames

/** So often a folder is looked at again whose files are being merged. */
const TRIES = 5

/** Finds the run's folder, or that of its revision. Throws UsageFault where it is not here. */
export function findFiles(outDir: string, { record, begunAt }: Pick<AuditedRun, 'record' | 'begunAt'>): RunFiles {
  const { runId, revision } = record
  const folder = resolve(outDir)
  const own = existsSync(folder) ? folderWith(folder, { runId, revision, begunAt }) : null
  if (own === null)
    throw new UsageFault(
      `the files of run ${runId} are not in ${folder}: run this where the run was started, give its --out DIR, or leave them out with --no-files`,
    )
  return runNames(folder, own.model, own.startedAt, revision)
}

/** Reads both types. Throws Failure `foreign-data-set` on a file that was changed by hand into something else. */
export async function readFiles(files: RunFiles, pass: Pass, isOver: boolean): Promise<void> {
  for (const type of ['sft', 'preference'] as const) {
    for (let tries = 1; ; tries += 1) {
      try {
        await readType(files, type, pass, isOver)
        break
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === TRIES) throw error
        forget(type, pass)
      }
    }
  }
}

async function readType(files: RunFiles, type: DataType, pass: Pass, isOver: boolean): Promise<void> {
  const dataSets = (await listFolder(files.folder)).filter((name) => files.countOf(type, name) !== null)
  for (const name of dataSets) {
    let rows = 0
    const before = isOver ? IN_DATA_SET | IN_THIS_FILE : IN_THIS_FILE
    for await (const { id } of readLines(join(files.folder, name))) {
      rows += 1
      mark(type, pass, id, before, IN_DATA_SET | IN_THIS_FILE)
    }
    eachRow(type, pass, (words, seen) => (words[seen]! &= ~IN_THIS_FILE))
    const named = files.countOf(type, name)
    if (named !== rows) pass.misnamed.push({ type, name, rows })
  }
  for (const path of await createSegments(files.segments).list(type))
    for await (const { id } of readLines(path)) mark(type, pass, id, 0, IN_SEGMENTS)
}

/** Notes a row; one that has any of the bits `before` is there for the second time. */
function mark(type: DataType, pass: Pass, id: string, before: number, bits: number): void {
  const table = type === 'sft' ? pass.problems : pass.pairs
  const at = type === 'sft' ? sftEntry(pass, id) : pairEntry(pass, 'files preference', id)
  if (at === null) return
  const words = table.words()
  const seen = at + (type === 'sft' ? SEEN : ROW.seen)
  if ((words[seen]! & before) !== 0) words[seen]! |= IN_DATA_SET << TWICE
  words[seen]! |= bits
}

/** Where the problem's entry begins; null for an id of another form (a stray row) or of another share. */
function sftEntry(pass: Pass, id: string): number | null {
  if (!readUuid(Buffer.from(id), key) || id.slice(UUID_LENGTH) !== '/sft') {
    if (pass.share.from === 0) pass.strayRows.push({ store: 'files sft', id })
    return null
  }
  return isIn(pass.share, key) ? pass.problems.take(key) : null
}

const key = new Uint32Array(4)
const UUID_LENGTH = 36

/** Takes back what was noted of the files of a type. */
function forget(type: DataType, pass: Pass): void {
  const bits = IN_THIS_FILE | IN_SEGMENTS | IN_DATA_SET | (IN_DATA_SET << TWICE)
  eachRow(type, pass, (words, seen) => (words[seen]! &= ~bits))
}

function eachRow(type: DataType, pass: Pass, work: (words: Uint32Array, seen: number) => void): void {
  const table = type === 'sft' ? pass.problems : pass.pairs
  const words = table.words()
  for (const at of table.entries()) work(words, at + (type === 'sft' ? SEEN : ROW.seen))
}
