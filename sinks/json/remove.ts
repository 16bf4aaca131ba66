// The files of one revision, and their end. Promise: only what the sink has written is taken away; what else lies in its
// folder stays there and is named.

import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { permanent } from '../../schemas/failure.ts'
import { listFolder, onDisk } from './disk.ts'
import { removeIfEmpty } from './finish.ts'
import { CLAIM, MARKER, folderWith, runNames } from './names.ts'
import type { RunNames } from './names.ts'

export interface RevisionFiles {
  /** The revision's folder, in that of the run. */
  readonly folder: string
  /** What the sink has written, by path; its marks last. */
  readonly own: readonly string[]
  /** What lies there beside it, by path. */
  readonly foreign: readonly string[]
}

/**
 * begunAt: first start of the run, whose folder it is, milliseconds since 1970 UTC. Nothing is in it where the revision
 * has written none; null: the run's folder is not here.
 */
export async function findRevisionFiles(
  outDir: string,
  { runId, revision, begunAt }: { readonly runId: string; readonly revision: string; readonly begunAt: number },
): Promise<RevisionFiles | null> {
  if (revision === 'main') throw permanent('main-stays', 'the files of main are those of the run itself')
  const out = resolve(outDir)
  const run = existsSync(out) ? folderWith(out, { runId, revision, begunAt }) : null
  if (run === null) return null
  const names = runNames(out, run.model, run.startedAt, revision)
  const [entries, segments] = [await listFolder(names.folder), await listFolder(names.segments)]
  const own = entries.filter((entry) => isOwn(names, entry))
  const marks = [MARKER, CLAIM].filter((mark) => entries.includes(mark))
  const foreign = entries.filter((entry) => entry !== 'segments' && !own.includes(entry) && !marks.includes(entry))
  return {
    folder: names.folder,
    own: [
      ...segments.map((name) => join(names.segments, name)),
      ...[...own, ...marks].map((name) => join(names.folder, name)),
    ],
    foreign: foreign.map((name) => join(names.folder, name)),
  }
}

/** A data set, its schema, or what a kill has left half written. */
function isOwn({ countOf }: RunNames, entry: string): boolean {
  const set = entry.replace(/\.avsc$/, '.json')
  return countOf('sft', set) !== null || countOf('preference', set) !== null || entry.endsWith('.part')
}

/** Takes them away, and the folders where nothing is left in them. Throws transient Failure of the disk. */
export async function removeRevisionFiles({ folder, own }: RevisionFiles): Promise<void> {
  await onDisk(folder, async () => {
    for (const file of own) await rm(file, { force: true })
  })
  await removeIfEmpty(join(folder, 'segments'))
  await removeIfEmpty(folder)
}
