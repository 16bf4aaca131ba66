// Names as data people write them: problemId becomes problem_id.

/** `camelCase` to `snake_case`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** The same value with every object key in snake_case, at any depth. Keys of maps that hold data are the caller's to keep. */
export function snakeKeys(value: unknown, keep: ReadonlySet<string> = new Set()): unknown {
  if (Array.isArray(value)) return value.map((item) => snakeKeys(item, keep))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [snakeCase(key), keep.has(key) ? item : snakeKeys(item, keep)]),
  )
}
