// The files of a dump as they are written: one for each partition of a topic that has records of the run.

import { createHash } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { beginContainer } from '../../schemas/container-file.ts'
import { FRAME_BYTES } from '../../schemas/log-entry.ts'
import type { EntryFormat, LogEntry } from '../../schemas/log-entry.ts'
import { onDisk } from '../../sinks/json/disk.ts'
import type { FetchedMessage } from '../../stream/read-topic.ts'
import type { CarriedFile } from './manifest.ts'

/** Faults of the disk are Failures, see onDisk. */
export interface PartitionFiles {
  /** Adds an entry to the file of its partition; in offset order. isRecord: see EntryFormat. */
  add(entry: LogEntry, isRecord: boolean): Promise<void>
  /** Puts all on the disk; the files in the order of their partitions. */
  end(): Promise<CarriedFile[]>
  /** Takes away what was written, where the dump has failed; a file that cannot be taken away stays. */
  abandon(): Promise<void>
}

/** A message as a file holds it; its bytes are views on the fetch. */
export function entryOf(partition: number, { offset, timestamp, key, value, headers = {} }: FetchedMessage): LogEntry {
  return {
    ...{ partition, offset: Number(offset), timestamp: Number(timestamp), key, value },
    headers: Object.entries(headers).flatMap(([name, values]) =>
      (Array.isArray(values) ? values : [values]).map((each) => [name, Buffer.from(each ?? '')] as const),
    ),
  }
}

type OpenFile = Awaited<ReturnType<typeof openFile>>

/** Files of one topic in a folder. */
export function createPartitionFiles(
  folder: string,
  dumpId: string,
  topic: string,
  format: EntryFormat,
): PartitionFiles {
  const files = new Map<number, OpenFile>()
  return {
    async add(entry, isRecord) {
      let file = files.get(entry.partition)
      if (file === undefined) {
        file = await openFile(folder, dumpId, topic, entry, format)
        files.set(entry.partition, file)
      }
      await file.add(entry, isRecord)
    },
    async end() {
      const ended: CarriedFile[] = []
      for (const [, file] of [...files].sort(([one], [other]) => one - other)) ended.push(await file.end())
      return ended
    },
    async abandon() {
      for (const file of files.values()) await file.remove()
    },
  }
}

async function openFile(
  folder: string,
  dumpId: string,
  topic: string,
  { partition, offset: first }: LogEntry,
  format: EntryFormat,
) {
  const name = `${topic}-${String(partition).padStart(5, '0')}.avro`
  const path = join(folder, name)
  const disk = <Result>(work: () => Promise<Result>) => onDisk(folder, work, 'the dump')
  const handle = await disk(() => open(path, 'wx'))
  const remove = async (): Promise<void> => {
    await handle.close().catch(() => undefined)
    await rm(path, { force: true }).catch(() => undefined)
  }
  const hash = createHash('sha256')
  const schemas = new Set<number>()
  let [records, bytes, last, oldest] = [0, 0, first, Infinity]
  const mark = createHash('sha256').update(`${dumpId}/${name}`).digest().subarray(0, 16)
  const write = async (chunk: Buffer): Promise<void> => {
    hash.update(chunk)
    bytes += chunk.length
    await disk(() => handle.writeFile(chunk))
  }
  const container = await beginContainer(format.schema, mark, write).catch(async (error: unknown) => {
    await remove()
    throw error
  })
  return {
    async add(entry: LogEntry, isRecord: boolean): Promise<void> {
      await container.append(format.encode(entry, isRecord))
      records += 1
      last = entry.offset
      oldest = Math.min(oldest, entry.timestamp)
      if (entry.value !== null && entry.value.length > FRAME_BYTES && entry.value[0] === 0)
        schemas.add(entry.value.readInt32BE(1))
    },
    async end(): Promise<CarriedFile> {
      await container.end()
      await disk(async () => {
        await handle.sync()
        await handle.close()
      })
      const used = [...schemas].sort((one, other) => one - other)
      const about = { file: name, topic, partition, records, bytes, sha256: hash.digest('hex') }
      return { ...about, first, last, oldest, schemas: used }
    },
    remove,
  }
}
