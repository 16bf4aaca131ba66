// Where things that are not in the repository live: downloads in the user's cache, state in the state folder.
// Promises: folders are private to the user, and a file is replaced whole or not at all.
import { randomUUID } from 'node:crypto'
import { mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { makeFolder } from '../schemas/make-folder.ts'

/** The folder of all downloads: XDG_CACHE_HOME/magpie-reasoning, else ~/.cache/magpie-reasoning. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const base = environment.XDG_CACHE_HOME
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), '.cache'), 'magpie-reasoning')
}

/** Makes STATE/name (0700) and returns its path with links resolved, so that a state folder has one name only. */
export async function serviceFolder(stateDir: string, name: string): Promise<string> {
  const folder = join(stateDir, name)
  makeFolder(folder, 0o700)
  return await realpath(folder)
}

/** The path of serviceFolder where it exists, else null: for those who only look. */
export async function findServiceFolder(stateDir: string, name: string): Promise<string | null> {
  return await realpath(join(stateDir, name)).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  })
}

/** Writes a file (0600) beside its place and renames it. */
export async function writePrivate(path: string, content: string): Promise<void> {
  const beside = `${path}.${randomUUID()}`
  await writeFile(beside, content, { mode: 0o600 })
  await rename(beside, path)
}

/** The parsed content of a JSON file, or null where it is missing or broken (a crash while nothing was renamed yet). */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/**
 * Fills a cache folder once. `fill` gets a folder of its own beside it, which is renamed when fill returns:
 * what is found under `folder` is always whole. If another process was quicker, its folder is taken.
 */
export async function fillOnce(folder: string, fill: (beside: string) => Promise<void>): Promise<void> {
  const beside = `${folder}.part-${randomUUID()}`
  await mkdir(beside, { recursive: true, mode: 0o700 })
  try {
    await fill(beside)
    await rename(beside, folder).catch((error: unknown) => {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error
    })
  } finally {
    await rm(beside, { recursive: true, force: true })
  }
}
