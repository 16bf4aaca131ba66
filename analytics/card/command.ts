// The command line that makes an export again, as a shell takes it.

import type { CardManifest } from './contract.ts'

/** With the rows as they stood when the newest of them was made. */
export function commandOf(manifest: CardManifest): string {
  const { format, type, steps_of: stepsOf, shape, reasoning, bare, filters, runs } = manifest
  const options: readonly (readonly [string, string | number | null])[] = [
    ['--format', format],
    ['--type', type === 'steps' ? stepsOf : type],
    ...runs.map(({ run }) => ['--run', run] as const),
    ['--revision', filters.revision === 'main' ? null : filters.revision],
    ['--where', filters.where],
    ['--as-of', filters.as_of ?? manifest.newest_row],
    ['--limit', filters.limit],
    ['--min-tokens', filters.min_tokens],
    ['--max-tokens', filters.max_tokens],
    ['--split', filters.split],
    ['--reward', filters.reward],
    ['--threshold', filters.threshold],
    ['--shape', shape === 'conversational' ? null : shape],
    ['--reasoning', reasoning === 'keep' ? null : reasoning],
  ]
  const words = options.flatMap(([name, value]) => (value === null ? [] : [`${name} ${quoted(String(value))}`]))
  return ['./magpie export', ...words, ...(bare ? ['--bare'] : []), '--out FOLDER'].join(' ')
}

/** A word of a POSIX shell. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
