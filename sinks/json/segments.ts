// The rows of a run so far, as files of sorted rows: readable at any time, merged into fewer as they grow many.
// Promises: a row that was added is in at least one of the files at every moment; a repeat adds nothing to the end.

import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { listFolder, onDisk, writeText, writeWhole } from './disk.ts'
import { mergeFiles, sortLines } from './merge.ts'
import type { Line } from './merge.ts'
import type { DataType } from './names.ts'

/** So many files are merged at once; so many small ones are let grow. */
export const MERGE_WIDTH = 64

export interface Segments {
  /** Writes rows as one file. `place` says where they come from: the same rows again go over the same file. */
  add(type: DataType, place: string, lines: readonly Line[]): Promise<void>
  /** Paths of this type's files that are there now, of this process and of those before it. */
  list(type: DataType): Promise<string[]>
}

/** Segments in a folder. */
export function createSegments(folder: string): Segments {
  /** Files that this process wrote, by type and how often merged. */
  const levels: Record<DataType, string[][]> = { sft: [], preference: [] }

  const keep = async (type: DataType, level: number, file: string): Promise<void> => {
    const files = (levels[type][level] ??= [])
    if (!files.includes(file)) files.push(file)
    if (files.length < MERGE_WIDTH) return
    levels[type][level] = []
    await keep(type, level + 1, await mergeInto(folder, type, files))
  }

  return {
    async add(type, place, lines) {
      const file = join(folder, `${type}-${place}.jsonl`)
      await writeText(
        file,
        sortLines(lines)
          .map((line) => `${line.text}\n`)
          .join(''),
      )
      await keep(type, 0, file)
    },
    list: async (type) =>
      (await onDisk(folder, () => listFolder(folder)))
        .filter((name) => name.startsWith(`${type}-`) && name.endsWith('.jsonl'))
        .map((name) => join(folder, name)),
  }
}

/** Merges files into one of the same folder and takes them away; returns its path. */
export async function mergeInto(folder: string, type: DataType, files: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
    .update(files.map((file) => basename(file)).join('\n'))
    .digest('hex')
    .slice(0, 16)
  const file = join(folder, `${type}-merged-${hash}.jsonl`)
  await writeWhole(file, folder, async (writer) => {
    for await (const line of mergeFiles(files)) await writer.write(`${line.text}\n`)
  })
  for (const each of files) await onDisk(folder, () => rm(each, { force: true }))
  return file
}
