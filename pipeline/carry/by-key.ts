// What a dump takes of a topic that is kept by key. There an older record goes when a newer one comes, also while the
// topic is read: the newest below an end that was fixed may be gone before it is reached, and what took its place lies
// beyond that end. So such a topic is read before the moment of the dump, into a file beside it, and read on to the
// moment's ends as soon as they are known. Promise: where nothing was missing on that last piece, each key has the
// record that was its newest at that moment (decision 21). What is missing may have been the word that a key is gone, of
// which nothing is left later on, so the topic is then read afresh; such a word must outlast one reading
// (delete.retention.ms, a day unless somebody sets it), as for every reader of Kafka.

import { open, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { beginContainer, readContainer } from '../../schemas/container-file.ts'
import type { ContainerWriter } from '../../schemas/container-file.ts'
import { entryFormat } from '../../schemas/log-entry.ts'
import type { LogEntry } from '../../schemas/log-entry.ts'
import { onDisk } from '../../sinks/json/disk.ts'
import type { PartitionEnds } from '../../stream/positions.ts'
import type { FetchedMessage } from '../../stream/read-topic.ts'
import { entryOf } from './partition-files.ts'

export interface ByKey {
  /** Reads on to these ends. False: something on the way was gone already, so that all was read afresh: read on once more. */
  readOn(ends: readonly PartitionEnds[]): Promise<boolean>
  /** The newest of each key that has a value, in offset order within a partition. Nothing is read on afterwards. */
  newest(): AsyncGenerator<LogEntry, void, undefined>
  /** Takes the file away. */
  close(): Promise<void>
}

export interface ByKeyParts {
  /** Of the dump. */
  readonly folder: string
  readonly topic: string
  /** Offsets by partition; left out: from the first that is there. */
  readonly read: (range: {
    readonly from: ReadonlyMap<number, number>
    readonly to: ReadonlyMap<number, number>
  }) => AsyncIterable<readonly [partition: number, batch: readonly FetchedMessage[], ...unknown[]]>
  readonly takes: (message: FetchedMessage) => boolean
}

/** Read of the file at once. */
const CHUNK_BYTES = 64 * 1024

/** Begins with nothing read. Faults of the disk are Failures, see onDisk. */
export function openByKey({ folder, topic, read, takes }: ByKeyParts): ByKey {
  const path = join(folder, `${topic}.aside`)
  const format = entryFormat([])
  const newest = new Map<string, number>()
  const reached = new Map<number, number>()
  let file: FileHandle | null = null
  let aside: ContainerWriter | null = null

  const disk = <Result>(work: () => Promise<Result>) => onDisk(folder, work, 'the dump')

  async function openAside(): Promise<ContainerWriter> {
    const handle = (file = await disk(() => open(path, 'wx')))
    return await beginContainer(format.schema, Buffer.alloc(16, topic), (chunk) => disk(() => handle.writeFile(chunk)))
  }

  async function* readAside(): AsyncGenerator<Buffer, void, undefined> {
    const handle = await disk(() => open(path))
    try {
      for (;;) {
        const { buffer, bytesRead } = await disk(() => handle.read(Buffer.alloc(CHUNK_BYTES)))
        if (bytesRead === 0) return
        yield buffer.subarray(0, bytesRead)
      }
    } finally {
      await handle.close()
    }
  }

  async function forget(): Promise<void> {
    newest.clear()
    reached.clear()
    const handle = file
    file = aside = null
    if (handle === null) return
    await disk(() => handle.close())
    await disk(() => rm(path))
  }

  async function take(entry: LogEntry): Promise<void> {
    if (entry.value === null || entry.value.length === 0) {
      newest.delete(placeKey(entry))
      return
    }
    newest.set(placeKey(entry), entry.offset)
    aside ??= await openAside()
    await aside.append(format.encode(entry, false))
  }

  /** Reads on from what was reached, to the first record that is missing if `isStrict`. Nothing was missing? */
  async function readTo(ends: readonly PartitionEnds[], isStrict: boolean): Promise<boolean> {
    const next = new Map(ends.map(({ partition, low }) => [partition, reached.get(partition) ?? low]))
    const to = new Map(ends.map(({ partition, high }) => [partition, high]))
    let isWhole = true
    for await (const [partition, batch] of read({ from: new Map(reached), to }))
      for (const message of batch) {
        const offset = Number(message.offset)
        isWhole &&= offset === next.get(partition)
        if (isStrict && !isWhole) return false
        next.set(partition, offset + 1)
        if (takes(message)) await take(entryOf(partition, message))
      }
    for (const [partition, end] of to) {
      isWhole &&= next.get(partition) === end
      reached.set(partition, end)
    }
    return isWhole
  }

  return {
    async readOn(ends) {
      if (reached.size > 0 && (await readTo(ends, true))) return true
      await forget()
      return await readTo(ends, false)
    },
    async *newest() {
      if (aside === null) return
      await aside.end()
      for await (const block of readContainer(readAside()))
        for (const entry of format.decode(block)) if (newest.get(placeKey(entry)) === entry.offset) yield entry
    },
    async close() {
      await file?.close().catch(() => undefined)
      await rm(path, { force: true }).catch(() => undefined)
    },
  }
}

const placeKey = ({ partition, key }: LogEntry): string => `${partition}/${key?.toString('latin1') ?? ''}`
