// Where an export goes: a folder, or one file with its schema and manifest beside it. Promises: nothing is seen there
// before it is whole (the manifest comes last); nothing that is not an export of ours is replaced unless that was asked
// for; whoever gives up, or is killed, leaves nothing that the next export does not take away.

import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { UsageFault } from '../../schemas/failure.ts'
import { makeFolder } from '../../schemas/make-folder.ts'
import { listFolder, onDisk, syncFolder } from '../../sinks/json/disk.ts'
import { processIsAlive } from '../../stream/process-alive.ts'
import { manifestShape } from './contract.ts'
import type { Manifest } from './contract.ts'
import { containerOf } from './look.ts'

export const MANIFEST = 'manifest.json'

export interface Names {
  /** Folder in which everything lies at the end. */
  readonly folder: string
  /** Name of the one file; null: PATH is a folder. */
  readonly file: string | null
  readonly schema: string
  readonly manifest: string
}

/** Names at a path: an ending of a container makes it a file. */
export function namesAt(path: string): Names {
  const whole = resolve(path)
  if (containerOf(path) === null) return { folder: whole, file: null, schema: 'schema.avsc', manifest: MANIFEST }
  const file = basename(whole)
  return { folder: dirname(whole), file, schema: `${file}.avsc`, manifest: `${file}.${MANIFEST}` }
}

/** The manifest of what lies at these names; null: there is none, or it is not ours. */
export function manifestAt({ folder, manifest }: Pick<Names, 'folder' | 'manifest'>): Manifest | null {
  const path = join(folder, manifest)
  if (!(statSync(path, { throwIfNoEntry: false })?.isFile() ?? false)) return null
  try {
    return manifestShape.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data ?? null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

export interface Place {
  readonly names: Names
  /** Folder in which the files are made under their last names. */
  readonly staging: string
  /** Puts everything from the staging folder where it belongs, the manifest last. */
  commit(): Promise<void>
  /** Takes the staging folder away. */
  discard(): Promise<void>
}

/** Makes the staging folder. Throws UsageFault where the path is taken by what is not ours, or cannot be written. */
export async function openPlace(out: string, { force }: { readonly force: boolean }): Promise<Place> {
  const names = namesAt(out)
  const before = manifestAt(names)
  if (!force) assertOurs(out, names, before)
  const isNew = names.file === null && !existsSync(names.folder)
  const above = isNew ? dirname(names.folder) : names.folder
  const stem = `.${isNew ? basename(names.folder) : (names.file ?? 'export')}`
  const staging = join(above, `${stem}.${hostname()}.${process.pid}.part`)
  try {
    makeFolder(above)
    await removeLeft(above, `${stem}.${hostname()}.`)
    await mkdir(staging)
  } catch (error) {
    throw new UsageFault(
      `--out ${out}: nothing can be written there (${error instanceof Error ? error.message : String(error)})`,
    )
  }
  return {
    names,
    staging,
    commit: () =>
      onDisk(names.folder, async () => {
        await syncFolder(staging)
        if (isNew) await rename(staging, names.folder)
        else await moveIn(names, staging, before)
        await syncFolder(above)
      }),
    discard: () => onDisk(above, () => rm(staging, { recursive: true, force: true })),
  }
}

function assertOurs(out: string, { folder, file }: Names, before: Manifest | null): void {
  const path = file === null ? folder : join(folder, file)
  const there = statSync(path, { throwIfNoEntry: false })
  if (there === undefined) return
  if (there.isDirectory() !== (file === null))
    throw new UsageFault(
      `--out ${out} is ${there.isDirectory() ? 'a folder, and its ending says a file' : 'a file, and has no ending of an export'}: give another --out`,
    )
  if (before !== null && (file === null || before.files.some((each) => each.path === file))) return
  if (file === null && there.isDirectory() && readdirSync(folder).length === 0) return
  throw new UsageFault(
    file === null
      ? `--out ${out} holds files and no export of this program: give another --out, or --force to write among them`
      : `--out ${out} is there and is no export of this program: give another --out, or --force to replace it`,
  )
}

/** Replaces file by file: without its manifest a folder is no export, with it it is whole. */
async function moveIn({ folder, manifest }: Names, staging: string, before: Manifest | null): Promise<void> {
  await rm(join(folder, manifest), { force: true })
  for (const { path } of [...(before?.files ?? []), ...(before === null ? [] : [before.schema])])
    await rm(join(folder, path), { force: true })
  if (before !== null) await removePlots(join(folder, PLOTS))
  const made = (await readdir(staging, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(staging, join(entry.parentPath, entry.name)))
  for (const path of [...made.filter((each) => each !== manifest), manifest]) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await rename(join(staging, path), join(folder, path))
  }
  await rm(staging, { recursive: true })
}

/** The folder of a card's pictures. */
const PLOTS = 'plots'

async function removePlots(folder: string): Promise<void> {
  for (const name of await listFolder(folder)) if (name.endsWith('.svg')) await rm(join(folder, name), { force: true })
}

/** Takes away the staging folders of exports that were killed. */
async function removeLeft(above: string, stem: string): Promise<void> {
  for (const name of await listFolder(above)) {
    const pid = name.startsWith(stem) ? /^(\d+)\.part$/.exec(name.slice(stem.length))?.[1] : undefined
    if (pid === undefined || (Number(pid) !== process.pid && processIsAlive(Number(pid)))) continue
    await rm(join(above, name), { recursive: true, force: true })
  }
}
