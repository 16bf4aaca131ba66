// The data set of a run: everything that its segments and its earlier data set hold, merged into one JSON array.
// Promises: it appears whole; what it is made of is taken away only after that, so a kill at any moment loses
// nothing, and the next finish makes one of whatever is there.

import { rm, rmdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { listFolder, onDisk, writeText, writeWhole } from './disk.ts'
import { mergeFiles } from './merge.ts'
import type { DataType, RunNames } from './names.ts'
import { rowSchema } from './rows.ts'
import { MERGE_WIDTH, mergeInto } from './segments.ts'
import type { Segments } from './segments.ts'

export interface DataSet {
  readonly type: DataType
  /** The JSON array, and the Avro schema of its rows. */
  readonly path: string
  readonly schemaPath: string
  readonly rows: number
}

/** Makes the data set of one type; null when there are no rows. */
export async function finishType(type: DataType, names: RunNames, segments: Segments): Promise<DataSet | null> {
  const before = (await onDisk(names.folder, () => listFolder(names.folder)))
    .filter((file) => names.countOf(type, file) !== null)
    .map((file) => join(names.folder, file))
  let parts = await segments.list(type)
  if (parts.length + before.length === 0) return null
  const [only] = before
  if (parts.length === 0 && before.length === 1 && only !== undefined)
    return await described(type, names, names.countOf(type, basename(only)) ?? 0)
  while (parts.length > MERGE_WIDTH) {
    parts = [...parts.slice(MERGE_WIDTH), await mergeInto(names.segments, type, parts.slice(0, MERGE_WIDTH))]
  }
  const inputs = [...parts, ...before]
  const rows = await writeWhole<number>(
    (count) => join(names.folder, `${names.base(type, count)}.json`),
    names.folder,
    async (writer) => {
      let count = 0
      for await (const line of mergeFiles(inputs)) {
        await writer.write(`${count === 0 ? '[\n' : ',\n'}${line.text}`)
        count += 1
      }
      await writer.write(count === 0 ? '[]\n' : '\n]\n')
      return count
    },
  )
  const dataSet = await described(type, names, rows)
  await onDisk(names.folder, async () => {
    for (const file of inputs.filter((input) => input !== dataSet.path)) {
      await rm(file, { force: true })
      if (before.includes(file)) await rm(file.replace(/\.json$/, '.avsc'), { force: true })
    }
  })
  return dataSet
}

/** The data set that lies there with so many rows, its schema beside it. */
async function described(type: DataType, names: RunNames, rows: number): Promise<DataSet> {
  const base = join(names.folder, names.base(type, rows))
  const dataSet: DataSet = { type, path: `${base}.json`, schemaPath: `${base}.avsc`, rows }
  await writeText(dataSet.schemaPath, rowSchema(type))
  return dataSet
}

/** Takes the folder of the segments away when nothing is left in it. */
export async function removeIfEmpty(folder: string): Promise<void> {
  await onDisk(folder, async () => {
    try {
      await rmdir(folder)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ENOTEMPTY' && code !== 'ENOENT') throw error
    }
  })
}
