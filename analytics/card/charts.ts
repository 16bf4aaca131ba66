// The two kinds of charts on a card: bars side by side for amounts with names, and a histogram with stacked series.

import { count, percent, short } from '../report/format.ts'
import type { Bin } from './contract.ts'
import { box, label, legend, line, picture, ticks } from './svg.ts'

const WIDTH = 720

export interface Amount {
  readonly name: string
  /** Length of the bar, of the greatest. */
  readonly value: number
  /** What stands behind the bar. */
  readonly text: string
}

/** Bars from left to right, one below the other. greatest: what a full bar means. */
export function amountsChart(title: string, amounts: readonly Amount[], greatest: number): string {
  const [left, right, top, step] = [150, 150, 44, 26]
  const room = WIDTH - left - right
  const body = amounts.flatMap(({ name, value, text }, place) => {
    const y = top + place * step
    const width = greatest > 0 ? Math.max(value > 0 ? 1 : 0, (room * value) / greatest) : 0
    return [
      label({ x: left - 10, y: y + 14 }, name, { anchor: 'end', most: 20 }),
      box({ x: left, y, width, height: step - 7 }, 0, `${name}: ${text}`),
      label({ x: left + width + 8, y: y + 14 }, text, { kind: 'number' }),
    ]
  })
  return picture({ width: WIDTH, height: top + amounts.length * step + 10 }, title, body)
}

/** The funnel of a run: problems at each step, of those at the first. */
export function funnelChart(steps: readonly { step: string; problems: number; share: number }[]): string {
  const amounts = steps.map(({ step, problems, share }) => ({
    name: step,
    value: problems,
    text: `${count(problems)} (${percent(share)})`,
  }))
  return amountsChart('Problems at each step', amounts, Math.max(0, ...steps.map(({ problems }) => problems)))
}

export interface HistogramWords {
  readonly title: string
  /** What the numbers below the bars are. */
  readonly below: string
  /** What is counted. */
  readonly counted: string
}

/** Stacked bars over a number line. order: the series from the ground up; others follow by name. */
export function histogramChart(words: HistogramWords, bins: readonly Bin[], order: readonly string[]): string {
  const [left, right, top, height, foot] = [64, 24, 62, 220, 48]
  const present = [...new Set(bins.map(({ series }) => series))]
  const rank = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length)
  const names = present.toSorted((one, other) => rank(one) - rank(other) || one.localeCompare(other))
  const [least, greatest] = [Math.min(...bins.map(({ low }) => low)), Math.max(...bins.map(({ high }) => high))]
  const highest = Math.max(...stacks(bins).values())
  const x = (value: number): number =>
    left + ((value - least) / Math.max(greatest - least, Number.MIN_VALUE)) * (WIDTH - left - right)
  const y = (value: number): number => top + height - (value / highest) * height
  const scale = ticks(0, highest, 5).flatMap((value) => [
    line({ x: left, y: y(value) }, { x: WIDTH - right, y: y(value) }),
    label({ x: left - 8, y: y(value) + 4 }, short(value), { kind: 'number', anchor: 'end' }),
  ])
  const axis = ticks(least, greatest, 9).map((value) =>
    label({ x: x(value), y: top + height + 18 }, short(value), { kind: 'number', anchor: 'middle' }),
  )
  const below = new Map<number, number>()
  const bars = names.flatMap((name) =>
    bins
      .filter(({ series, count: some }) => series === name && some > 0)
      .map((bin) => {
        const ground = below.get(bin.low) ?? 0
        below.set(bin.low, ground + bin.count)
        const [from, to] = least === greatest ? [left, WIDTH - right] : [x(bin.low), x(bin.high)]
        const at = { x: from + 0.5, y: y(ground + bin.count), width: Math.max(1, to - from - 1) }
        const tip = `${short(bin.low)} to ${short(bin.high)}: ${count(bin.count)} ${name}`
        return box({ ...at, height: y(ground) - y(ground + bin.count) }, names.indexOf(name), tip)
      }),
  )
  return picture({ width: WIDTH, height: top + height + foot }, words.title, [
    ...scale,
    ...bars,
    ...axis,
    label({ x: left - 8, y: top - 12 }, words.counted, { kind: 'number', anchor: 'start' }),
    label({ x: WIDTH - right, y: top + height + 38 }, words.below, { kind: 'number', anchor: 'end' }),
    ...(names.length > 1 ? legend({ x: WIDTH - right, y: 26 }, names) : []),
  ])
}

/** Height of each stack by the lower border of its bin. */
function stacks(bins: readonly Bin[]): Map<number, number> {
  const sums = new Map<number, number>()
  for (const { low, count: some } of bins) sums.set(low, (sums.get(low) ?? 0) + some)
  return sums
}
