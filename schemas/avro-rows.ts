// Rows of any whole Avro schema in object container files (container-file.ts), for data sets whose rows are no records of
// a topic. Promise: the same rows give the same bytes (the mark between blocks follows from the schema).

import { createHash } from 'node:crypto'
import avro from 'avsc'
import type { AvroSchema } from './avro-files.ts'
import { boundAvscBlocks } from './avsc-bounds.ts'
import { beginContainer, readContainer } from './container-file.ts'
import { permanent } from './failure.ts'

export interface RowContainer {
  /** Throws where a row does not fit the schema, naming the field. */
  readonly add: (row: object) => Promise<void>
  /** Writes what is left. */
  readonly finish: () => Promise<void>
}

/** Begins a file of rows; `write` takes its bytes. */
export async function beginRows(schema: AvroSchema, write: (bytes: Buffer) => Promise<void>): Promise<RowContainer> {
  const type = typeOf(schema)
  const mark = createHash('sha256').update(JSON.stringify(schema)).digest().subarray(0, 16)
  const container = await beginContainer(schema, mark, write)
  return {
    add: (row) => container.append([type.toBuffer(row)]),
    finish: () => container.end(),
  }
}

/** Rows of a file that was written with this schema. Throws permanent `container-broken`. */
export async function* readAvroRows(chunks: AsyncIterable<Buffer>, schema: AvroSchema): AsyncGenerator {
  boundAvscBlocks()
  const type = typeOf(schema)
  for await (const { count, data } of readContainer(chunks)) {
    let at = 0
    for (let left = count; left > 0; left -= 1) {
      const row: { value: unknown; offset: number } = type.decode(data, at)
      if (row.offset < 0)
        throw permanent('container-broken', 'not a whole Avro file: a block ends in the middle of a row')
      yield row.value
      at = row.offset
    }
  }
}

function typeOf(schema: AvroSchema): avro.Type {
  return avro.Type.forSchema(schema as avro.Schema, { omitRecordMethods: true })
}
