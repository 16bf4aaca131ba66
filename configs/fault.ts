// A fault of a config: where in the tree, and what is wrong with it. Its place in the file or on the
// command line is added at the end, when all faults are known.

export type ConfigPath = readonly (string | number)[]

export interface ConfigFault {
  readonly path: ConfigPath
  /** What is wrong, and after a semicolon what to do. Never holds a secret. */
  readonly text: string
  /** The value is, or may be, a secret: the option that it came from is not repeated. */
  readonly secret?: true
}

/** `roles.questioner.endpoints.0.url`: the form that --set takes. The root has no name: ''. */
export function pathText(path: ConfigPath): string {
  return path.map(String).join('.')
}

/** Whether `path` lies at or below `above`. */
export function isWithin(path: ConfigPath, above: ConfigPath): boolean {
  return above.length <= path.length && above.every((segment, index) => String(path[index]) === String(segment))
}

/** The value at a path, undefined when there is none. Reads own fields only. */
export function valueAt(tree: unknown, path: ConfigPath): unknown {
  let value = tree
  for (const segment of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined
    value = (value as Record<string, unknown>)[segment]
  }
  return value
}
