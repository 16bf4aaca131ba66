// Rows of the tables `sft` and `preferences` as the records that they were made of: the way back of rows.ts. Promise: a
// record that the sink wrote comes back field by field; what an older program did not know has the schema's default.

import { readSchemaFiles } from '../../schemas/avro-files.ts'
import type { ConversationTurn, Generation, PreferenceRecord, SftRecord } from '../../schemas/records.ts'
import { snakeCase } from '../snake-case.ts'

/** Columns that are read; created_ms: milliseconds since 1970 UTC. */
export const RECORD_COLUMNS =
  '* EXCEPT (created_at, version, inserted_at), toUnixTimestamp64Milli(created_at) AS created_ms'

/** A row as ClickHouse gives it (JSONEachRow). */
export type Columns = Readonly<Record<string, unknown>>

/** Record of a row of `sft`. */
export function sftOf(row: Columns): SftRecord {
  return recordOf('SftRecord', row, {
    createdAt: row['created_ms'],
    conversations: JSON.parse(row['conversations'] as string) as ConversationTurn[],
    usage: { promptTokens: row['prompt_tokens'], completionTokens: row['completion_tokens'] },
    generation: generationOf(row['generation']),
    problemGeneration: generationOf(row['problem_generation']),
    version: row['curate_version'],
  }) as unknown as SftRecord
}

/** Record of a row of `preferences`. */
export function preferenceOf(row: Columns): PreferenceRecord {
  return recordOf('PreferenceRecord', row, {
    createdAt: row['created_ms'],
    chosenGeneration: generationOf(row['chosen_generation']),
    rejectedGeneration: generationOf(row['rejected_generation']),
    problemGeneration: generationOf(row['problem_generation']),
    version: row['curate_version'],
  }) as unknown as PreferenceRecord
}

function generationOf(text: unknown): Generation | null {
  if (typeof text !== 'string') return null
  return recordOf('Generation', JSON.parse(text) as Columns, {}) as unknown as Generation
}

interface Field {
  readonly name: string
  readonly column: string
  readonly fallback: unknown
}

const known = new Map<string, readonly Field[]>()

function fieldsOf(record: string): readonly Field[] {
  const before = known.get(record)
  if (before !== undefined) return before
  const { fields } = readSchemaFiles().get(record) as unknown as { fields: { name: string; default?: unknown }[] }
  const made = fields.map(({ name, default: fallback = null }) => ({ name, column: snakeCase(name), fallback }))
  known.set(record, made)
  return made
}

/** The record's fields in the order of its schema: `parts` where they are given, else the columns of their names. */
function recordOf(name: string, row: Columns, parts: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const record: Record<string, unknown> = {}
  for (const field of fieldsOf(name))
    record[field.name] = field.name in parts ? parts[field.name] : (row[field.column] ?? field.fallback)
  return record
}
