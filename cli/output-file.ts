// Where a command may write a file (--out). Promises: its own input, a device, a pipe, a socket or a folder is never replaced;
// no half file ever stands there.

import { lstat, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { UsageFault } from '../schemas/failure.ts'
import type { Failure } from '../schemas/failure.ts'
import { diskFailure } from '../sinks/json/disk.ts'

const ELSEWHERE = 'give another place with --out'

/**
 * The place to write to: a file that is there or not yet. A link stays a link, and the regular file that it leads to is
 * written. Throws UsageFault for anything else, and for the input itself under whatever name.
 */
export async function placeOfOutput(out: string, input?: string): Promise<string> {
  try {
    const there = await lstat(out).catch(nullWhereNone)
    if (there === null) return out
    const target = there.isSymbolicLink() ? await realpath(out).catch(nullWhereNone) : out
    if (target === null) throw new UsageFault(`${out}: it is a link to nothing; take it away, or ${ELSEWHERE}`)
    const found = await stat(target, { bigint: true })
    if (!found.isFile())
      throw new UsageFault(`${out}: it is no regular file, and would be replaced by one; ${ELSEWHERE}`)
    const given = input === undefined ? null : await stat(input, { bigint: true }).catch(nullWhereNone)
    if (given !== null && given.dev === found.dev && given.ino === found.ino)
      throw new UsageFault(`${out}: it is the file that is read, and its problems would be lost; ${ELSEWHERE}`)
    return target
  } catch (error) {
    throw error instanceof UsageFault ? error : cannotWrite(out, error)
  }
}

/** Written aside and renamed. Throws what outputFault gives. */
export async function writeWhole(place: string, text: string | Uint8Array): Promise<void> {
  const aside = `${place}.${process.pid}.tmp`
  try {
    await writeFile(aside, text, { flag: 'wx' })
    await rename(aside, place)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') await rm(aside, { force: true })
    throw outputFault(place, error)
  }
}

/** A full disk is no fault of the one who called: the same command may be right later. */
export function outputFault(place: string, error: unknown): Failure | UsageFault {
  const fault = error as NodeJS.ErrnoException
  if (fault.code === 'ENOSPC' || fault.code === 'EDQUOT') return diskFailure(place, fault, 'the result')
  return cannotWrite(place, error)
}

function cannotWrite(place: string, error: unknown): UsageFault {
  return new UsageFault(`${place}: cannot be written (${(error as Error).message}); ${ELSEWHERE}`)
}

function nullWhereNone(error: unknown): null {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
  throw error
}
