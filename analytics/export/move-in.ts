// Puts a whole export from its staging folder among files that lie there already. No file system does that in one step, so
// the steps are written down first. Promise: whoever finds a staging folder with that note can finish what its process
// began, and comes to the same end; a note says no more than that process was allowed to do.

import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { z } from 'zod'
import { listFolder, syncFolder, writeText } from '../../sinks/json/disk.ts'
import type { Manifest } from './contract.ts'

/** The note's name in the staging folder. */
const NOTE = '.moving.json'

/** The folder of a card's pictures. */
const PLOTS = 'plots'

/** Files of the export before that the new one has no other for; names, and those of pictures. */
const noteShape = z.strictObject({ remove: z.array(z.string().regex(/^(?:plots\/)?(?!\.)[^/\\\0]+$/)) })

export interface Move {
  readonly folder: string
  /** Name of the one data file, which has no card; null: there is a folder of them. */
  readonly file: string | null
  /** Name of the manifest, in both folders. */
  readonly manifest: string
  readonly staging: string
}

/** Replaces file by file; the staging folder is gone at the end. before: the manifest of what lies there; null: none. */
export async function moveIn(move: Move, before: Manifest | null): Promise<void> {
  const { folder, file, staging } = move
  const made = new Set(await filesIn(staging))
  const pictures = file === null ? (await listFolder(join(folder, PLOTS))).filter((name) => name.endsWith('.svg')) : []
  const were =
    before === null
      ? []
      : [...before.files.map(({ path }) => path), before.schema.path, ...pictures.map((name) => `${PLOTS}/${name}`)]
  await writeText(join(staging, NOTE), JSON.stringify({ remove: were.filter((path) => !made.has(path)) }))
  await finish(move)
}

/** Takes a staging folder away, unless files have begun to move: the next export finishes that. */
export async function giveUp(staging: string): Promise<void> {
  if (!existsSync(join(staging, NOTE))) await rm(staging, { recursive: true, force: true })
}

/** Finishes what a process that is no more began, and takes its staging folder away. */
export async function finishMove(move: Move): Promise<void> {
  if (existsSync(join(move.staging, NOTE))) await finish(move)
  else await rm(move.staging, { recursive: true, force: true })
}

/** Without its manifest a folder is no export, with it it is whole: the manifest goes first and comes last. */
async function finish({ folder, manifest, staging }: Move): Promise<void> {
  // It comes last: where it is there, everything is.
  if (existsSync(join(staging, manifest))) {
    const { remove } = noteShape.parse(JSON.parse(await readFile(join(staging, NOTE), 'utf8')))
    for (const path of [manifest, ...remove]) await rm(join(folder, path), { force: true })
    const made = (await filesIn(staging)).filter((path) => path !== manifest && path !== NOTE)
    for (const path of [...made, manifest]) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await rename(join(staging, path), join(folder, path))
    }
    await syncFolder(folder)
  }
  await rm(staging, { recursive: true, force: true })
}

async function filesIn(folder: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
}
