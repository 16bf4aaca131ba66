// A table without lines that keeps to a terminal's width: columns that can be spared are left out and named, then texts are
// cut. Promise: figures are never cut; where nobody looks (a pipe, a file) nothing is.

import { columns, folded, lineWidth } from '../analytics/report/format.ts'
import type { Column } from '../analytics/report/format.ts'

export interface FittedColumn {
  readonly head: string
  /** On the right, and never cut. */
  readonly isFigure?: true
  /** May be left out; the lowest number goes first. */
  readonly spare?: number
}

/** Characters of a line: those of the terminal; elsewhere no bound, unless another is said. */
export function screenWidth(elsewhere = Infinity): number {
  // Some terminals do not know their size, and say 0.
  return process.stdout.isTTY && process.stdout.columns > 0 ? process.stdout.columns : elsewhere
}

/** The head, a line a row, and a last line where columns were left out. */
export function fittedTable(
  shape: readonly FittedColumn[],
  rows: readonly (readonly (string | number)[])[],
  width = Infinity,
): string {
  const cells = [shape.map(({ head }) => head), ...rows.map((row) => row.map(String))]
  const widths = shape.map((_, place) => Math.max(...cells.map((row) => Array.from(row[place]!).length)))
  const kept = new Set(shape.keys())
  const spares = [...shape.keys()]
    .filter((place) => shape[place]!.spare !== undefined)
    .toSorted((one, other) => shape[one]!.spare! - shape[other]!.spare!)
  for (const place of spares) {
    if (lineWidth([...kept].map((each) => widths[each]!)) <= width) break
    kept.delete(place)
  }
  const places = [...kept]
  const aligned = places.map((place): Column => ({ align: shape[place]!.isFigure === true ? 'right' : 'left' }))
  const left = shape.filter((_, place) => !kept.has(place)).map(({ head }) => head)
  return [
    ...columns(
      cells.map((row) => places.map((place) => row[place]!)),
      aligned,
      width,
    ),
    ...(left.length === 0 ? [] : folded(`without ${left.join(', ')} for want of room: --json has them`, width)),
  ].join('\n')
}
