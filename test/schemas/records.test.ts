import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import ts from 'typescript'
import { readSchemaFiles, SCHEMA_FOLDER } from '../../schemas/avro-files.ts'
import type { AvroSchema } from '../../schemas/avro-files.ts'

interface AvroField {
  name: string
  type: AvroSchema
  doc?: string
  default?: unknown
}

/** Unions of string literals stand for Avro strings. */
const plain = (type: string) => (/^('[^']*'( \| )?)+$/.test(type) ? 'string' : type)
const aliases: Record<string, string> = {
  VerdictName: 'string',
  'VerdictName | null': 'string | null',
  'JudgeVerdict | null': 'string | null',
  RunState: 'string',
  'BudgetName | null': 'string | null',
}

function typescriptOf(schema: AvroSchema): string {
  if (Array.isArray(schema)) return `${typescriptOf(schema[1]!)} | null`
  if (typeof schema === 'string') {
    const primitives: Record<string, string> = { long: 'number', int: 'number', double: 'number', bytes: 'Buffer' }
    return primitives[schema] ?? schema
  }
  if (schema['type'] === 'array') return `${typescriptOf(schema['items'] as AvroSchema)}[]`
  if (schema['type'] === 'map') return `Record<string, ${typescriptOf(schema['values'] as AvroSchema)}>`
  return typescriptOf(schema['type'] as AvroSchema)
}

/** Interfaces of both files with the fields of what they extend, each field's type as written. */
function interfaceFields(): Map<string, Map<string, string>> {
  const found = new Map<string, Map<string, string>>()
  const statements = ['record-parts.ts', 'records.ts'].flatMap((name) => {
    const file = join(SCHEMA_FOLDER, name)
    return [...ts.createSourceFile(file, ts.sys.readFile(file)!, ts.ScriptTarget.Latest, true).statements]
  })
  for (const statement of statements.filter(ts.isInterfaceDeclaration)) {
    const parents = statement.heritageClauses?.flatMap((clause) => clause.types.map((type) => type.getText())) ?? []
    const fields = new Map(parents.flatMap((parent) => [...found.get(parent)!]))
    for (const member of statement.members.filter(ts.isPropertySignature)) {
      const type = member.type!.getText()
      fields.set(member.name.getText(), plain(aliases[type] ?? type))
    }
    found.set(statement.name.text, fields)
  }
  return found
}

describe('records.ts and the .avsc files', () => {
  const interfaces = interfaceFields()
  for (const [name, schema] of readSchemaFiles()) {
    const fields = (schema as unknown as { fields: AvroField[] }).fields
    it(`${name}: same fields, same types`, () => {
      const expected = Object.fromEntries(fields.map((field) => [field.name, typescriptOf(field.type)]))
      assert.deepEqual(Object.fromEntries(interfaces.get(name) ?? []), expected)
    })
    it(`${name}: every field has a doc, unions are [null, X] with default null`, () => {
      for (const field of fields) {
        assert.ok(field.doc, `${name}.${field.name} has no doc`)
        if (!Array.isArray(field.type)) continue
        assert.equal(field.type.length, 2)
        assert.equal(field.type[0], 'null')
        assert.equal(field.default, null)
      }
    })
  }
})
