// Columns of the files as `datasets` declares them, from the Avro schema of a row. Without them it takes the types from the
// first rows of a file, and fails where those of another split have other keys or nothing but nulls.

/** A column or a part of one, as the front matter of a card has it. */
export type Feature = { readonly name: string } & Shape

// A type alias and no interface, so that it is a Yaml value as it stands.
type Shape =
  { readonly dtype: string } | { readonly list: readonly Feature[] | string } | { readonly struct: readonly Feature[] }

const SCALARS: Readonly<Record<string, string>> = {
  string: 'string',
  double: 'float64',
  float: 'float32',
  int: 'int32',
  long: 'int64',
  boolean: 'bool',
}

/** Every column, or null where one cannot be declared. schema: a self-contained Avro record as JSON. */
export function featuresOf(schema: unknown): Feature[] | null {
  const shape = shapeOf(schema, new Map())
  return shape !== null && 'struct' in shape ? [...shape.struct] : null
}

/** named: the types that were declared before, by name. */
function shapeOf(schema: unknown, named: Map<string, Shape>): Shape | null {
  if (Array.isArray(schema)) {
    const others = schema.filter((each) => each !== 'null')
    return others.length === 1 ? shapeOf(others[0], named) : null
  }
  if (typeof schema === 'string') {
    const dtype = SCALARS[schema]
    return dtype === undefined ? (named.get(schema) ?? null) : { dtype }
  }
  if (!isObject(schema)) return null
  const { type } = schema
  if (type === 'record') return recordShape(schema, named)
  if (type === 'array') {
    const item = shapeOf(schema['items'], named)
    if (item === null || 'list' in item) return null
    return { list: 'struct' in item ? item.struct : item.dtype }
  }
  // Any keys: a struct would have those of all rows.
  if (type === 'map') return { dtype: 'json' }
  // A logical type is its plain type to these readers.
  return typeof type === 'string' || isObject(type) ? shapeOf(type, named) : null
}

function recordShape(schema: Readonly<Record<string, unknown>>, named: Map<string, Shape>): Shape | null {
  const fields = (schema['fields'] as { name: string; type: unknown }[]).map(({ name, type }) => {
    const shape = shapeOf(type, named)
    return shape === null ? null : { name, ...shape }
  })
  if (fields.some((field) => field === null)) return null
  const shape = { struct: fields.filter((field) => field !== null) }
  if (typeof schema['name'] === 'string') {
    named.set(schema['name'], shape)
    if (typeof schema['namespace'] === 'string') named.set(`${schema['namespace']}.${schema['name']}`, shape)
  }
  return shape
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
