// Plots as SVG text. Promises: readable on a light and on a dark page (the picture brings its own ground and follows the
// reader's colour scheme), no script, no font or file from elsewhere, and a label can not become markup.

import { harmless } from '../../schemas/terminal-text.ts'

/** Colours by place: they keep apart for people who see few colours. Light ground, dark ground. */
const SERIES = [
  ['#0b6fb8', '#58a9e8'],
  ['#d1560a', '#f08a4b'],
  ['#7a7f87', '#9aa1ab'],
  ['#1d8a5f', '#4cc793'],
] as const

const STYLE = [
  'text{font:12px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#333}',
  '.ground{fill:#fff;stroke:#d8dce2}.title{font-size:15px;font-weight:600;fill:#111}.line{stroke:#e3e6ea}.number{fill:#555}',
  ...SERIES.map(([light], place) => `.s${place}{fill:${light}}`),
  '@media (prefers-color-scheme:dark){text{fill:#d5d9df}.ground{fill:#15181d;stroke:#333a44}.title{fill:#f3f5f7}',
  '.line{stroke:#2b313a}.number{fill:#aab1bb}',
  ...SERIES.map(([, dark], place) => `.s${place}{fill:${dark}}`),
  '}',
].join('')

/** A picture with a title. body: elements by the functions below. */
export function picture(size: { width: number; height: number }, title: string, body: readonly string[]): string {
  const { width, height } = size
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    label({ x: 16, y: 26 }, title, { kind: 'title' }),
    ...body,
    '</svg>',
    '',
  ].join('\n')
}

export interface Place {
  readonly x: number
  readonly y: number
}

export interface LabelStyle {
  readonly kind?: 'title' | 'number'
  readonly anchor?: 'start' | 'middle' | 'end'
  /** Characters at most. */
  readonly most?: number
}

/** A line of text; what is too long ends in … . */
export function label({ x, y }: Place, text: string, { kind, anchor, most = 80 }: LabelStyle = {}): string {
  const letters = Array.from(harmless(text))
  const shown = letters.length <= most ? letters.join('') : `${letters.slice(0, most - 1).join('')}…`
  const style = `${kind === undefined ? '' : ` class="${kind}"`}${anchor === undefined ? '' : ` text-anchor="${anchor}"`}`
  return `<text x="${round(x)}" y="${round(y)}"${style}>${escaped(shown)}</text>`
}

/** A filled box in the colour of a series; tip: what a pointer on it shows. */
export function box(at: Place & { width: number; height: number }, series: number, tip: string): string {
  const { x, y, width, height } = at
  const colour = `s${series % SERIES.length}`
  return `<rect class="${colour}" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}"><title>${escaped(harmless(tip))}</title></rect>`
}

/** A thin line behind the bars. */
export function line(from: Place, to: Place): string {
  return `<line class="line" x1="${round(from.x)}" y1="${round(from.y)}" x2="${round(to.x)}" y2="${round(to.y)}"/>`
}

/** Names of series with their colours, in a row that ends at x. */
export function legend({ x, y }: Place, names: readonly string[]): string[] {
  let left = x - names.reduce((sum, name) => sum + 30 + 7 * Math.min(name.length, 20), 0)
  return names.flatMap((name, place) => {
    const at = left
    left += 30 + 7 * Math.min(name.length, 20)
    return [box({ x: at, y: y - 10, width: 12, height: 12 }, place, name), label({ x: at + 18, y }, name, { most: 20 })]
  })
}

/** Round numbers from 0 (or below) to the greatest value, about so many. */
export function ticks(least: number, greatest: number, about: number): number[] {
  const span = greatest - least
  if (!(span > 0)) return [least]
  const rough = span / about
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find((each) => each * power >= rough) ?? 10) * power
  const first = Math.ceil(least / step - 1e-9)
  const last = Math.floor(greatest / step + 1e-9)
  return Array.from({ length: last - first + 1 }, (_, place) => Number(((first + place) * step).toPrecision(12)))
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => ENTITIES[sign] ?? '')
}
