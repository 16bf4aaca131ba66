// Files that are whole or not there: written beside their place under another name, put on the disk, renamed.
// Promise: every fault of the disk is a transient Failure that says what to do; the run waits until it is mended.

import { constants } from 'node:fs'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { transient } from '../../schemas/failure.ts'
import type { Failure } from '../../schemas/failure.ts'
import { processIsAlive } from '../../stream/process-alive.ts'

/** Bytes gathered before they go to the file. */
const CHUNK_BYTES = 1024 * 1024

/** Takes the pieces of a file's text. */
export interface PieceWriter {
  write(piece: string): Promise<void>
}

/** Writes a file by pieces; it appears under its name when `work` has returned and all is on the disk. */
export async function writeWhole<Result>(
  file: string | ((result: Result) => string),
  folder: string,
  work: (writer: PieceWriter) => Promise<Result>,
): Promise<Result> {
  return await onDisk(folder, async () => {
    await mkdir(folder, { recursive: true })
    const aside = join(
      folder,
      `${typeof file === 'string' ? basename(file) : 'whole'}.${hostname()}.${process.pid}.part`,
    )
    // A link that somebody has put there leads out of the folder.
    const handle = await open(aside, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW)
    try {
      let pieces: string[] = []
      let size = 0
      const flush = async (): Promise<void> => {
        await handle.writeFile(pieces.join(''))
        pieces = []
        size = 0
      }
      const result = await work({
        write: async (piece) => {
          pieces.push(piece)
          size += piece.length
          if (size >= CHUNK_BYTES) await flush()
        },
      })
      await flush()
      await handle.sync()
      await handle.close()
      await rename(aside, typeof file === 'string' ? file : file(result))
      await syncFolder(folder)
      return result
    } catch (error) {
      await handle.close()
      await rm(aside, { force: true })
      throw error
    }
  })
}

/** Writes a small file whole. */
export async function writeText(file: string, text: string): Promise<void> {
  await writeWhole(file, dirname(file), (writer) => writer.write(text))
}

/** Takes away what a killed process of this machine left half written. */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await listFolder(folder)) {
    const [mine, pid] = [`.${hostname()}.`, /\.(\d+)\.part$/.exec(name)?.[1]]
    if (pid === undefined || !name.endsWith(`${mine}${pid}.part`)) continue
    // A file of this process's own number is of an earlier one: this one has only begun.
    if (Number(pid) !== process.pid && processIsAlive(Number(pid))) continue
    await rm(join(folder, name), { force: true })
  }
}

/** Names in a folder, sorted; none where there is no folder. */
export async function listFolder(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

const DISK_FAULTS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: make room',
  EDQUOT: 'the quota of the disk is used up: make room',
  EROFS: 'the disk is read-only: mount it for writing',
  EACCES: 'there is no permission to write: grant it',
  EPERM: 'there is no permission to write: grant it',
  EIO: 'the disk reports an error: look after it',
  ENOENT: 'the folder was taken away',
  EEXIST: 'a file stands where a folder should be: move it',
  ENOTDIR: 'a file stands where a folder should be: move it',
  ELOOP: 'a link stands where a file should be: remove it',
  EMFILE: 'too many files are open: raise the limit (ulimit -n)',
  ENFILE: 'too many files are open on this machine',
  ESTALE: 'the network disk has gone: mount it again',
}

/** Runs `work`; a fault of the disk becomes a transient Failure that names the folder and what was to be written. */
export async function onDisk<Result>(folder: string, work: () => Promise<Result>, what = 'data sets'): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    // Only the operating system's own errors have a syscall.
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    throw diskFailure(folder, error as NodeJS.ErrnoException, what)
  }
}

/** The operating system's error as a transient Failure: `disk-full` or `disk-unwritable`. */
export function diskFailure(folder: string, error: NodeJS.ErrnoException, what = 'data sets'): Failure {
  const { code = '', message } = error
  const advice = DISK_FAULTS[code] ?? 'the operating system refuses it'
  const kind = code === 'ENOSPC' || code === 'EDQUOT' ? 'disk-full' : 'disk-unwritable'
  return transient(kind, `cannot write ${what} to ${folder}: ${advice} (${message})`, { cause: error })
}

/** Puts the names of a folder on the disk. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
