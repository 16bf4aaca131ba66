// Where an export goes: a folder, or one file with its schema and manifest beside it. Promises: nothing is seen there
// before it is whole (the manifest comes last); nothing that is not an export of ours is replaced unless that was asked
// for; whoever gives up, or is killed, leaves nothing that the next export does not take away or finish.

import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { Failure, UsageFault } from '../../schemas/failure.ts'
import { makeFolder } from '../../schemas/make-folder.ts'
import { listFolder, onDisk, syncFolder } from '../../sinks/json/disk.ts'
import { processIsAlive } from '../../stream/process-alive.ts'
import { manifestShape } from './contract.ts'
import type { Manifest } from './contract.ts'
import { containerOf } from './look.ts'
import { finishMove, giveUp, moveIn } from './move-in.ts'

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
  /** Takes the staging folder away, unless its files have begun to move. */
  discard(): Promise<void>
}

/** Makes the staging folder. Throws UsageFault where the path is taken by what is not ours, or cannot be written, Failure see onDisk. */
export async function openPlace(out: string, { force }: { readonly force: boolean }): Promise<Place> {
  const names = namesAt(out)
  const isNew = names.file === null && !existsSync(names.folder)
  const above = isNew ? dirname(names.folder) : names.folder
  const stem = `.${isNew ? basename(names.folder) : (names.file ?? 'export')}`
  const staging = join(above, `${stem}.${hostname()}.${process.pid}.part`)
  await toPrepare(out, () => settleLeft(names, above, `${stem}.${hostname()}.`))
  const before = manifestAt(names)
  if (!force) assertOurs(out, names, before)
  await toPrepare(out, async () => {
    makeFolder(above)
    await mkdir(staging)
  })
  return {
    names,
    staging,
    commit: () =>
      onDisk(names.folder, async () => {
        await syncFolder(staging)
        if (isNew) await rename(staging, names.folder)
        else await moveIn({ ...names, staging }, before)
        await syncFolder(above)
      }),
    discard: () => onDisk(above, () => giveUp(staging)),
  }
}

async function toPrepare(out: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new UsageFault(
      `--out ${out}: nothing can be written there (${error instanceof Error ? error.message : String(error)})`,
    )
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

/** Ends what exports that were killed have left: one that had begun to put its files in their place is finished. */
async function settleLeft(names: Names, above: string, stem: string): Promise<void> {
  for (const name of await listFolder(above)) {
    const pid = name.startsWith(stem) ? /^(\d+)\.part$/.exec(name.slice(stem.length))?.[1] : undefined
    if (pid === undefined || (Number(pid) !== process.pid && processIsAlive(Number(pid)))) continue
    await onDisk(above, () => finishMove({ ...names, staging: join(above, name) }))
  }
}
