// The data files of an export while they are written: one for each side of the split, in parts where a folder takes
// Parquet. Promise: their last names follow from what is in them.

import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { AvroSchema } from '../../schemas/avro-files.ts'
import { onDisk } from '../../sinks/json/disk.ts'
import { rowWriter } from './containers.ts'
import type { RowWriter } from './containers.ts'
import type { Container, ManifestFile, Row, Split } from './contract.ts'
import { createStagedFile } from './staged-file.ts'
import type { StagedFile } from './staged-file.ts'

/** Rows of one Parquet file in a folder. */
export const PART_ROWS = 500_000

interface Part {
  readonly split: Split
  readonly file: StagedFile
  readonly writer: RowWriter
  rows: number
}

type Done = Omit<ManifestFile, 'path'> & { readonly staged: string }

/** Last name of a file: the place of the file among those of its split. */
export type NameOf = (file: { split: Split; rows: number; place: number; of: number }) => string

export interface Splits {
  readonly add: (split: Split, row: Row) => Promise<void>
  /** Ends all files and gives them their names. */
  finish(nameOf: NameOf): Promise<ManifestFile[]>
  abandon(): Promise<void>
}

/** Files in a folder; isOne: whatever there is goes into one file. */
export function createSplits(
  folder: string,
  parts: { readonly container: Container; readonly schema: AvroSchema; readonly isOne: boolean },
): Splits {
  const { container, schema, isOne } = parts
  const open = new Map<Split, Part>()
  const done: Done[] = []
  const end = async (part: Part): Promise<void> => {
    open.delete(part.split)
    try {
      await part.writer.finish()
      done.push({ split: part.split, rows: part.rows, staged: part.file.path, ...(await part.file.finish()) })
    } catch (error) {
      await part.file.abandon()
      throw error
    }
  }
  const begin = async (split: Split): Promise<Part> => {
    const file = await createStagedFile(join(folder, `${split}-${done.length}.rows`))
    const part = { split, file, writer: await rowWriter(container, schema, file), rows: 0 }
    open.set(split, part)
    return part
  }
  return {
    async add(split, row) {
      const part = open.get(split) ?? (await begin(split))
      await part.writer.add(row)
      part.rows += 1
      if (container === 'parquet' && !isOne && part.rows === PART_ROWS) await end(part)
    },
    async finish(nameOf) {
      for (const part of [...open.values()]) await end(part)
      const files: ManifestFile[] = []
      for (const split of ['train', 'test'] as const) {
        const mine = done.filter((each) => each.split === split)
        for (const [place, { staged, ...facts }] of mine.entries()) {
          const path = nameOf({ split, rows: facts.rows, place, of: mine.length })
          await onDisk(folder, () => rename(staged, join(folder, path)))
          files.push({ path, ...facts })
        }
      }
      return files
    },
    async abandon() {
      for (const { file } of open.values()) await file.abandon()
    },
  }
}
