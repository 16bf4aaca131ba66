// Names as data people write them: problemId becomes problem_id.

/** Names seen so far: the fields of our schemas, asked for again with every row. */
const known = new Map<string, string>()

/** `camelCase` to `snake_case`. For names of fields, not for keys that are data. */
export function snakeCase(name: string): string {
  const before = known.get(name)
  if (before !== undefined) return before
  const made = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  known.set(name, made)
  return made
}

/** The same value with every object key in snake_case, at any depth. Keys of maps that hold data are the caller's to keep. */
export function snakeKeys(value: unknown, keep: ReadonlySet<string> = new Set()): unknown {
  if (Array.isArray(value)) return value.map((item) => snakeKeys(item, keep))
  if (typeof value !== 'object' || value === null) return value
  const made: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) made[snakeCase(key)] = keep.has(key) ? item : snakeKeys(item, keep)
  return made
}
