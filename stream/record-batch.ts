// Kafka's record batch (magic 2) to bytes and back, each in one pass over one buffer. kafkajs makes an encoder for every
// message and every header; each grows and is copied into the next, and numbers of 64 bits are big integers.
// Promises: the bytes are those that kafkajs writes, and what is read is what kafkajs reads, field by field.

import { crc32c } from './crc32c.ts'
import type { HeaderValue } from './outgoing.ts'

/** A message as kafkajs's producer hands it over. */
export interface BatchMessage {
  readonly key?: string | Buffer | null | undefined
  readonly value: string | Buffer | null
  readonly headers?: Readonly<Record<string, HeaderValue>> | undefined
  readonly offsetDelta: number
  readonly timestampDelta: number
}

/** What stands in front of the records. Times: milliseconds since 1970 UTC. */
export interface BatchHead {
  readonly compression: number
  readonly isTransactional: boolean
  readonly firstTimestamp: number
  readonly maxTimestamp: number
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly firstSequence: number
  /** Number of records. */
  readonly count: number
}

/** What kafkajs's readers take of a message. */
export interface ReadMessage {
  readonly attributes: number
  readonly timestamp: string
  readonly offset: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Record<string, Buffer | null | (Buffer | null)[]>
}

const MAGIC = 2
const TRANSACTIONAL = 16
/** Where the checksummed part of a batch begins, and where its records do. */
const CHECKED = 21
const RECORDS = 61

/** The records of a batch, not compressed yet. */
export function encodeRecords(messages: readonly BatchMessage[]): Buffer {
  const sizes = messages.map(bodySize)
  const whole = sizes.reduce((sum, size) => sum + sizeOfVarint(size) + size, 0)
  const bytes = Buffer.allocUnsafe(whole)
  let at = 0
  for (const [index, message] of messages.entries()) {
    at = writeVarint(bytes, at, sizes[index]!)
    at = writeBody(bytes, at, message)
  }
  return bytes
}

/** A batch around its records, which are compressed as the head says. */
export function encodeBatch(head: BatchHead, records: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(RECORDS + records.length)
  bytes.writeBigInt64BE(0n, 0) // the first offset is the broker's to give
  bytes.writeInt32BE(bytes.length - 12, 8)
  bytes.writeInt32BE(0, 12) // leader epoch
  bytes.writeInt8(MAGIC, 16)
  bytes.writeInt16BE(head.compression | (head.isTransactional ? TRANSACTIONAL : 0), 21)
  bytes.writeInt32BE(head.count - 1, 23)
  bytes.writeBigInt64BE(BigInt(head.firstTimestamp), 27)
  bytes.writeBigInt64BE(BigInt(head.maxTimestamp), 35)
  bytes.writeBigInt64BE(head.producerId, 43)
  bytes.writeInt16BE(head.producerEpoch, 51)
  bytes.writeInt32BE(head.firstSequence, 53)
  bytes.writeInt32BE(head.count, 57)
  records.copy(bytes, RECORDS)
  bytes.writeUInt32BE(crc32c(bytes.subarray(CHECKED)), 17)
  return bytes
}

/** One record of a batch. Key and value are views. Throws RangeError where bytes are missing. */
export function decodeRecord(bytes: Buffer, batch: { firstOffset: number; firstTimestamp: number }): ReadMessage {
  const reader = { bytes, at: 1 }
  const timestamp = String(batch.firstTimestamp + readVarint(reader))
  const offset = String(batch.firstOffset + readVarint(reader))
  const key = readBytes(reader)
  const value = readBytes(reader)
  return { attributes: bytes.readInt8(0), timestamp, offset, key, value, headers: readHeaders(reader) }
}

interface Reader {
  readonly bytes: Buffer
  at: number
}

function readHeaders(reader: Reader): ReadMessage['headers'] {
  const headers: [string, Buffer | null][] = []
  for (let left = readVarint(reader); left > 0; left -= 1) {
    const name = readBytes(reader)?.toString() ?? null
    headers.push([String(name), readBytes(reader)])
  }
  const names = new Set(headers.map(([name]) => name))
  // From entries: a header may be called __proto__.
  if (names.size === headers.length) return Object.fromEntries(headers)
  return Object.fromEntries(
    [...names].map((name) => {
      const values = headers.flatMap(([other, value]) => (other === name ? [value] : []))
      return [name, values.length === 1 ? values[0]! : values]
    }),
  )
}

function readBytes(reader: Reader): Buffer | null {
  const length = readVarint(reader)
  if (length < 0) return null
  const { bytes, at } = reader
  if (at + length > bytes.length) throw new RangeError('a record ends behind its batch')
  reader.at += length
  return bytes.subarray(at, at + length)
}

/** Zigzag and base 128, exact up to 2^53. */
function readVarint(reader: Reader): number {
  const { bytes } = reader
  let value = 0
  let scale = 1
  for (;;) {
    const byte = bytes[reader.at]
    if (byte === undefined) throw new RangeError('a record ends behind its batch')
    reader.at += 1
    value += (byte & 127) * scale
    if (byte < 128) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    scale *= 128
  }
}

function bodySize({ key, value, headers = {}, offsetDelta, timestampDelta }: BatchMessage): number {
  let size = 1 + sizeOfVarint(timestampDelta) + sizeOfVarint(offsetDelta) + sizeOfBytes(key) + sizeOfBytes(value)
  let count = 0
  for (const [name, values] of Object.entries(headers)) {
    for (const each of Array.isArray(values) ? values : [values]) {
      size += sizeOfBytes(name) + sizeOfBytes(each)
      count += 1
    }
  }
  return size + sizeOfVarint(count)
}

function writeBody(bytes: Buffer, start: number, message: BatchMessage): number {
  const { key, value, headers = {}, offsetDelta, timestampDelta } = message
  bytes[start] = 0 // attributes
  let at = writeVarint(bytes, start + 1, timestampDelta)
  at = writeVarint(bytes, at, offsetDelta)
  at = writeBytes(bytes, at, key)
  at = writeBytes(bytes, at, value)
  const flat = Object.entries(headers).flatMap(([name, values]) =>
    Array.isArray(values) ? values.map((each) => [name, each] as const) : [[name, values] as const],
  )
  at = writeVarint(bytes, at, flat.length)
  for (const [name, each] of flat) at = writeBytes(bytes, writeBytes(bytes, at, name), each)
  return at
}

function sizeOfBytes(text: string | Buffer | null | undefined): number {
  if (text === null || text === undefined) return 1
  const length = Buffer.byteLength(text)
  return sizeOfVarint(length) + length
}

function writeBytes(bytes: Buffer, start: number, text: string | Buffer | null | undefined): number {
  if (text === null || text === undefined) return writeVarint(bytes, start, -1)
  const length = Buffer.byteLength(text)
  const at = writeVarint(bytes, start, length)
  if (typeof text === 'string') bytes.write(text, at, length)
  else text.copy(bytes, at)
  return at + length
}

function sizeOfVarint(value: number): number {
  let size = 1
  for (let rest = zigzag(value); rest >= 128; rest = Math.floor(rest / 128)) size += 1
  return size
}

function writeVarint(bytes: Buffer, start: number, value: number): number {
  let at = start
  let rest = zigzag(value)
  for (; rest >= 128; rest = Math.floor(rest / 128)) {
    bytes[at] = (rest % 128) + 128
    at += 1
  }
  bytes[at] = rest
  return at + 1
}

function zigzag(value: number): number {
  return value >= 0 ? value * 2 : -value * 2 - 1
}
