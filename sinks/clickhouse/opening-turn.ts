// One process at a time opens the embedded directory. ClickHouse's own lock decides who has it, but the one who comes second
// there finds a line of the engine's on its stderr that nothing here can hold back. Promise: a courtesy; neither a process that
// was killed in its turn nor a folder in which nothing can be written keeps anybody from opening.

import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { processIsAlive } from '../../stream/process-alive.ts'

/** What `open` gives; null, and it is not called, while another process is in its turn, unless one insists. */
export async function inTurn<Result>(
  folder: string,
  open: () => Promise<Result | null>,
  isInsisting = false,
): Promise<Result | null> {
  const file = join(folder, 'opening')
  if (!take(file, isInsisting)) return null
  try {
    return await open()
  } finally {
    unlessRefused(() => {
      rmSync(file, { force: true })
    })
  }
}

function take(file: string, isInsisting: boolean): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return true
    if (!isInsisting && isAnothers(file)) return false
    unlessRefused(() => {
      writeFileSync(file, String(process.pid))
    })
  }
  return true
}

/** Whether a living process is in its turn; one that has just ended it is not, nor one of whom nothing can be read. */
function isAnothers(file: string): boolean {
  try {
    const pid = Number(readFileSync(file, 'utf8'))
    return pid !== process.pid && Number.isSafeInteger(pid) && pid > 0 && processIsAlive(pid)
  } catch {
    return false
  }
}

/** Where nothing can be written, nobody is kept from opening. */
function unlessRefused(work: () => void): void {
  try {
    work()
  } catch {
    return
  }
}
