// The fault table: as Markdown, and written between the marks of docs/reliability.md, where a row stands until its
// fault is tried again.

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { format } from 'prettier'
import type { Row } from './scenario.ts'

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'reliability.md')
const BEGIN = '<!-- fault table: written by npm run test:faults -->'
const END = '<!-- end of the fault table -->'
const FAILED = ' (FAILED)'

const HEADS = [
  ...['fault', 'times', 'lost', 'doubled', 'repeated calls'],
  ...['in flight at that moment', 'answered within the last second', 'seconds to recover'],
]

/** As Markdown; red rows say so. */
export function tableOf(rows: readonly Row[]): Promise<string> {
  return markdown(rows.map(cellsOf))
}

/** Puts the rows into the page, in the order of `faults`; rows of faults that are not among these are dropped. */
export async function writeTable(rows: readonly Row[], faults: readonly string[]): Promise<void> {
  const page = await readFile(PAGE, 'utf8')
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (from < 0 || to < from) throw new Error(`${PAGE} has no marks for the table: ${BEGIN} and ${END}`)
  const known = new Map(
    [...tableIn(page.slice(from, to)), ...rows.map(cellsOf)].map((cells) => [faultOf(cells), cells]),
  )
  const table = await markdown(faults.flatMap((fault) => (known.has(fault) ? [known.get(fault)!] : [])))
  await writeFile(PAGE, `${page.slice(0, from)}${BEGIN}\n\n${table}\n${page.slice(to)}`)
}

type Cells = readonly string[]

function cellsOf(row: Row): Cells {
  return [
    row.faults.length === 0 ? row.fault : row.fault + FAILED,
    ...[row.times, row.lost, row.doubled, row.repeated, row.inFlight, row.lately].map(String),
    row.recovery === null ? '' : row.recovery.toFixed(1),
  ]
}

const faultOf = ([name = '']: Cells): string => name.replace(FAILED, '')

function tableIn(text: string): Cells[] {
  const lines = text.split('\n').filter((line) => line.startsWith('|'))
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

async function markdown(rows: readonly Cells[]): Promise<string> {
  const lines = [HEADS, HEADS.map((_, index) => (index === 0 ? '---' : '--:')), ...rows]
  return format(lines.map((line) => `| ${line.join(' | ')} |`).join('\n'), { parser: 'markdown', printWidth: 120 })
}
