// A message of the log as one datum of an Avro file: its place, time, key and headers as they lay there, and its record
// under the schema that it was written with, so that any Avro reader shows it. Promise: what is read is, byte for byte,
// what was written.

import type { AvroSchema } from './avro-files.ts'
import { bytesField, createCursor, longField } from './avro-bytes.ts'
import { permanent } from './failure.ts'
import type { RegisteredSchema } from './registry.ts'

export interface LogEntry {
  readonly partition: number
  readonly offset: number
  /** Milliseconds since 1970 UTC. */
  readonly timestamp: number
  readonly key: Buffer | null
  /** In order; a name may come again. */
  readonly headers: readonly (readonly [name: string, value: Buffer])[]
  /** Framed as on the wire, by the id of the registry that the file names; or anybody's bytes. */
  readonly value: Buffer | null
}

/** Bytes before a record on the wire: 0, and its schema's id. */
export const FRAME_BYTES = 5
/** Where the value's union has its branches; those from RECORD on are the schemas of the topic's records. */
const [NOTHING, BYTES, RECORD] = [0, 1, 2]

/** How the entries of one topic are written: `versions` are the schemas of its records that a reader may meet. */
export interface EntryFormat {
  readonly schema: AvroSchema
  /** isRecord: the value was checked to be whole under its schema; else it is written as bytes. */
  encode(entry: LogEntry, isRecord: boolean): Buffer[]
  /** Reads the data of a block, in order. Throws permanent `container-broken`. */
  decode(block: { readonly count: number; readonly data: Buffer }): Iterable<LogEntry>
}

export function entryFormat(versions: readonly RegisteredSchema[]): EntryFormat {
  const branches = new Map(versions.map(({ id }, index) => [id, RECORD + index]))
  const header = {
    ...{ type: 'record', name: 'Header' },
    fields: [field('name', 'string', 'Name.'), field('value', 'bytes', 'Value.')],
  }
  const records = versions.map(({ schema, version }) => inNamespace(schema, `magpie.version${version}`))
  const schema = {
    ...{ type: 'record', name: 'LogEntry', namespace: 'magpie.carried' },
    doc: 'A message of a topic as it lay on the log.',
    fields: [
      field('partition', 'int', 'Its partition.'),
      field('offset', 'long', 'Its offset there.'),
      field('timestamp', { type: 'long', logicalType: 'timestamp-millis' }, 'Its time, milliseconds since 1970 UTC.'),
      field('key', ['null', 'bytes'], 'Its key; as UTF-8 the id of a problem on most topics.'),
      field('headers', { type: 'array', items: header }, 'Its headers in order; a name may come again.'),
      field('schemaId', ['null', 'int'], 'Id of its schema on the wire; manifest.json has the list. null: bytes.'),
      field('size', 'int', 'Bytes of the value below, without its branch and length.'),
      field('value', ['null', 'bytes', ...records], 'Its record, by the version of its schema; or bytes of any kind.'),
    ],
  }

  function valueFields({ value }: LogEntry, isRecord: boolean): Buffer[] {
    if (value === null) return [longField(0), longField(0), longField(NOTHING)]
    const id = isRecord ? value.readInt32BE(1) : -1
    const branch = branches.get(id)
    if (branch === undefined) return [longField(0), longField(value.length), longField(BYTES), ...bytesField(value)]
    const body = value.subarray(FRAME_BYTES)
    return [longField(1), longField(id), longField(body.length), longField(branch), body]
  }

  return {
    schema,
    encode(entry, isRecord) {
      const { partition, offset, timestamp, key, headers } = entry
      return [
        ...[partition, offset, timestamp].map(longField),
        ...(key === null ? [longField(0)] : [longField(1), ...bytesField(key)]),
        ...(headers.length === 0 ? [] : [longField(headers.length)]),
        ...headers.flatMap(([name, value]) => [...bytesField(Buffer.from(name)), ...bytesField(value)]),
        longField(0),
        ...valueFields(entry, isRecord),
      ]
    },
    *decode({ count, data }) {
      const cursor = createCursor(data)
      try {
        for (let left = count; left > 0; left -= 1) yield readEntry(cursor)
      } catch (cause) {
        if (!(cause instanceof RangeError)) throw cause
        throw permanent('container-broken', `not a whole Avro file: ${cause.message}`, { cause })
      }
    },
  }
}

function readEntry(cursor: ReturnType<typeof createCursor>): LogEntry {
  const [partition, offset, timestamp] = [cursor.long(), cursor.long(), cursor.long()]
  const key = cursor.long() === 0 ? null : cursor.bytes(cursor.long())
  const headers: [string, Buffer][] = []
  for (let left = cursor.long(); left !== 0; left = cursor.long())
    for (let index = 0; index < left; index += 1)
      headers.push([cursor.bytes(cursor.long()).toString(), cursor.bytes(cursor.long())])
  const id = cursor.long() === 0 ? null : cursor.long()
  const size = cursor.long()
  const branch = cursor.long()
  if (branch === BYTES) cursor.long()
  const value = branch === NOTHING ? null : cursor.bytes(size)
  return {
    partition,
    offset,
    timestamp,
    key,
    headers,
    value: value === null || id === null ? value : framed(id, value),
  }
}

/** A record's bytes as they go on the wire. */
export function framed(id: number, body: Buffer): Buffer {
  const value = Buffer.allocUnsafe(FRAME_BYTES + body.length)
  value[0] = 0
  value.writeInt32BE(id, 1)
  body.copy(value, FRAME_BYTES)
  return value
}

function field(name: string, type: AvroSchema, doc: string): { [key: string]: unknown } {
  return { name, type, doc }
}

/** The schema with all its names in another namespace: two versions of a record may then stand in one union. */
function inNamespace(schema: AvroSchema, namespace: string): AvroSchema {
  if (Array.isArray(schema)) return schema.map((each) => inNamespace(each, namespace))
  if (typeof schema === 'string') return schema
  const moved = Object.entries(schema).map(([name, value]) => {
    if (name === 'namespace') return [name, namespace]
    if (name === 'fields')
      return [
        name,
        (value as { type: AvroSchema }[]).map((each) => ({ ...each, type: inNamespace(each.type, namespace) })),
      ]
    const isSchema = ['type', 'items', 'values'].includes(name) && value !== null
    return [name, isSchema ? inNamespace(value as AvroSchema, namespace) : value]
  })
  return Object.fromEntries(moved) as AvroSchema
}
