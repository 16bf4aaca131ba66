// JSON that fits a JSON Schema, drawn by dice: what a model under structured output would send, without its meaning.
// Knows type, enum, const, properties (all of them are written), items, minItems/maxItems, minimum/maximum,
// minLength/maxLength, anyOf/oneOf, and $ref inside the schema; of patterns, those that a code of English fits. Two names
// mean something, so that tags do not refuse everything: a language is English where the schema allows it, and what asks
// whether a text is safe mostly says so.

import type { Dice } from './random.ts'

type Schema = Readonly<Record<string, unknown>>

const WORDS = ['number', 'algebra', 'counting', 'geometry', 'step', 'careful', 'clear', 'short', 'exact', 'problem']
const ENGLISH = ['en', 'eng', 'english', 'English', 'EN']
const SAFE = ['safe', 'Safe']

/** A value that fits the schema. */
export function jsonBySchema(schema: unknown, dice: Dice): unknown {
  return value(schema, dice, '', schema, 0)
}

function value(node: unknown, dice: Dice, name: string, root: unknown, depth: number): unknown {
  if (typeof node !== 'object' || node === null) return WORDS[0]
  const schema = node as Schema
  if (typeof schema['$ref'] === 'string') return value(follow(root, schema['$ref']), dice, name, root, depth + 1)
  if ('const' in schema) return schema['const']
  if (Array.isArray(schema['enum'])) return choose(schema['enum'], dice, name)
  const union = schema['anyOf'] ?? schema['oneOf']
  if (Array.isArray(union)) {
    // Deep inside, the last branch: where a schema refers to itself that is the one that ends.
    return value(depth > 8 ? union.at(-1) : dice.pick(union), dice, name, root, depth + 1)
  }
  const types = schema['type'] ?? ('properties' in schema ? 'object' : 'string')
  const type: unknown = Array.isArray(types) ? dice.pick(types) : types
  switch (type) {
    case 'object':
      return object(schema, dice, root, depth)
    case 'array':
      return array(schema, dice, name, root, depth)
    case 'integer':
    case 'number':
      return number(schema, dice, type === 'integer')
    case 'boolean':
      return /unsafe|harmful|toxic|reject/i.test(name)
        ? dice.uniform() < 0.03
        : dice.uniform() < (/safe|valid/i.test(name) ? 0.97 : 0.5)
    case 'null':
      return null
    default:
      return string(schema, dice, name)
  }
}

/** Resolves `#/$defs/Name`. */
function follow(root: unknown, reference: string): unknown {
  let node = root
  for (const part of reference.replace(/^#\/?/, '').split('/').filter(Boolean)) {
    if (typeof node !== 'object' || node === null) return undefined
    node = (node as Schema)[part.replaceAll('~1', '/').replaceAll('~0', '~')]
  }
  return node
}

function choose(options: readonly unknown[], dice: Dice, name: string): unknown {
  const usual = /lang/i.test(name) ? ENGLISH : /safe/i.test(name) && dice.uniform() < 0.97 ? SAFE : []
  return options.find((option) => usual.includes(String(option))) ?? dice.pick(options)
}

function object(schema: Schema, dice: Dice, root: unknown, depth: number): Record<string, unknown> {
  const properties = (schema['properties'] ?? {}) as Schema
  return Object.fromEntries(
    Object.entries(properties).map(([name, child]) => [name, value(child, dice, name, root, depth + 1)]),
  )
}

function array(schema: Schema, dice: Dice, name: string, root: unknown, depth: number): unknown[] {
  const least = count(schema['minItems'], 1)
  const most = Math.max(least, count(schema['maxItems'], least + 2))
  const length = depth > 8 ? least : least + dice.below(most - least + 1)
  return Array.from({ length }, () => value(schema['items'], dice, name, root, depth + 1))
}

function number(schema: Schema, dice: Dice, whole: boolean): number {
  const step = whole ? 1 : 1e-3
  const low =
    limit(schema['minimum'], schema['exclusiveMinimum'], step) ??
    Math.min(0, (limit(schema['maximum'], undefined, 0) ?? 10) - 10)
  const high = limit(schema['maximum'], schema['exclusiveMaximum'], -step) ?? low + 10
  if (whole) return Math.ceil(low) + dice.below(Math.floor(high) - Math.ceil(low) + 1)
  return Math.min(high, Math.max(low, Math.round((low + dice.uniform() * (high - low)) * 1000) / 1000))
}

/** The end of a range: an exclusive one is moved inward. */
function limit(inclusive: unknown, exclusive: unknown, inward: number): number | undefined {
  if (typeof exclusive === 'number') return exclusive + inward
  return typeof inclusive === 'number' ? inclusive : undefined
}

function string(schema: Schema, dice: Dice, name: string): string {
  const pattern = schema['pattern']
  if (/lang/i.test(name) && typeof pattern === 'string') {
    const code = ENGLISH.find((word) => new RegExp(pattern, 'u').test(word))
    if (code !== undefined) return code
  }
  const least = count(schema['minLength'], 0)
  const most = count(schema['maxLength'], Number.MAX_SAFE_INTEGER)
  let text = dice.pick(WORDS)
  const words = 1 + dice.below(6)
  for (let index = 0; index < words || text.length < least; index += 1) text += ` ${dice.pick(WORDS)}`
  return text.slice(0, most)
}

function count(given: unknown, otherwise: number): number {
  return typeof given === 'number' ? given : otherwise
}
