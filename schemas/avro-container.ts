// Avro object container files: rows in compressed blocks behind their schema, as every Avro tool reads them.
// Promise: the same rows in the same blocks give the same bytes (the marker between blocks follows from the schema).

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { deflateRawSync } from 'node:zlib'
import avro from 'avsc'
import type { AvroSchema } from './avro-files.ts'
import { boundAvscBlocks } from './avsc-bounds.ts'

const MAGIC = Buffer.from('Obj\u0001')

export interface ContainerWriter {
  /** What stands at the head of the file. */
  readonly head: Buffer
  /** One block of rows. Throws where a row does not fit the schema, naming the field. */
  readonly block: (rows: readonly object[]) => Buffer
}

/** Writes rows of one schema, which must be whole (`wholeSchema`); blocks are deflated. */
export function containerWriter(schema: AvroSchema): ContainerWriter {
  const text = JSON.stringify(schema)
  const type = typeOf(schema)
  const marker = createHash('sha256').update(text).digest().subarray(0, 16)
  const long = avro.Type.forSchema('long')
  const facts = avro.Type.forSchema({ type: 'map', values: 'bytes' }).toBuffer({
    'avro.codec': Buffer.from('deflate'),
    'avro.schema': Buffer.from(text),
  })
  return {
    head: Buffer.concat([MAGIC, facts, marker]),
    block(rows) {
      const packed = deflateRawSync(Buffer.concat(rows.map((row) => type.toBuffer(row))))
      return Buffer.concat([long.toBuffer(rows.length), long.toBuffer(packed.length), packed, marker])
    },
  }
}

/** The rows of a container file, in memory of a block. Throws what reading throws, and Errors of avsc for other bytes. */
export async function* readContainer(file: string): AsyncGenerator {
  boundAvscBlocks()
  const decoder = new avro.streams.BlockDecoder({ parseHook: (schema) => typeOf(schema as AvroSchema) })
  const source = createReadStream(file)
  source.on('error', (error) => decoder.destroy(error))
  source.pipe(decoder)
  try {
    for await (const row of decoder) yield row
  } finally {
    source.destroy()
  }
}

function typeOf(schema: AvroSchema): avro.Type {
  return avro.Type.forSchema(schema as avro.Schema, { omitRecordMethods: true })
}
