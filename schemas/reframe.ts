// Carries framed records from one registry's ids to another's. Promises: bytes stay as they are where the other side has
// the very same schema; else the record is written anew under the newest schema that it has; bytes that are no record of
// the first registry are left alone.

import avro from 'avsc'
import type { Type } from 'avsc'
import { boundAvscBlocks } from './avsc-bounds.ts'
import { FRAME_BYTES, framed } from './log-entry.ts'
import type { RegisteredSchema } from './registry.ts'

export interface Reframer {
  /** The same record for the second registry. Throws what avsc throws where its bytes are broken. */
  reframe(value: Buffer): Buffer
  /** Schemas of the first registry that the second does not know and cannot read: made by a newer program. */
  readonly unknown: readonly RegisteredSchema[]
}

/** From the ids of `from` to those of `to`. */
export function createReframer(from: readonly RegisteredSchema[], to: readonly RegisteredSchema[]): Reframer {
  boundAvscBlocks()
  const ways = new Map<number, (value: Buffer) => Buffer>()
  const unknown: RegisteredSchema[] = []
  for (const old of from) {
    const versions = to.filter(({ subject }) => subject === old.subject)
    const same = versions.find(({ schema }) => JSON.stringify(schema) === JSON.stringify(old.schema))
    const newest = versions.toSorted((one, other) => one.version - other.version).at(-1)
    const way = same === undefined ? conversion(old, newest) : renumbering(old.id, same.id)
    if (way === null) unknown.push(old)
    else ways.set(old.id, way)
  }
  return {
    unknown,
    reframe(value) {
      const way = value.length > FRAME_BYTES && value[0] === 0 ? ways.get(value.readInt32BE(1)) : undefined
      return way === undefined ? value : way(value)
    },
  }
}

function renumbering(old: number, id: number): (value: Buffer) => Buffer {
  return old === id ? (value) => value : (value) => framed(id, value.subarray(FRAME_BYTES))
}

function conversion(old: RegisteredSchema, newest: RegisteredSchema | undefined): ((value: Buffer) => Buffer) | null {
  if (newest === undefined || newest.version < old.version) return null
  const reader = typeOf(newest)
  const resolver = reader.createResolver(typeOf(old))
  return (value) => {
    const record: unknown = reader.fromBuffer(value.subarray(FRAME_BYTES), resolver)
    return framed(newest.id, reader.toBuffer(record))
  }
}

function typeOf({ schema }: RegisteredSchema): Type {
  return avro.Type.forSchema(schema as avro.Schema, { omitRecordMethods: true })
}
