// What each rule of curation cost, for SFT and for preference rows apart: counted from the rows and rejections of a
// run, and as text.

import picocolors from 'picocolors'
import type { Curation, Report, RuleCost } from './contract.ts'
import { harmless } from '../../schemas/terminal-text.ts'
import { clip, columns, count, percent } from './format.ts'
import type { Column } from './format.ts'
import { sumOver } from './ranges.ts'
import type { Within } from './ranges.ts'
import { OF_RUN } from './ways.ts'
import type { Select } from './ways.ts'

/**
 * What each rule cost the problems of a range, as in the views `curated` and `rule_costs`: a row a problem first (no_sft,
 * no_pair: why it gave no row of the kind, '' where it gave one), then by rule. `problems` are all that curation has seen.
 */
const costsWithin = (within: Within): string => `
  SELECT cost.1 AS dataSet, cost.2 AS rule, sum(cost.3) AS rows, sum(cost.4) AS responses FROM
  (
    SELECT arrayConcat(
      [('problems', 'all', 1, 0), ('sft', no_sft, 1, 0), ('preference', no_pair, 1, 0)],
      arrayMap((name, number) -> ('sft', toString(name), 0, number), mapKeys(for_sft), mapValues(for_sft)),
      arrayMap((name, number) -> ('preference', toString(name), 0, number), mapKeys(for_pairs), mapValues(for_pairs))) AS costs
    FROM
    (
      SELECT
        if(countIf(kind = 'sft') > 0, '', max(ifNull(sft_refusal, ''))) AS no_sft,
        if(countIf(kind = 'preference') > 0, '', max(ifNull(pair_refusal, ''))) AS no_pair,
        anyIf(sft_dropped, notEmpty(sft_dropped)) AS for_sft, anyIf(pair_dropped, notEmpty(pair_dropped)) AS for_pairs
      FROM
      (
        SELECT problem_id, 'sft' AS kind, CAST(NULL, 'Nullable(String)') AS sft_refusal,
          CAST(pair_refusal, 'Nullable(String)') AS pair_refusal, sft_dropped, pair_dropped
        FROM sft FINAL WHERE ${OF_RUN} AND ${within('id')}
        UNION ALL
        SELECT problem_id, 'preference', sft_refusal, NULL, sft_dropped, pair_dropped
        FROM preferences FINAL WHERE ${OF_RUN} AND ${within('id')}
        UNION ALL
        SELECT problem_id, 'none', if(sft_refusal IS NULL AND pair_refusal IS NULL, reason, sft_refusal), pair_refusal,
          sft_dropped, pair_dropped
        FROM rejections FINAL WHERE ${OF_RUN} AND stage = 'curate' AND ${within('id')}
      )
      GROUP BY problem_id
    )
  )
  ARRAY JOIN costs AS cost WHERE rule NOT IN ('', 'switched-off')
  GROUP BY dataSet, rule`

/** Counts the rules of one run. */
export async function curationOf(select: Select, ranges: readonly Within[]): Promise<Curation> {
  const costs = await sumOver(ranges, (within) =>
    select<Omit<RuleCost, 'share'> & { dataSet: string }>(costsWithin(within)),
  )
  const problems = costs.find(({ dataSet }) => dataSet === 'problems')?.rows ?? 0
  const of = (wanted: string): RuleCost[] =>
    costs
      .filter(({ dataSet }) => dataSet === wanted)
      .map(({ rule, rows, responses }) => ({ rule, rows, responses, share: problems === 0 ? 0 : rows / problems }))
      .toSorted(
        (one, other) => other.rows - one.rows || other.responses - one.responses || (one.rule < other.rule ? -1 : 1),
      )
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
