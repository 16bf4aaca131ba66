// The file that log lines go to. Promise: a run is worth more than its log. What cannot be written (a full disk) is lost
// and said once, the lines after it are written again when they can be, and the process ends all the same; pino's own
// destination would end the process, or never let it end.

import { appendFileSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'

export interface LogFile {
  /** Takes a line with its end; returns at once. */
  write(line: string): void
  /** Resolves when everything that was taken is in the file, or lost. */
  flush(): Promise<void>
}

/** Appends to the file, which is made for its owner alone. */
export function openLogFile(file: string, say: (text: string) => void): LogFile {
  const options = { mode: 0o600 }
  let taken = ''
  let writing: Promise<void> | null = null
  let isSaid = false
  const failed = (error: unknown): void => {
    const reason = error instanceof Error ? error.message : String(error)
    if (!isSaid) say(`The log ${file} cannot be written (${reason}); the work goes on.\n`)
    isSaid = true
  }
  const writeAll = async (): Promise<void> => {
    while (taken !== '') {
      const text = taken
      taken = ''
      await appendFile(file, text, options).catch(failed)
    }
    writing = null
  }
  process.once('exit', () => {
    try {
      if (taken !== '') appendFileSync(file, taken, options)
    } catch (error) {
      failed(error)
    }
  })
  return {
    write(line) {
      taken += line
      writing ??= writeAll()
    },
    flush: async () => {
      await writing
    },
  }
}
