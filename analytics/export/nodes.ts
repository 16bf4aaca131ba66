// An Avro schema as a tree in which names are resolved: what a row's check (zod) and its Parquet columns are made of.

import { z } from 'zod'
import type { AvroSchema } from '../../schemas/avro-files.ts'

export interface Field {
  readonly name: string
  readonly node: Node
  /** JSON rows may lack it. */
  readonly mayLack: boolean
}

/** nullable: null is a value of it. time: milliseconds since 1970 UTC. */
export type Node = { readonly nullable: boolean } & (
  | { readonly kind: 'string' | 'boolean' | 'int' | 'long' | 'time' | 'double' }
  | { readonly kind: 'list' | 'map'; readonly of: Node }
  | { readonly kind: 'record'; readonly fields: readonly Field[] }
)

/** The tree of a schema. Throws on what our schemas do not have (enums, fixed, unions but with null). */
export function nodeOf(schema: AvroSchema, named = new Map<string, AvroSchema>()): Node {
  if (Array.isArray(schema)) {
    const [first, value] = schema
    if (first !== 'null' || value === undefined || schema.length !== 2)
      throw new Error(`a union that is not [null, X]: ${JSON.stringify(schema)}`)
    return { ...nodeOf(value, named), nullable: true }
  }
  if (typeof schema === 'string') {
    switch (schema) {
      case 'string':
      case 'boolean':
      case 'int':
      case 'long':
      case 'double':
        return { kind: schema, nullable: false }
      default: {
        const known = named.get(schema)
        if (known === undefined) throw new Error(`an Avro type that rows do not have: ${schema}`)
        return nodeOf(known, named)
      }
    }
  }
  switch (schema['type']) {
    case 'array':
      return { kind: 'list', of: nodeOf(schema['items'] as AvroSchema, named), nullable: false }
    case 'map':
      return { kind: 'map', of: nodeOf(schema['values'] as AvroSchema, named), nullable: false }
    case 'record': {
      named.set(schema['name'] as string, schema)
      const fields = schema['fields'] as { name: string; type: AvroSchema; default?: unknown }[]
      return {
        kind: 'record',
        nullable: false,
        fields: fields.map(({ name, type, ...rest }) => {
          const node = nodeOf(type, named)
          return { name, node, mayLack: node.nullable && 'default' in rest }
        }),
      }
    }
    case 'long':
      return { kind: schema['logicalType'] === 'timestamp-millis' ? 'time' : 'long', nullable: false }
    default:
      return nodeOf(schema['type'] as AvroSchema, named)
  }
}

/** What a value of the node must be. Unknown fields are refused. */
export function checkOf(node: Node): z.ZodType {
  const check = checkOfKind(node)
  return node.nullable ? check.nullable() : check
}

function checkOfKind(node: Node): z.ZodType {
  switch (node.kind) {
    case 'string':
      return z.string()
    case 'boolean':
      return z.boolean()
    case 'int':
      return z.int32()
    case 'long':
    case 'time':
      return z.int()
    case 'double':
      return z.number()
    case 'list':
      return z.array(checkOf(node.of))
    case 'map':
      return z.record(z.string(), checkOf(node.of))
    case 'record':
      return z.strictObject(
        Object.fromEntries(
          node.fields.map(({ name, node: field, mayLack }) => [
            name,
            mayLack ? checkOf(field).optional() : checkOf(field),
          ]),
        ),
      )
  }
}
