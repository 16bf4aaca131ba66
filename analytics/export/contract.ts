// What is asked of an export, and what its manifest says.

import { z } from 'zod'
import type { AvroSchema } from '../../schemas/avro-files.ts'
import type { Columns } from '../../sinks/clickhouse/read-rows.ts'

/** What an export holds: the whole rows (in four containers), or what trainers expect. */
export const FORMATS = ['magpie', 'jsonl', 'sharegpt', 'messages', 'dpo', 'kto', 'prm', 'parquet', 'avro'] as const
export type Format = (typeof FORMATS)[number]

/** How rows lie in a file. json: one array, a row a line. */
export const CONTAINERS = ['json', 'jsonl', 'parquet', 'avro'] as const
export type Container = (typeof CONTAINERS)[number]

export const TYPES = ['sft', 'preference', 'steps'] as const
/** What rows are made of: tables sft, preferences, or the scored steps of responses. */
export type ExportType = (typeof TYPES)[number]

/** The data sets of a run. */
export type DataSetType = Exclude<ExportType, 'steps'>

/** keep: a field of its own; think: in the text, between the model's tags; drop: nowhere. */
export const REASONING = ['keep', 'think', 'drop'] as const
export type Reasoning = (typeof REASONING)[number]

/** conversational: lists of messages; standard: plain texts. */
export const SHAPES = ['conversational', 'standard'] as const
export type Shape = (typeof SHAPES)[number]

export type Split = 'train' | 'test'

/** Which rows; null: no such limit. */
export interface Filters {
  readonly runs: readonly string[]
  readonly revision: string
  /** A condition on the columns of the table. */
  readonly where: string | null
  /** Milliseconds since 1970 UTC. */
  readonly asOf: number | null
  readonly limit: number | null
  readonly minTokens: number | null
  readonly maxTokens: number | null
  /** Share of problems that are for testing. */
  readonly split: number | null
}

/** How rows look. */
export interface Look {
  readonly format: Format
  readonly container: Container
  readonly type: ExportType
  /** Steps only of problems that have a row in this data set; null: of all. */
  readonly stepsOf: DataSetType | null
  readonly shape: Shape
  readonly reasoning: Reasoning
  /** Nothing but what trainers read. */
  readonly bare: boolean
  /** Name of the process reward, for steps. */
  readonly reward: string | null
  /** Least probability of a step that counts as right. */
  readonly threshold: number
}

export type Row = Readonly<Record<string, unknown>>

/** Why a row of the table gives no row of the format. */
export interface LeftOut {
  readonly leftOut: string
}

/** A fault of a row: where in it, and what is wrong. */
export interface RowFault {
  readonly field: string
  readonly message: string
}

export interface Maker {
  readonly schema: AvroSchema
  make(columns: Columns): readonly Row[] | LeftOut
  /** Faults of a row that its schema does not see. */
  faultsOf(row: Row): readonly RowFault[]
}

/** A name, not a path: files lie beside their manifest. */
const name = z.string().regex(/^(?!\.)[^/\\\0]+$/)

const file = z.strictObject({
  path: name,
  split: z.enum(['train', 'test']),
  rows: z.int().min(0),
  bytes: z.int().min(0),
  sha256: z.string(),
})

const range = z.strictObject({ lowest: z.int(), highest: z.int() })

/** `manifest.json`: enough to check the files, and to ask for the same again. Times are ISO 8601, UTC. */
export const manifestShape = z.strictObject({
  manifest_version: z.literal(1),
  program: z.literal('magpie-reasoning'),
  program_version: z.string(),
  created_at: z.string(),
  format: z.enum(FORMATS),
  container: z.enum(CONTAINERS),
  type: z.enum(TYPES),
  steps_of: z.enum(['sft', 'preference']).nullable(),
  shape: z.enum(SHAPES),
  reasoning: z.enum(REASONING),
  bare: z.boolean(),
  files: z.array(file),
  rows: z.int().min(0),
  /** Rows of the tables that could not be made into rows of the format, by reason. */
  left_out: z.record(z.string(), z.int()),
  /** Avro schema of the rows. */
  schema: z.strictObject({ path: name, sha256: z.string() }),
  filters: z.strictObject({
    runs: z.array(z.string()),
    revision: z.string(),
    where: z.string().nullable(),
    as_of: z.string().nullable(),
    limit: z.int().nullable(),
    min_tokens: z.int().nullable(),
    max_tokens: z.int().nullable(),
    split: z.number().nullable(),
    /** Of steps. */
    reward: z.string().nullable(),
    threshold: z.number().nullable(),
  }),
  runs: z.array(
    z.strictObject({
      run: z.string(),
      revision: z.string(),
      state: z.string().nullable(),
      started_at: z.string(),
      finished_at: z.string().nullable(),
      /** Rows of the table that were taken. */
      rows: z.int(),
      config_hashes: z.array(z.string()),
    }),
  ),
  /** Rows of the table by the model that wrote their response; of pairs, the chosen one. */
  models: z.record(z.string(), z.int()),
  question_models: z.record(z.string(), z.int()),
  /** Places on the log of the records that the rows came from, by topic and partition. */
  offsets: z.record(z.string(), z.record(z.string(), range)),
  /** When the newest of the rows was made; asked for again with --as-of this, the same rows come. */
  newest_row: z.string().nullable(),
  sql: z.string(),
})

export type Manifest = z.infer<typeof manifestShape>
export type ManifestFile = z.infer<typeof file>
