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
  /** Rows beyond the limit; they lie in the segments. */
  readonly surplus: number
}

/**
 * Makes the data set of one type from all rows, or from the first so many by id, which is no choice by anything that a
 * row holds; null when there are no rows. What is over the limit becomes one segment, for a finish with another limit.
 */
export async function finishType(
  type: DataType,
  names: RunNames,
  segments: Segments,
  limit = Infinity,
): Promise<DataSet | null> {
  const before = (await onDisk(names.folder, () => listFolder(names.folder)))
    .filter((file) => names.countOf(type, file) !== null)
    .map((file) => join(names.folder, file))
  let parts = await segments.list(type)
  if (parts.length + before.length === 0) return null
  const [only] = before
  const count = only === undefined ? null : names.countOf(type, basename(only))
  if (parts.length === 0 && before.length === 1 && count !== null && count <= limit)
    return await described(type, names, count, 0)
  while (parts.length > MERGE_WIDTH) {
    parts = [...parts.slice(MERGE_WIDTH), await mergeInto(names.segments, type, parts.slice(0, MERGE_WIDTH))]
  }
  const inputs = [...parts, ...before]
  // What is left over is on the disk before the data set is, so that no kill in between can lose it.
  const surplus = await keepSurplus(type, names, inputs, limit)
  const rows = await writeWhole<number>(
    (written) => join(names.folder, `${names.base(type, written)}.json`),
    names.folder,
    async (writer) => {
      let written = 0
      for await (const line of mergeFiles(inputs)) {
        if (written >= limit) break
        await writer.write(`${written === 0 ? '[\n' : ',\n'}${line.text}`)
        written += 1
      }
      await writer.write(written === 0 ? '[]\n' : '\n]\n')
      return written
    },
  )
  const dataSet = await described(type, names, rows, surplus?.rows ?? 0)
  await onDisk(names.folder, async () => {
    for (const file of inputs.filter((input) => input !== dataSet.path && input !== surplus?.path)) {
      await rm(file, { force: true })
      if (before.includes(file)) await rm(file.replace(/\.json$/, '.avsc'), { force: true })
    }
  })
  return dataSet
}

/**
 * Writes the rows beyond the limit as one segment; null where there are none. The limit is in its name: with the same
 * limit a row that was left over once stays so, and with another one the old segment stays until the data set is there.
 */
async function keepSurplus(
  type: DataType,
  names: RunNames,
  inputs: readonly string[],
  limit: number,
): Promise<{ path: string; rows: number } | null> {
  if (limit === Infinity) return null
  const path = join(names.segments, `${type}-surplus-${limit}.jsonl`)
  let place = 0
  const rows = await writeWhole(path, names.segments, async (writer) => {
    for await (const line of mergeFiles(inputs)) {
      place += 1
      if (place > limit) await writer.write(`${line.text}\n`)
    }
    return Math.max(0, place - limit)
  })
  if (rows > 0) return { path, rows }
  await onDisk(names.segments, () => rm(path, { force: true }))
  return null
}

/** The data set that lies there with so many rows, its schema beside it. */
async function described(type: DataType, names: RunNames, rows: number, surplus: number): Promise<DataSet> {
  const base = join(names.folder, names.base(type, rows))
  const dataSet: DataSet = { type, path: `${base}.json`, schemaPath: `${base}.avsc`, rows, surplus }
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
