// Numbers and texts for a screen: short and aligned. Texts of others go through schemas/terminal-text.ts first.

/** 1234567 as 1,234,567. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

/** 1234567 as 1.23M: three significant digits. */
export function short(value: number): string {
  for (const [size, unit] of [
    [1e12, 'T'],
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (Math.abs(value) >= size) return `${Number((value / size).toPrecision(3))}${unit}`
  }
  return String(Number(value.toPrecision(3)))
}

/** US dollars: $1,234.57, $0.0012; two significant digits below a dollar. */
export function dollars(value: number): string {
  if (value >= 1 || value === 0)
    return `$${value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`
  return `$${value.toLocaleString('en-US', { maximumSignificantDigits: 2 })}`
}

/** 0.1234 as 12.3 %. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

/** Seconds as 42 s, 3 min 5 s, 2 h 7 min, 3 d 4 h. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${Number(seconds.toPrecision(2))} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`
}

/** At most so many characters, the last a … where something was cut. */
export function clip(text: string, width: number): string {
  const characters = Array.from(text)
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`
}

export interface Column {
  readonly align: 'left' | 'right'
  /** Most characters; the widest cell when left out. */
  readonly most?: number
}

/** A text narrower than this says nothing. */
const LEAST = 8
const GAP = 2

/**
 * Rows of cells as aligned lines with two spaces between columns. Where they are longer than width, the widest columns on the
 * left are made narrower, and what does not fit into them is cut; figures, on the right, never are.
 */
export function columns(rows: readonly (readonly string[])[], shape: readonly Column[], width = Infinity): string[] {
  const widths = shape.map((column, place) =>
    Math.min(column.most ?? Infinity, Math.max(0, ...rows.map((row) => Array.from(row[place] ?? '').length))),
  )
  for (let over = lineWidth(widths) - width; over > 0; over -= 1) {
    const widest = shape.reduce(
      (best, { align }, place) => (align === 'left' && widths[place]! > (widths[best] ?? LEAST) ? place : best),
      -1,
    )
    if (widest === -1) break
    widths[widest]! -= 1
  }
  return rows.map((row) =>
    shape
      .map(({ align }, place) => {
        const most = widths[place] ?? 0
        const cell = clip(row[place] ?? '', most)
        const space = ' '.repeat(most - Array.from(cell).length)
        return align === 'left' ? cell + space : space + cell
      })
      .join(' '.repeat(GAP))
      .trimEnd(),
  )
}

/** Characters of a line of such columns. */
export function lineWidth(widths: readonly number[]): number {
  return widths.reduce((sum, each) => sum + each, GAP * (widths.length - 1))
}

/** The text in lines of at most width characters, parted at spaces; further lines are indented. */
export function folded(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && Array.from(last).length + 1 + Array.from(word).length <= width)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(clip(`${last === undefined ? '' : '  '}${word}`, width))
  }
  return lines
}
