// The fault table: as Markdown, and written between the marks of docs/reliability.md.

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { format } from 'prettier'
import type { Row } from './scenario.ts'

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'reliability.md')
const BEGIN = '<!-- fault table: written by npm run test:faults -->'
const END = '<!-- end of the fault table -->'

const HEADS = [
  ...['fault', 'times', 'lost', 'doubled', 'repeated calls'],
  ...['in flight at that moment', 'answered within the last second', 'seconds to recover'],
]

/** As Markdown; red rows say so. */
export async function tableOf(rows: readonly Row[]): Promise<string> {
  const cells = rows.map((row) => [
    row.faults.length === 0 ? row.fault : `${row.fault} (FAILED)`,
    ...[row.times, row.lost, row.doubled, row.repeated, row.inFlight, row.lately].map(String),
    row.recovery === null ? '' : row.recovery.toFixed(1),
  ])
  const lines = [HEADS, HEADS.map((_, index) => (index === 0 ? '---' : '--:')), ...cells]
  return format(lines.map((line) => `| ${line.join(' | ')} |`).join('\n'), { parser: 'markdown', printWidth: 120 })
}

/** Puts the table into the page. */
export async function writeTable(table: string): Promise<void> {
  const page = await readFile(PAGE, 'utf8')
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (from < 0 || to < from) throw new Error(`${PAGE} has no marks for the table: ${BEGIN} and ${END}`)
  await writeFile(PAGE, `${page.slice(0, from)}${BEGIN}\n\n${table}\n${page.slice(to)}`)
}
