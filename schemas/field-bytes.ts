// A stage adds its part to a record and leaves the others as they were, so most bytes of what it sends are bytes of what
// it read: an Avro record is its fields, one behind the other. Here records are read and written field by field, and a
// field that still holds the very object that was read is copied instead of made again.
// Promise: the bytes are those that encoding the whole record gives, wherever this codec wrote what was read.
// See docs/decisions/0020-bytes-that-stay.md.

import type { Type } from 'avsc'

/** avsc's type of a record. */
export type RecordType = Type & { readonly fields: readonly { readonly name: string; readonly type: Type }[] }

/** Reads and writes the fields of one record type. */
export interface FieldBytes {
  /** As Type.decode: the record and where it ends; a negative end where bytes are missing. */
  readonly decode: (bytes: Buffer, start: number) => { value: unknown; offset: number }
  /** As Type.encode: where the record ends, or minus the bytes that are missing. */
  readonly encode: (record: object, bytes: Buffer, start: number) => number
}

/** Where the value of a field lay when it was read. `schema`: of its type, in canonical form. */
interface Place {
  readonly schema: string
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

interface Field {
  readonly name: string
  readonly type: Type
  readonly schema: string
}

/** Returns what makes them: all of one memory. What is read must not be changed while what it was read from lives. */
export function createFieldBytes(): (type: RecordType) => FieldBytes {
  const places = new WeakMap<object, Place>()

  function encodeField({ name, type, schema }: Field, record: object, bytes: Buffer, at: number): number {
    const value = (record as Record<string, unknown>)[name]
    const place = typeof value === 'object' && value !== null ? places.get(value) : undefined
    if (place?.schema !== schema) return type.encode(value, bytes, at)
    const end = at + place.end - place.start
    if (end > bytes.length) return bytes.length - end
    place.bytes.copy(bytes, at, place.start, place.end)
    return end
  }

  return (type) => {
    const fields = type.fields.map(({ name, type: of }): Field => ({
      name,
      type: of,
      schema: JSON.stringify(of.schema()),
    }))
    return {
      decode(bytes, start) {
        const record: Record<string, unknown> = {}
        let at = start
        for (const { name, type: of, schema } of fields) {
          const read: { readonly value: unknown; readonly offset: number } = of.decode(bytes, at)
          const { value, offset } = read
          if (offset < 0) return read
          if (typeof value === 'object' && value !== null) places.set(value, { schema, bytes, start: at, end: offset })
          record[name] = value
          at = offset
        }
        return { value: record, offset: at }
      },
      encode(record, bytes, start) {
        let at = start
        for (const field of fields) {
          const end = encodeField(field, record, bytes, at)
          // What is missing is found out field by field: the caller makes room for all of it at once.
          if (end < 0) return end
          at = end
        }
        return at
      },
    }
  }
}
