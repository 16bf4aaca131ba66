// The log of a service that runs detached: its output goes to a file, whose end is shown when it does not come up.
import { open, readFile, rename, stat, type FileHandle } from 'node:fs/promises'

const BIG = 16 * 1024 * 1024

export interface LogFile {
  readonly path: string
  readonly handle: FileHandle
  /** What was in it before: the new lines begin here. */
  readonly from: number
}

/** Opens STATE/…/name.log (0600) to append; one that has grown over 16 MiB is set aside as name.log.1. */
export async function openLogFile(path: string): Promise<LogFile> {
  let from = (await stat(path).catch(() => null))?.size ?? 0
  if (from > BIG) {
    await rename(path, `${path}.1`)
    from = 0
  }
  return { path, handle: await open(path, 'a', 0o600), from }
}

/** The last 20 lines that were written from there on. */
export async function lastLines(path: string, from: number): Promise<string> {
  const bytes = await readFile(path).catch(() => Buffer.alloc(0))
  const text = bytes.subarray(Math.min(from, bytes.length)).toString('utf8').trimEnd()
  return text.split('\n').slice(-20).join('\n')
}
