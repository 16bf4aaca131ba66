// Records as rows of the data sets on disk: names in snake_case, what people look for first in front. And the Avro
// schema of these rows.

import { readSchemaFiles, wholeSchema } from '../../schemas/avro-files.ts'
import type { AvroSchema } from '../../schemas/avro-files.ts'
import type { PreferenceRecord, SftRecord } from '../../schemas/records.ts'
import { snakeCase, snakeKeys } from '../snake-case.ts'
import type { DataType } from './names.ts'

const RECORD_OF = { sft: 'SftRecord', preference: 'PreferenceRecord' } as const satisfies Record<DataType, string>

/** Fields that stand first; the others follow as the schema has them. */
const FIRST: Record<DataType, readonly string[]> = {
  sft: ['id', 'instruction', 'reasoning', 'response', 'conversations', 'model'],
  preference: ['id', 'instruction', 'chosen', 'rejected', 'chosen_reward', 'rejected_reward', 'margin'],
}

/** Keys below these fields are names of rewards or rules, not of fields. */
const DATA_MAPS = new Set(['rewards', 'chosenRewards', 'rejectedRewards', 'sftDropped', 'pairDropped'])

/** A row of a data set. created_at: milliseconds since 1970 UTC. */
export function dataRow(type: DataType, record: SftRecord | PreferenceRecord): Record<string, unknown> {
  const row = snakeKeys(record, DATA_MAPS) as Record<string, unknown>
  const first = Object.fromEntries(FIRST[type].map((name) => [name, row[name]]))
  return { ...first, ...row }
}

/** The same as JSON text on one line. */
export function rowText(type: DataType, record: SftRecord | PreferenceRecord): string {
  return JSON.stringify(dataRow(type, record))
}

/** Avro schema of the rows of a data set, self-contained, as JSON text. */
export function rowSchema(type: DataType): string {
  const files = new Map([...readSchemaFiles()].map(([name, schema]) => [name, inSnakeCase(schema)]))
  const schema = wholeSchema(RECORD_OF[type], files) as { fields: { name: string }[] }
  const rank = (name: string): number => (FIRST[type].includes(name) ? FIRST[type].indexOf(name) : FIRST[type].length)
  const fields = schema.fields.toSorted((left, right) => rank(left.name) - rank(right.name))
  return `${JSON.stringify({ ...schema, fields }, null, 2)}\n`
}

function inSnakeCase<Schema extends AvroSchema>(schema: Schema): Schema {
  const { fields } = schema as { fields?: { name: string }[] }
  if (fields === undefined) return schema
  const renamed = fields.map((field) => ({ ...field, name: snakeCase(field.name) }))
  return Object.assign({}, schema, { fields: renamed })
}
