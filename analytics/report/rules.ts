// What each rule of curation cost, for SFT and for preference rows apart: counted from the rows and rejections of a
// run, and as text.

import picocolors from 'picocolors'
import type { Curation, Report, RuleCost } from './contract.ts'
import { harmless } from '../../schemas/terminal-text.ts'
import { clip, columns, count, percent } from './format.ts'
import type { Column } from './format.ts'

type Select = <Row>(sql: string) => Promise<Row[]>

/** Counts the rules of one run. where: the condition on run and revision. */
export async function curationOf(select: Select, where: string): Promise<Curation> {
  const [seen] = await select<{ problems: number }>(`SELECT count() AS problems FROM curated WHERE ${where}`)
  const problems = seen?.problems ?? 0
  const costs = await select<Omit<RuleCost, 'share'> & { dataSet: string }>(
    `SELECT data_set AS dataSet, rule, rows_lost AS rows, responses FROM rule_costs WHERE ${where}
     ORDER BY rows DESC, responses DESC, rule`,
  )
  const of = (wanted: string): RuleCost[] =>
    costs
      .filter(({ dataSet }) => dataSet === wanted)
      .map(({ rule, rows, responses }) => ({ rule, rows, responses, share: problems === 0 ? 0 : rows / problems }))
  return { problems, sft: of('sft'), preference: of('preference') }
}

const RIGHT = { align: 'right' } as const
const NAME: Column = { align: 'left', most: 24 }

/** A line a rule under a line that names the columns; most: rules that are shown at most, the rest in one line. */
export function ruleLines(title: string, costs: readonly RuleCost[], most: number): string[] {
  if (costs.length === 0) return [`${title}: no rule took anything out`]
  const shown = costs.slice(0, costs.length > most ? most - 1 : most)
  const rest = costs.slice(shown.length)
  const rows = shown.map(({ rule, rows: lost, responses }) => [harmless(rule), count(lost), count(responses)])
  if (rest.length > 0) {
    const sum = (of: (cost: RuleCost) => number): string => count(rest.reduce((total, cost) => total + of(cost), 0))
    rows.push([`… ${rest.length} more rules`, sum((cost) => cost.rows), sum((cost) => cost.responses)])
  }
  return columns([[title, 'rows lost', 'responses'], ...rows], [NAME, RIGHT, RIGHT])
}

/** All rules of a run, however many lines that takes. */
export function renderRules(report: Report, { width, colour }: { width: number; colour: boolean }): string {
  const paint = picocolors.createColors(colour)
  const { problems, sft, preference } = report.curation
  const head = `Run ${report.run.id} · ${count(problems)} problems curated; rows lost: those without a row because of it`
  const table = (title: string, costs: readonly RuleCost[]): string[] => {
    const rows = costs.map(({ rule, rows: lost, share, responses }) => [
      harmless(rule),
      count(lost),
      percent(share),
      count(responses),
    ])
    const lines = columns([[title, 'rows lost', '', 'responses out'], ...rows], [NAME, RIGHT, RIGHT, RIGHT])
    return lines.map((line, place) => (place === 0 ? paint.bold(clip(line, width)) : clip(line, width)))
  }
  return [clip(harmless(head), width), '', ...table('SFT', sft), '', ...table('Preference', preference)].join('\n')
}
