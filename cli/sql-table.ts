// Rows for a terminal: a table where they fit, long cells cut; a block of lines a row where there are too many columns.
// Promise: whatever a cell holds, it takes one line of a table, and moves no terminal.

import picocolors from 'picocolors'
import { clip, count } from '../analytics/report/format.ts'
import { harmless, harmlessLines } from '../schemas/terminal-text.ts'

/** ClickHouse's JSONCompactStrings: every value is text. */
export interface TextRows {
  readonly meta: readonly { readonly name: string; readonly type: string }[]
  readonly data: readonly (readonly string[])[]
}

export interface Screen {
  /** Characters of a line. */
  readonly width: number
  readonly colour: boolean
}

/** A column narrower than this says nothing. */
const LEAST = 12
const GAP = 2
/** Rows that are shown; more are for a file. */
const MOST_ROWS = 1000
const NUMBER = /^(Nullable\()?(LowCardinality\()?(U?Int|Float|Decimal)/

/** The rows as lines, and a last line that says how many there are and what was cut. */
export function renderRows({ meta, data }: TextRows, screen: Screen): string {
  const paint = picocolors.createColors(screen.colour)
  const shown = data.slice(0, MOST_ROWS)
  const notes = [`${count(data.length)} ${data.length === 1 ? 'row' : 'rows'}`]
  if (shown.length < data.length) notes.push(`the first ${count(MOST_ROWS)} are shown: --out FILE takes all`)
  const rows = shown.map((row) => row.map(harmless))
  const heads = meta.map(({ name }) => harmless(name))
  const wanted = heads.map((head, at) => rows.reduce((most, row) => Math.max(most, length(row[at]!)), length(head)))
  const widths = fit(wanted, screen.width)
  let lines: string[]
  if (widths === null) {
    lines = shown.flatMap((row, at) => [paint.dim(`row ${at + 1}`), ...block(heads, row, paint.bold), ''])
  } else {
    const isNumber = meta.map(({ type }) => NUMBER.test(type))
    const line = (cells: readonly string[]): string =>
      cells
        .map((cell, at) => pad(clip(cell, widths[at]!), widths[at]!, isNumber[at]!))
        .join(' '.repeat(GAP))
        .trimEnd()
    lines = [paint.bold(line(heads)), ...rows.map(line)]
    if (wanted.some((width, at) => width > widths[at]!))
      notes.push('long cells are cut: --format vertical shows them whole')
  }
  return [...lines, paint.dim(notes.join('; '))].join('\n')
}

/** Widths of columns on one line; null where they would be too narrow to read. */
function fit(wanted: readonly number[], width: number): number[] | null {
  const room = width - GAP * (wanted.length - 1)
  const widths = wanted.map((each) => Math.min(each, Math.max(room, 0)))
  for (let over = widths.reduce((sum, each) => sum + each, -room); over > 0; over -= 1) {
    const widest = widths.reduce((best, each, at) => (each > widths[best]! ? at : best), 0)
    if (widths[widest]! <= LEAST) return null
    widths[widest]! -= 1
  }
  return widths
}

/** Lines of a row below each other: names on the left, values whole, further lines of a value under its first. */
function block(heads: readonly string[], row: readonly string[], bold: (text: string) => string): string[] {
  const margin = Math.max(...heads.map(length)) + GAP
  return heads.flatMap((head, at) =>
    harmlessLines(row[at]!)
      .split('\n')
      .map((line, place) => (place === 0 ? bold(pad(head, margin, false)) : ' '.repeat(margin)) + line),
  )
}

function length(text: string): number {
  return Array.from(text).length
}

function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - length(text)))
  return right ? space + text : text + space
}
