// Which calls have been answered in full, and how often: in memory, or in a file too, so that a server that is killed
// and started again still knows what it had answered before. Promise: an answer is noted in the file before the next
// event of the process, so that kill -9 forgets none that a client has read.

import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs'

/** Calls by a number that stands for their route and body. */
export interface AnsweredCalls {
  times(key: number): number
  answered(key: number): void
  forget(): void
}

/** Nothing has been answered before. */
export function rememberNothing(): AnsweredCalls {
  const counts = new Map<number, number>()
  return {
    times: (key) => counts.get(key) ?? 0,
    answered: (key) => counts.set(key, (counts.get(key) ?? 0) + 1),
    forget: () => {
      counts.clear()
    },
  }
}

/** Begins with what the file holds (a number a line; a missing file is an empty one) and adds to it. */
export function rememberIn(file: string): AnsweredCalls {
  const memory = rememberNothing()
  // The last line is cut where a disk was full.
  const lines = existsSync(file) ? readFileSync(file, 'latin1').split('\n').slice(0, -1) : []
  for (const line of lines) memory.answered(Number(line))
  return {
    times: (key) => memory.times(key),
    answered: (key) => {
      memory.answered(key)
      appendFileSync(file, `${key}\n`)
    },
    forget: () => {
      memory.forget()
      if (existsSync(file)) truncateSync(file)
    },
  }
}
