// Rows into files: a JSON array with a row a line, JSON Lines, Avro object containers, Parquet. Promises: memory of some
// rows; the same rows give the same bytes.

import type { AvroSchema } from '../../schemas/avro-files.ts'
import { beginRows } from '../../schemas/avro-rows.ts'
import type { Container, Row } from './contract.ts'
import { parquetWriter } from './parquet.ts'
import type { StagedFile } from './staged-file.ts'

export interface RowWriter {
  readonly add: (row: Row) => Promise<void>
  /** Writes what is left and the end of the file; the file itself stays open. */
  readonly finish: () => Promise<void>
}

/** Writes rows of a schema into a file. */
export async function rowWriter(container: Container, schema: AvroSchema, file: StagedFile): Promise<RowWriter> {
  switch (container) {
    case 'json': {
      let rows = 0
      return {
        add: (row) => file.write(`${rows++ === 0 ? '[\n' : ',\n'}${JSON.stringify(row)}`),
        finish: () => file.write(rows === 0 ? '[]\n' : '\n]\n'),
      }
    }
    case 'jsonl':
      return { add: (row) => file.write(`${JSON.stringify(row)}\n`), finish: () => Promise.resolve() }
    case 'avro':
      return await beginRows(schema, file.write)
    case 'parquet': {
      const writer = parquetWriter(schema, file)
      const groups = inGroups(PARQUET_GROUP, writer.group)
      return {
        add: groups.add,
        finish: async () => {
          await groups.finish()
          await writer.finish()
        },
      }
    }
  }
}

interface GroupSize {
  readonly rows: number
  /** Characters of text, about. */
  readonly size: number
}

const PARQUET_GROUP: GroupSize = { rows: 20_000, size: 48 * 2 ** 20 }

/** Gathers rows until there are so many, or so much text. */
function inGroups({ rows: most, size: largest }: GroupSize, write: (rows: Row[]) => Promise<void>): RowWriter {
  let rows: Row[] = []
  let size = 0
  const flush = async (): Promise<void> => {
    const group = rows
    rows = []
    size = 0
    if (group.length > 0) await write(group)
  }
  return {
    async add(row) {
      rows.push(row)
      size += textSize(row)
      if (rows.length >= most || size >= largest) await flush()
    },
    finish: flush,
  }
}

/** Characters of all texts in a value, and a little for what is none. */
function textSize(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 8
  let size = 0
  for (const each of Object.values(value)) size += textSize(each)
  return size
}
