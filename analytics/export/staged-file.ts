// A file that is being written in the staging folder: gathered to pieces, hashed on the way, put on the disk at the end.

import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { onDisk } from '../../sinks/json/disk.ts'

/** Bytes gathered before they go to the file. */
const PIECE_BYTES = 1024 * 1024

export interface StagedFile {
  readonly path: string
  readonly write: (piece: Buffer | string) => Promise<void>
  /** Puts all on the disk. */
  finish(): Promise<{ bytes: number; sha256: string }>
  /** Lets go of the file, whatever is in it. */
  abandon(): Promise<void>
}

/** Opens a new file. Faults of the disk are Failures `disk-full` or `disk-unwritable`, here and in every call. */
export async function createStagedFile(path: string): Promise<StagedFile> {
  const folder = dirname(path)
  const handle = await onDisk(folder, () =>
    open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW),
  )
  const hash = createHash('sha256')
  let pieces: Buffer[] = []
  let [gathered, bytes] = [0, 0]
  const flush = async (): Promise<void> => {
    const whole = Buffer.concat(pieces)
    pieces = []
    gathered = 0
    hash.update(whole)
    bytes += whole.length
    await onDisk(folder, () => handle.writeFile(whole))
  }
  return {
    path,
    async write(piece) {
      const part = typeof piece === 'string' ? Buffer.from(piece) : piece
      pieces.push(part)
      gathered += part.length
      if (gathered >= PIECE_BYTES) await flush()
    },
    async finish() {
      await flush()
      await onDisk(folder, async () => {
        await handle.sync()
        await handle.close()
      })
      return { bytes, sha256: hash.digest('hex') }
    },
    abandon: () => handle.close(),
  }
}
