// Many files of sorted rows become one stream of sorted rows, each id once, in memory that does not grow with them.
// A file is JSON Lines, or a JSON array with a row a line (a finished data set): both are read alike.

import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { permanent } from '../../schemas/failure.ts'

/** A row as text, with what decides its place. */
export interface Line {
  readonly id: string
  readonly text: string
}

/** The row's text and id. Throws permanent `foreign-data-set` when it is no row that this program wrote. */
export function lineOf(text: string, file: string): Line {
  const id = /^\{"id":"([^"\\]+)"[,}]/.exec(text)?.[1]
  if (id === undefined || !text.endsWith('}')) {
    throw permanent(
      'foreign-data-set',
      `${file} holds a line that is no row of a data set: move the file away, it was changed by hand`,
    )
  }
  return { id, text }
}

/** By id; rows of one id: the older first. A row's age is created_at, then (for a total order) its text. */
export function compareLines(left: Line, right: Line): number {
  if (left.id !== right.id) return left.id < right.id ? -1 : 1
  if (left.text === right.text) return 0
  const [leftAge, rightAge] = [createdAt(left), createdAt(right)]
  if (leftAge !== rightAge) return leftAge - rightAge
  return left.text < right.text ? -1 : 1
}

/** Sorted lines, of each id the newest. */
export function sortLines(lines: readonly Line[]): Line[] {
  const sorted = lines.toSorted(compareLines)
  return sorted.filter((line, place) => sorted[place + 1]?.id !== line.id)
}

/** Rows of sorted files, sorted, of each id the newest. Holds one piece of each file at a time. */
export async function* mergeFiles(files: readonly string[]): AsyncGenerator<Line> {
  const sources = files.map((file) => readLines(file))
  try {
    // Heads in order, the least last, so that taking it is cheap.
    const heads: { line: Line; source: AsyncGenerator<Line> }[] = []
    const advance = async (source: AsyncGenerator<Line>): Promise<void> => {
      const step = await source.next()
      if (step.done === true) return
      const line = step.value
      let [low, high] = [0, heads.length]
      while (low < high) {
        const middle = (low + high) >>> 1
        if (compareLines(heads[middle]!.line, line) > 0) low = middle + 1
        else high = middle
      }
      heads.splice(low, 0, { line, source })
    }
    for (const source of sources) await advance(source)
    for (let least = heads.pop(); least !== undefined;) {
      const { line, source } = least
      await advance(source)
      least = heads.pop()
      if (least?.line.id !== line.id) yield line
    }
  } finally {
    for (const source of sources) await source.return(undefined)
  }
}

/**
 * The rows of a file as they stand there, repeats too. Throws what reading throws, what lineOf does, and the same
 * `foreign-data-set` for a pipe, a device or a folder, which it does not wait for.
 */
export async function* readLines(file: string): AsyncGenerator<Line> {
  let rest = ''
  // Whoever opens a pipe to read it waits for a writer, unless told not to.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    if (!(await handle.stat()).isFile())
      throw permanent('foreign-data-set', `${file} is no regular file: move it out of the folder of the data sets`)
    for await (const chunk of handle.createReadStream({ encoding: 'utf8', autoClose: false })) {
      const parts = (rest + String(chunk)).split('\n')
      rest = parts.pop() ?? ''
      for (const part of parts) {
        const text = rowText(part)
        if (text !== null) yield lineOf(text, file)
      }
    }
  } finally {
    await handle.close()
  }
  const text = rowText(rest)
  if (text !== null) yield lineOf(text, file)
}

/** A line without the array's punctuation; null for a line of nothing else. */
function rowText(line: string): string | null {
  const text = line.endsWith(',') ? line.slice(0, -1) : line
  return text === '' || text === '[' || text === ']' || text === '[]' ? null : text
}

function createdAt(line: Line): number {
  return (JSON.parse(line.text) as { created_at: number }).created_at
}
