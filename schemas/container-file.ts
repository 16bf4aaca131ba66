// Avro object container files, written and read a block at a time: what fastavro, Spark and others read. The data come
// as bytes that are Avro already, so that a record is carried without being taken apart. Promises: memory is bounded by
// a block; a file that was cut off inside a block, or changed at its edge, is an error (whole blocks that are missing show in
// the manifest's counts).

import { promisify } from 'node:util'
import { deflateRaw, inflateRaw } from 'node:zlib'
import type { AvroSchema } from './avro-files.ts'
import { bytesField, createCursor, longField } from './avro-bytes.ts'
import { permanent } from './failure.ts'

const deflate = promisify(deflateRaw)
const inflate = promisify(inflateRaw)

const MAGIC = Buffer.from([0x4f, 0x62, 0x6a, 0x01])
const MARK_BYTES = 16
/** Bytes of a block before compression; one datum may be more. */
const BLOCK_BYTES = 256 * 1024
/** Fast: what is carried is deflated once and inflated once. */
const LEVEL = { level: 1 }

export interface ContainerWriter {
  /** Adds one datum, given as its Avro bytes in pieces. */
  append(pieces: readonly Buffer[]): Promise<void>
  /** Writes what is left. */
  end(): Promise<void>
}

/** Begins a file. `mark`: 16 bytes that stand between its blocks and nowhere else, about. `write` takes the file's bytes. */
export async function beginContainer(
  schema: AvroSchema,
  mark: Buffer,
  write: (bytes: Buffer) => Promise<void>,
): Promise<ContainerWriter> {
  let pieces: Buffer[] = []
  let size = 0
  let count = 0

  async function writeBlock(): Promise<void> {
    if (count === 0) return
    const block = await deflate(Buffer.concat(pieces), LEVEL)
    await write(Buffer.concat([longField(count), longField(block.length), block, mark]))
    pieces = []
    size = 0
    count = 0
  }

  const about = { 'avro.schema': JSON.stringify(schema), 'avro.codec': 'deflate' }
  const pairs = Object.entries(about).flatMap(([name, value]) => [
    bytesField(Buffer.from(name)),
    bytesField(Buffer.from(value)),
  ])
  await write(Buffer.concat([MAGIC, longField(2), ...pairs.flat(), longField(0), mark]))
  return {
    async append(datum) {
      // A copy: the pieces may be views on a fetch that is many times as large.
      const whole = Buffer.concat(datum)
      pieces.push(whole)
      size += whole.length
      count += 1
      if (size >= BLOCK_BYTES) await writeBlock()
    },
    end: writeBlock,
  }
}

/** The blocks of a file, inflated, each with the number of its data. Throws permanent `container-broken`. */
export async function* readContainer(
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<{ readonly count: number; readonly data: Buffer }, void, undefined> {
  const source = chunks[Symbol.asyncIterator]()
  let held: Buffer = Buffer.alloc(0)
  let isOver = false

  /** At least so many bytes are held, unless the file ends before. */
  async function hold(bytes: number): Promise<boolean> {
    const pieces = [held]
    let size = held.length
    while (size < bytes && !isOver) {
      const next = await source.next()
      if (next.done === true) isOver = true
      else {
        pieces.push(next.value)
        size += next.value.length
      }
    }
    if (pieces.length > 1) held = Buffer.concat(pieces)
    return size >= bytes
  }

  /** Reads at the front of the file, taking in more of it until there is enough. */
  async function read<Value>(take: (cursor: ReturnType<typeof createCursor>) => Value): Promise<Value> {
    for (let wanted = 64; ; wanted = held.length * 2) {
      const isMore = await hold(wanted)
      const cursor = createCursor(held)
      try {
        const value = take(cursor)
        held = held.subarray(cursor.at())
        return value
      } catch (error) {
        if (!isMore || !(error instanceof RangeError)) throw broken('it ends in the middle', error)
      }
    }
  }

  const mark = await read((cursor) => {
    if (!cursor.bytes(MAGIC.length).equals(MAGIC)) throw broken('it does not begin as one')
    for (let left = cursor.long(); left !== 0; left = cursor.long())
      for (let pair = 0; pair < Math.abs(left); pair += 1) {
        const name = cursor.bytes(cursor.long()).toString()
        const value = cursor.bytes(cursor.long()).toString()
        if (name === 'avro.codec' && value !== 'deflate') throw broken(`its codec is ${value}, not deflate`)
      }
    return Buffer.from(cursor.bytes(MARK_BYTES))
  })
  while (await hold(1)) {
    const { count, block, end } = await read((cursor) => ({
      count: cursor.long(),
      block: cursor.bytes(cursor.long()),
      end: cursor.bytes(MARK_BYTES),
    }))
    if (!end.equals(mark)) throw broken('a block does not end where it should')
    const data = await inflate(block).catch((error: unknown) => {
      throw broken('a block cannot be unpacked', error)
    })
    yield { count, data }
  }
}

function broken(what: string, cause?: unknown): Error {
  return permanent('container-broken', `not a whole Avro file: ${what}`, { cause })
}
