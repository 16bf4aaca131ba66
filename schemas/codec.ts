// The only door to avsc: records to framed bytes (0, schema id as big-endian int32, Avro binary) and back.

import avro from 'avsc'
import type { Type } from 'avsc'
import { RECORD_NAMES } from './avro-files.ts'
import { boundAvscBlocks } from './avsc-bounds.ts'
import { permanent } from './failure.ts'
import type { Failure } from './failure.ts'
import { createFieldBytes } from './field-bytes.ts'
import type { FieldBytes, RecordType } from './field-bytes.ts'
import type { RecordName, Records } from './records.ts'
import { readRegistry, subjectOf } from './registry.ts'
import type { RegisteredSchema } from './registry.ts'
import { MAX_RECORD_BYTES } from './topics.ts'

const FRAME_BYTES = 5

/** Turns records into framed bytes and back. */
export interface Codec {
  /**
   * Returns a buffer of its own (later calls do not overwrite it). Throws a permanent Failure: `record-invalid`
   * names the field, `record-too-large` is over MAX_RECORD_BYTES.
   */
  encode<Name extends RecordName>(name: Name, record: Records[Name]): Buffer
  /**
   * Reads any released version of the record. Throws a permanent Failure `undecodable`: bad framing, unknown
   * schema id, another record, truncated or trailing bytes. Strings and bytes are copies, not views.
   */
  decode<Name extends RecordName>(name: Name, value: Buffer): Records[Name]
  /** Name of the record that framed bytes hold, by their schema id; null when it is none of ours. */
  nameOf(value: Buffer): RecordName | null
}

interface Reader {
  readonly name: RecordName
  readonly decode: (value: Buffer) => { value: unknown; offset: number }
}

interface Writer {
  readonly id: number
  readonly type: Type
  readonly encode: FieldBytes['encode']
}

/** Records that stages add a part to. */
const GROWING: ReadonlySet<RecordName> = new Set([
  ...(['Screened', 'Tagged', 'Answered', 'Sampled'] as const),
  ...(['Verified', 'Judged', 'Rewarded', 'Conversed'] as const),
])

/** Codec with ids from schemas/registry.json, or from a Confluent registry when a URL is given. */
export async function createCodec(options: { registryUrl?: string | undefined } = {}): Promise<Codec> {
  return codecOf(await readRegistry(options.registryUrl))
}

/** Codec over a given list of released schemas; the highest version of a subject is the one that is written. */
export function codecOf(registered: readonly RegisteredSchema[]): Codec {
  boundAvscBlocks()
  const writers = new Map<RecordName, Writer>()
  const readers = new Map<number, Reader>()
  const fieldBytesOf = createFieldBytes()
  for (const name of RECORD_NAMES) {
    const versions = registered.filter((entry) => entry.subject === subjectOf(name))
    const newest = versions.toSorted((left, right) => left.version - right.version).at(-1)
    if (newest === undefined) throw new Error(`no released schema for ${name}: run npm run schemas:release`)
    const type = typeOf(newest)
    const whole: FieldBytes = GROWING.has(name) ? fieldBytesOf(type as RecordType) : asWhole(type)
    writers.set(name, { id: newest.id, type, encode: whole.encode })
    for (const entry of versions) {
      const resolver = entry === newest ? undefined : type.createResolver(typeOf(entry))
      const decode =
        resolver === undefined
          ? (value: Buffer) => whole.decode(value, FRAME_BYTES)
          : (value: Buffer) => type.decode(value, FRAME_BYTES, resolver)
      readers.set(entry.id, { name, decode })
    }
  }
  let scratch = Buffer.allocUnsafe(64 * 1024)

  function readerOf(value: Buffer): Reader | undefined {
    return value.length > FRAME_BYTES && value[0] === 0 ? readers.get(value.readInt32BE(1)) : undefined
  }

  return {
    encode(name, record) {
      const { id, type, encode } = writers.get(name)!
      let end: number
      try {
        while ((end = encode(record, scratch, FRAME_BYTES)) < 0) {
          // A negative end is the number of bytes that were missing.
          const needed = scratch.length - end
          if (needed > MAX_RECORD_BYTES) throw tooLarge(name, record, needed)
          scratch = Buffer.allocUnsafe(Math.min(MAX_RECORD_BYTES, needed * 2))
        }
      } catch (error) {
        throw error instanceof TypeError || (error instanceof Error && error.name === 'Error')
          ? invalid(name, type, record, error)
          : error
      }
      scratch[0] = 0
      scratch.writeInt32BE(id, 1)
      return Buffer.from(scratch.subarray(0, end))
    },
    decode(name, value) {
      const reader = readerOf(value)
      if (reader === undefined) throw permanent('undecodable', `not a framed ${name}: ${describeFrame(value)}`)
      if (reader.name !== name) throw permanent('undecodable', `holds a ${reader.name}, not a ${name}`)
      try {
        const decoded = reader.decode(value)
        if (decoded.offset !== value.length) {
          throw new Error(decoded.offset < 0 ? 'truncated' : `${value.length - decoded.offset} bytes too many`)
        }
        return decoded.value as Records[typeof name]
      } catch (cause) {
        throw permanent('undecodable', `broken ${name}: ${cause instanceof Error ? cause.message : String(cause)}`, {
          cause,
        })
      }
    },
    nameOf: (value) => readerOf(value)?.name ?? null,
  }
}

function asWhole(type: Type): FieldBytes {
  return {
    decode: (bytes, start) => type.decode(bytes, start),
    encode: (record, bytes, start) => type.encode(record, bytes, start),
  }
}

function typeOf(entry: RegisteredSchema): Type {
  return avro.Type.forSchema(entry.schema as avro.Schema, { omitRecordMethods: true })
}

function describeFrame(value: Buffer): string {
  if (value.length <= FRAME_BYTES) return `only ${value.length} bytes`
  return value[0] === 0 ? `unknown schema id ${value.readInt32BE(1)}` : `first byte is ${value[0]}, not 0`
}

function tooLarge(name: RecordName, record: { id: string }, bytes: number): Failure {
  return permanent('record-too-large', `${name} ${record.id} takes ${bytes} bytes; the limit is ${MAX_RECORD_BYTES}`)
}

function invalid(name: RecordName, type: Type, record: unknown, cause: unknown): Failure {
  const places: string[] = []
  type.isValid(record, { errorHook: (path: string[]) => void places.push(path.join('.')) })
  return permanent('record-invalid', `${name} has a wrong value at ${places.join(', ') || 'an unknown field'}`, {
    cause,
  })
}
