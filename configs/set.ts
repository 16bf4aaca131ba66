// --set a.b=c: one value of the config from the command line. Paths are dotted, list places are numbers
// (roles.questioner.endpoints.0.url, or endpoints[0].url), values are YAML. A path that no setting has is
// refused with the other unknown keys, when the whole config is checked.

import { parseDocument } from 'yaml'
import type { ConfigPath } from './fault.ts'

export interface Assignment {
  readonly path: ConfigPath
  readonly value: unknown
  /** What the person typed, for faults. */
  readonly option: string
}

/** Reads `a.b=c`. Returns the assignment, or the fault as a full sentence. */
export function parseAssignment(text: string): Assignment | { fault: string } {
  const option = `--set ${text}`
  const equals = text.indexOf('=')
  if (equals <= 0) return { fault: `${option}: has no name and value; write --set a.b=value` }
  const segments = text
    .slice(0, equals)
    .trim()
    .replaceAll(/\[(\d+)\]/g, '.$1')
    .split('.')
  if (segments.some((segment) => segment === '' || segment === '__proto__')) {
    return { fault: `${option}: has an empty name in its path; write --set a.b=value` }
  }
  const document = parseDocument(text.slice(equals + 1), {
    schema: 'core',
    resolveKnownTags: false,
    prettyErrors: false,
  })
  const problem = document.errors[0] ?? document.warnings[0]
  if (problem !== undefined) {
    // The value is not repeated: nothing is known of it, and it may hold a secret.
    return {
      fault: `--set ${segments.join('.')}=…: the value is not valid YAML (${problem.code}); quote it as --set 'a.b="value"'`,
    }
  }
  const path = segments.map((segment) => (/^(0|[1-9]\d*)$/.test(segment) ? Number(segment) : segment))
  return { path, value: document.toJS({ maxAliasCount: 0 }), option }
}

/**
 * Writes a value into a tree of plain data, making the mappings and lists on its way.
 * Returns null, or what is wrong: a way through a value that has no fields, a list place beyond the end.
 */
export function assign(tree: Record<string, unknown>, path: ConfigPath, value: unknown): string | null {
  let place: Record<string, unknown> | unknown[] = tree
  for (const [index, segment] of path.entries()) {
    const here = path.slice(0, index).join('.')
    if (Array.isArray(place)) {
      if (typeof segment !== 'number') return `${here} is a list; name a place in it, as ${here}.0`
      if (segment > place.length) return `${here} has ${place.length} places; the next is ${here}.${place.length}`
    }
    const fields = place as Record<string | number, unknown>
    if (index === path.length - 1) {
      fields[segment] = value
      return null
    }
    const below = Object.hasOwn(fields, segment) ? fields[segment] : undefined
    if (below === undefined || below === null) {
      const made = typeof path[index + 1] === 'number' ? [] : {}
      fields[segment] = made
      place = made
    } else if (typeof below === 'object') {
      place = below as Record<string, unknown>
    } else {
      return `${[...path.slice(0, index), segment].join('.')} is a plain value and has nothing below it`
    }
  }
  return 'the path is empty'
}
