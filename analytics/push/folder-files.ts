// Which files of an exported folder are pushed: those that its manifest names, the card with its plots, and a licence.
// Promise: nothing that merely lies in the folder leaves the machine.

import { readdir, stat } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { checkFolder } from '../export/check.ts'
import type { HubFile } from './hub.ts'

export interface FolderFiles {
  readonly files: readonly HubFile[]
  /** Files that are no part of the export. */
  readonly aside: readonly string[]
  readonly rows: number
  readonly bytes: number
}

/** Checks the folder and lists it. Throws UsageFault with all that is wrong with it. */
export async function folderFiles(folder: string): Promise<FolderFiles> {
  const root = resolve(folder)
  const manifest = await checkFolder(root)
  const named = new Set(['manifest.json', 'README.md', manifest.schema.path, ...manifest.files.map(({ path }) => path)])
  const isOurs = (path: string): boolean => named.has(path) || /^plots\/[\w-]+\.svg$|^LICEN[CS]E(\.\w+)?$/.test(path)
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .toSorted()
  const files = paths.filter(isOurs).map((path) => ({ path, file: join(root, path) }))
  let bytes = 0
  for (const { file } of files) bytes += (await stat(file)).size
  return { files, aside: paths.filter((path) => !isOurs(path)), rows: manifest.rows, bytes }
}
