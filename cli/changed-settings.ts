// Which settings of a run differ from those of its last start.

/** Dotted paths that differ between two configs in JSON; at most `limit`, then how many more. */
export function changedSettings(before: string, after: string, limit = 8): string[] {
  const old = flat(JSON.parse(before))
  const young = flat(JSON.parse(after))
  const paths = [...new Set([...old.keys(), ...young.keys()])]
    .filter((path) => old.get(path) !== young.get(path))
    .sort()
  return paths.length <= limit ? paths : [...paths.slice(0, limit), `+${paths.length - limit}`]
}

function flat(value: unknown, path = '', into = new Map<string, string>()): Map<string, string> {
  if (typeof value !== 'object' || value === null) return into.set(path, JSON.stringify(value))
  for (const [name, each] of Object.entries(value)) flat(each, path === '' ? name : `${path}.${name}`, into)
  return into
}
