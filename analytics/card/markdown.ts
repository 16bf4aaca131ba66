// Pieces of Markdown. Promise: text of others (models, names, conditions) stands there as text and never becomes a link,
// a picture, HTML or another piece of the page.

import { harmless, harmlessLines } from '../../schemas/terminal-text.ts'

/** Text of others on one line, as code: no renderer looks inside. */
export function code(text: string): string {
  const plain = harmless(text)
  if (plain === '') return ''
  const fence = '`'.repeat(longestRun(plain) + 1)
  const pad = plain.startsWith('`') || plain.endsWith('`') ? ' ' : ''
  return `${fence}${pad}${plain}${pad}${fence}`
}

/** Text of others with its lines, as a block of code; language: what it is written in. */
export function block(text: string, language = 'text'): string {
  const plain = harmlessLines(text)
  const fence = '`'.repeat(Math.max(3, longestRun(plain) + 1))
  return `${fence}${language}\n${plain}\n${fence}`
}

/** A heading of our own making that may hold text of others. */
export function plain(text: string): string {
  return harmless(text).replace(/[\\`*_{}[\]<>()#+!~$&]/g, (sign) => `\\${sign}`)
}

export interface ColumnHead {
  readonly head: string
  readonly align?: 'left' | 'right'
}

/** A table; cells are Markdown already, in which a | is no border of a cell. */
export function table(heads: readonly ColumnHead[], rows: readonly (readonly string[])[]): string {
  const rule = heads.map(({ align }) => (align === 'right' ? '---:' : '---'))
  return [heads.map(({ head }) => head), rule, ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n')
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length))
}
