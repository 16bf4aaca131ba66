// Room on the disk of an embedded database, asked before it is needed: what does not fit is lost inside ClickHouse.

import { statfs } from 'node:fs/promises'
import { transient } from '../../schemas/failure.ts'

/** Bytes that must be free before anything is written: an insert, and the merges that may begin beside it. */
const LEAST_ROOM = 32 * 1024 * 1024

/** Throws transient `disk-full` where there is too little room, `disk-unwritable` where the folder cannot be asked. */
export async function assertRoom(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder).catch((error: unknown) => {
    throw transient('disk-unwritable', `the database folder ${folder} is not there: ${String(error)}`, { cause: error })
  })
  const free = bavail * bsize
  if (free >= LEAST_ROOM) return
  throw transient(
    'disk-full',
    `the disk of ${folder} has ${Math.floor(free / 2 ** 20)} MiB left, and the database needs ${LEAST_ROOM / 2 ** 20}: make room`,
  )
}
