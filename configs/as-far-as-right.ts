// Reads settings of which some are wrong. Promises: every setting of the result is one that was given, or the default
// where none was given or the given one is wrong.

import type { z } from 'zod'
import { valueAt } from './fault.ts'

/** Taking out what is wrong may show what is wrong with the rest; nobody has to get to the bottom of it. */
const PASSES = 4

/** The settings without those that are wrong; null where nothing can be read. A list with a wrong entry goes whole. */
export function readAsFarAsRight<Value>(shape: z.ZodType<Value>, given: unknown): Value | null {
  const tree: unknown = structuredClone(given)
  for (let pass = 0; pass < PASSES; pass += 1) {
    const parsed = shape.safeParse(tree)
    if (parsed.success) return parsed.data
    for (const issue of parsed.error.issues) {
      if (issue.code === 'unrecognized_keys') for (const key of issue.keys) takeOut(tree, [...issue.path, key])
      else takeOut(tree, issue.path)
    }
  }
  return null
}

/** A list without one entry would name the others by other places. */
function takeOut(tree: unknown, path: readonly PropertyKey[]): void {
  const list = path.findIndex((_, index) => Array.isArray(valueAt(tree, named(path.slice(0, index)))))
  const [above, last] = list === -1 ? [path.slice(0, -1), path.at(-1)] : [path.slice(0, list - 1), path[list - 1]]
  const holder = valueAt(tree, named(above))
  if (last !== undefined && typeof holder === 'object' && holder !== null) Reflect.deleteProperty(holder, last)
}

function named(path: readonly PropertyKey[]): (string | number)[] {
  return path.map((segment) => (typeof segment === 'number' ? segment : String(segment)))
}
