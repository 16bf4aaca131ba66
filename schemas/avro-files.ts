// The .avsc files as they lie in this folder, and each record's schema made whole: named types that live in
// files of their own are written out where they are first used, so that one JSON document is enough for any reader.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { RecordName } from './records.ts'

/** A schema as JSON: a name, a union, or an object with a type. */
export type AvroSchema = string | AvroSchema[] | { [key: string]: unknown }

export const SCHEMA_FOLDER = import.meta.dirname

/** Records that are values of topics; every other .avsc is a part of these. */
export const RECORD_NAMES = [
  'Problem',
  'Screened',
  'Tagged',
  'Answered',
  'Sampled',
  'Verified',
  'Judged',
  'Rewarded',
  'Conversed',
  'SftRecord',
  'PreferenceRecord',
  'Rejection',
  'RunRecord',
  'Spending',
  'Call',
  'RunStart',
  'Selection',
] as const satisfies readonly RecordName[]

/** Reads every .avsc of the folder, by the name of its record. */
export function readSchemaFiles(folder = SCHEMA_FOLDER): ReadonlyMap<string, AvroSchema & { name: string }> {
  const byName = new Map<string, AvroSchema & { name: string }>()
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.avsc'))) {
    const schema = JSON.parse(readFileSync(join(folder, file), 'utf8')) as AvroSchema & { name: string }
    byName.set(schema.name, schema)
  }
  return byName
}

/** One self-contained schema for a record: each named type is spelled out once, then referred to by name. */
export function wholeSchema(name: string, files = readSchemaFiles()): AvroSchema {
  const spelledOut = new Set<string>()
  const expand = (schema: AvroSchema): AvroSchema => {
    if (Array.isArray(schema)) return schema.map(expand)
    if (typeof schema === 'string') {
      const named = files.get(schema)
      return named === undefined || spelledOut.has(schema) ? schema : expand(named)
    }
    if (schema['type'] === 'record') {
      spelledOut.add(schema['name'] as string)
      const fields = schema['fields'] as { type: AvroSchema }[]
      return { ...schema, fields: fields.map((field) => ({ ...field, type: expand(field.type) })) }
    }
    if (schema['type'] === 'array') return { ...schema, items: expand(schema['items'] as AvroSchema) }
    if (schema['type'] === 'map') return { ...schema, values: expand(schema['values'] as AvroSchema) }
    return schema
  }
  return expand(name)
}
