// A database with the rows of a small run, and exports of it into a folder of its own, for tests.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Container, Filters, Manifest, Row } from '../../../analytics/export/contract.ts'
import { exportDataSet } from '../../../analytics/export/export.ts'
import { lookOf } from '../../../analytics/export/look.ts'
import type { Wish } from '../../../analytics/export/look.ts'
import { readRows } from '../../../analytics/export/read-rows.ts'
import type { AvroSchema } from '../../../schemas/avro-files.ts'
import { createCodec } from '../../../schemas/codec.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import type { PreferenceRecord, Rewarded, SftRecord } from '../../../schemas/records.ts'
import { createClickhouseSink } from '../../../sinks/clickhouse.ts'
import type { Database } from '../../../sinks/clickhouse/contract.ts'
import { openTestDatabase } from '../../support/clickhouse-databases.ts'
import type { DatabaseKind } from '../../support/clickhouse-databases.ts'
import { message } from '../../support/rows.ts'

export const codec = await createCodec()

export const ALL: Filters = {
  runs: [],
  revision: 'main',
  where: null,
  asOf: null,
  limit: null,
  minTokens: null,
  maxTokens: null,
  split: null,
}

export interface Written {
  readonly manifest: Manifest
  readonly path: string
}

export interface Exporting {
  readonly folder: string
  readonly database: Database
  /** Puts records into the tables, as the sink does. */
  readonly put: (records: {
    readonly sft?: readonly SftRecord[]
    readonly preferences?: readonly PreferenceRecord[]
    readonly rewarded?: readonly Rewarded[]
    readonly revision?: string
  }) => Promise<void>
  /** Exports to a path below the folder. */
  readonly write: (
    wish: Wish,
    filters?: Partial<Filters>,
    over?: { readonly force?: boolean; readonly signal?: AbortSignal; readonly database?: Database },
  ) => Promise<Written>
  readonly close: () => Promise<void>
}

/** Opens an empty database. */
export async function createExporting(kind: DatabaseKind = 'embedded'): Promise<Exporting> {
  const folder = await mkdtemp(join(tmpdir(), 'magpie-export-'))
  const database = await openTestDatabase(kind, folder)
  return {
    folder,
    database,
    async put({ sft = [], preferences = [], rewarded = [], revision = 'main' }) {
      const sink = createClickhouseSink({ database, codec, log: silentLogger, revision })
      const topic = (name: string): string => (revision === 'main' ? name : `${name}.${revision}`)
      await sink.write([
        ...rewarded.map((record, offset) => message(codec, topic('rewarded'), 'Rewarded', record, offset, offset % 3)),
        ...sft.map((record, offset) => message(codec, topic('sft'), 'SftRecord', record, offset, offset % 3)),
        ...preferences.map((record, offset) =>
          message(codec, topic('preferences'), 'PreferenceRecord', record, offset, offset % 3),
        ),
      ])
    },
    async write(wish, filters = {}, over = {}) {
      const out = join(folder, wish.out)
      return await exportDataSet({
        database: over.database ?? database,
        look: lookOf({ ...wish, out }),
        filters: { ...ALL, ...filters },
        out,
        force: over.force ?? false,
        programVersion: '0.0.0',
        now: () => Date.UTC(2026, 5, 1),
        signal: over.signal ?? new AbortController().signal,
      })
    },
    async close() {
      await database.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** All rows of a data file. Throws at the first that cannot be read. */
export async function rowsIn(path: string, container: Container, schema: AvroSchema): Promise<Row[]> {
  const rows: Row[] = []
  for await (const read of readRows(path, container, schema)) {
    if ('fault' in read) throw new Error(`${read.place}: ${read.fault}`)
    // Rows of Avro have classes of their own.
    rows.push(JSON.parse(JSON.stringify(read.row)) as Row)
  }
  return rows
}

/** All rows of an export, its files in their order. */
export async function rowsOfExport({ manifest, path }: Written): Promise<Row[]> {
  const folder = manifest.files.some((file) => path.endsWith(file.path)) ? join(path, '..') : path
  const schema = JSON.parse(await readFile(join(folder, manifest.schema.path), 'utf8')) as AvroSchema
  const rows: Row[] = []
  for (const file of manifest.files) rows.push(...(await rowsIn(join(folder, file.path), manifest.container, schema)))
  return rows
}
