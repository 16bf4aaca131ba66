// The places of a statement that take a value: {name:Type}.

import { tokenise } from './tokens.ts'

/**
 * Their types by name, as they are written, each once; what stands in quotes and comments is none. Throws Failure permanent
 * `sql-refused` where the SQL could be read in two ways.
 */
export function placeholdersOf(sql: string): ReadonlyMap<string, readonly string[]> {
  const tokens = tokenise(sql)
  const found = new Map<string, string[]>()
  tokens.forEach((brace, at) => {
    const [name, colon] = [tokens[at + 1], tokens[at + 2]]
    if (brace.kind !== 'symbol' || brace.value !== '{' || name?.kind !== 'word' || colon?.value !== ':') return
    const end = tokens.slice(at).find(({ kind, value }) => kind === 'symbol' && value === '}')
    if (end === undefined) return
    const types = found.get(name.value) ?? []
    const type = sql.slice(colon.end, end.start).trim()
    found.set(name.value, types.includes(type) ? types : [...types, type])
  })
  return found
}
