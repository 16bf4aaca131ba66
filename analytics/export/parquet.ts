// The only door to hyparquet and hyparquet-writer: rows of an Avro schema as Parquet (zstd) and back. Promises: texts,
// numbers, times and lists have Parquet types of their own; a map is a list of {name, value}, since `datasets` reads
// no map; memory is that of a row group.

import { open } from 'node:fs/promises'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import type { AsyncBuffer, SchemaElement } from 'hyparquet'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import type { AvroSchema } from '../../schemas/avro-files.ts'
import type { Row } from './contract.ts'
import { nodeOf } from './nodes.ts'
import type { Node } from './nodes.ts'
import type { StagedFile } from './staged-file.ts'

export interface ParquetFile {
  /** Writes a row group. */
  readonly group: (rows: readonly Row[]) => Promise<void>
  finish(): Promise<void>
}

/** Writes rows of a record's schema. */
export function parquetWriter(schema: AvroSchema, file: StagedFile): ParquetFile {
  const { fields } = recordOf(schema)
  const bytes = new ByteWriter()
  const writer = new ParquetWriter({
    writer: bytes,
    schema: [
      { name: 'row', num_children: fields.length },
      ...fields.flatMap(({ name, node }) => elementsOf(name, node)),
    ],
    codec: 'ZSTD',
    compressors: { ZSTD: (input) => zstdCompressSync(input) },
    createdBy: 'magpie-reasoning',
  })
  /** Offsets in the file go on counting; only what lies in memory begins anew. */
  const flush = async (): Promise<void> => {
    const part = Buffer.from(bytes.getBytes())
    bytes.index = 0
    await file.write(part)
  }
  return {
    async group(rows) {
      await writer.write({
        columnData: fields.map(({ name, node }) => ({ name, data: rows.map((row) => intoParquet(row[name], node)) })),
        rowGroupSize: rows.length,
      })
      await flush()
    },
    async finish() {
      await writer.finish()
      await flush()
    },
  }
}

/** Rows of a Parquet file, a row group at a time. Throws Errors for what is no Parquet file, or not of the schema. */
export async function* readParquet(path: string, schema: AvroSchema): AsyncGenerator {
  const node = nodeOf(schema)
  const handle = await open(path, 'r')
  try {
    const file: AsyncBuffer = {
      byteLength: (await handle.stat()).size,
      async slice(start, end) {
        const length = (end ?? this.byteLength) - start
        const { bytesRead, buffer } = await handle.read(new Uint8Array(length), 0, length, start)
        return buffer.buffer.slice(0, bytesRead)
      },
    }
    const metadata = await parquetMetadataAsync(file)
    let rowStart = 0
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows)
      const rows = await parquetReadObjects({
        ...{ file, metadata, rowStart, rowEnd },
        compressors: { ZSTD: (input) => zstdDecompressSync(input) },
        parsers: { stringFromBytes: (text: Uint8Array | undefined) => text && decoder.decode(text) },
      })
      for (const row of rows) yield outOfParquet(row, node)
      rowStart = rowEnd
    }
  } finally {
    await handle.close()
  }
}

/** A mark of byte order at the head of a text is part of it. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })

function recordOf(schema: AvroSchema): Node & { kind: 'record' } {
  const node = nodeOf(schema)
  if (node.kind !== 'record') throw new Error('rows have a record schema')
  return node
}

const PRIMITIVES = {
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  boolean: { type: 'BOOLEAN' },
  int: { type: 'INT32' },
  long: { type: 'INT64' },
  time: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
  double: { type: 'DOUBLE' },
} as const satisfies Record<string, Omit<SchemaElement, 'name'>>

/** The schema elements of a field, itself first. */
function elementsOf(name: string, node: Node): SchemaElement[] {
  const repetition_type = node.nullable ? 'OPTIONAL' : 'REQUIRED'
  switch (node.kind) {
    case 'list':
      return listOf(name, repetition_type, elementsOf('element', node.of))
    case 'map':
      return listOf(name, repetition_type, elementsOf('element', entryOf(node.of)))
    case 'record':
      return [
        { name, repetition_type, num_children: node.fields.length },
        ...node.fields.flatMap((field) => elementsOf(field.name, field.node)),
      ]
    case 'string':
    case 'boolean':
    case 'int':
    case 'long':
    case 'time':
    case 'double':
      return [{ name, repetition_type, ...PRIMITIVES[node.kind] }]
  }
}

function listOf(
  name: string,
  repetition_type: 'OPTIONAL' | 'REQUIRED',
  element: readonly SchemaElement[],
): SchemaElement[] {
  return [
    { name, repetition_type, converted_type: 'LIST', logical_type: { type: 'LIST' }, num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    ...element,
  ]
}

/** An entry of a map. */
function entryOf(value: Node): Node {
  const name: Node = { kind: 'string', nullable: false }
  return {
    kind: 'record',
    nullable: false,
    fields: [
      { name: 'name', node: name, mayLack: false },
      { name: 'value', node: value, mayLack: false },
    ],
  }
}

function intoParquet(value: unknown, node: Node): unknown {
  if (value === null || value === undefined) return null
  switch (node.kind) {
    case 'long':
      return BigInt(value as number)
    case 'time':
      return new Date(value as number)
    case 'list':
      return (value as unknown[]).map((each) => intoParquet(each, node.of))
    case 'map':
      return Object.entries(value).map(([name, each]) => ({ name, value: intoParquet(each, node.of) }))
    case 'record':
      return Object.fromEntries(
        node.fields.map((field) => [field.name, intoParquet((value as Row)[field.name], field.node)]),
      )
    case 'string':
    case 'boolean':
    case 'int':
    case 'double':
      return value
  }
}

function outOfParquet(value: unknown, node: Node): unknown {
  if (value === null || value === undefined) return null
  switch (node.kind) {
    case 'long':
      return typeof value === 'bigint' ? Number(value) : value
    case 'time':
      return value instanceof Date ? value.getTime() : value
    case 'list':
      return Array.isArray(value) ? value.map((each) => outOfParquet(each, node.of)) : value
    case 'map':
      return Array.isArray(value)
        ? Object.fromEntries(
            value.map(({ name, value: each }: { name: string; value: unknown }) => [name, outOfParquet(each, node.of)]),
          )
        : value
    case 'record':
      return Object.fromEntries(
        // What the schema does not know stays, so that whoever checks sees it.
        Object.entries(value).map(([name, each]) => {
          const field = node.fields.find((one) => one.name === name)
          return [name, field === undefined ? each : outOfParquet(each, field.node)]
        }),
      )
    case 'string':
    case 'boolean':
    case 'int':
    case 'double':
      return value
  }
}
