// How far the problems of a run came and how they ended: each problem counted once, by ranges of their ids. Promise: the
// funnel is that of the view `funnel`.

import type { Ends } from './contract.ts'
import { sumOver } from './ranges.ts'
import type { Within } from './ranges.ts'

export type Select = <Row>(sql: string) => Promise<Row[]>

/** The condition of every question about one run. */
export const OF_RUN = 'run_id = {run:String} AND revision = {revision:String}'

/** In the data's way. */
const STEPS = [
  ...['problems', 'screened', 'tagged', 'answered', 'sampled', 'verified', 'judged', 'rewarded', 'conversed'],
  ...['sft', 'preferences'],
]

/** Steps that any problem has reached, and how many have. */
export async function funnelOf(
  select: Select,
  ranges: readonly Within[],
): Promise<{ readonly step: string; readonly problems: number }[]> {
  const counted = await sumOver(ranges, (within) =>
    select<{ step: string; problems: number }>(`
      SELECT reached.1 AS step, reached.2 AS problems FROM
      (
        SELECT [('problems', count()), ('screened', countIf(stage != 'problems')),
          ('tagged', countIf(tag_version IS NOT NULL)), ('judged', countIf(judge_version IS NOT NULL))] AS steps
        FROM problems FINAL WHERE ${OF_RUN} AND ${within('id')}
        UNION ALL
        SELECT [('answered', uniqExactIf(problem_id, kind = 'answer')), ('sampled', uniqExactIf(problem_id, kind = 'sample')),
          ('verified', uniqExactIf(problem_id, verdict IS NOT NULL)),
          ('rewarded', uniqExactIf(problem_id, notEmpty(reward_versions)))]
        FROM responses FINAL WHERE ${OF_RUN} AND ${within('problem_id')}
        UNION ALL
        SELECT [('conversed', uniqExact(problem_id))] FROM follow_ups FINAL WHERE ${OF_RUN} AND kept AND ${within('problem_id')}
        UNION ALL
        SELECT [('sft', uniqExact(problem_id))] FROM sft FINAL WHERE ${OF_RUN} AND ${within('id')}
        UNION ALL
        SELECT [('preferences', uniqExact(problem_id))] FROM preferences FINAL WHERE ${OF_RUN} AND ${within('id')}
      )
      ARRAY JOIN steps AS reached WHERE problems > 0`),
  )
  return counted.toSorted((one, other) => STEPS.indexOf(one.step) - STEPS.indexOf(other.step))
}

/** Each problem at its best end: accepted before rejected before dead. */
export async function endsOf(select: Select, ranges: readonly Within[]): Promise<Ends> {
  const counted = await sumOver(ranges, (within) =>
    select<{ end: keyof Ends; problems: number }>(`
      SELECT ['accepted', 'rejected', 'deadLetters', 'open'][rank] AS end, count() AS problems FROM
      (
        SELECT problem_id, min(rank) AS rank FROM
        (
          SELECT problem_id, 1 AS rank FROM sft WHERE ${OF_RUN} AND ${within('id')}
          UNION ALL SELECT problem_id, 1 FROM preferences WHERE ${OF_RUN} AND ${within('id')}
          UNION ALL SELECT problem_id, 2 FROM rejections WHERE ${OF_RUN} AND ${within('id')}
          UNION ALL SELECT problem_id, 3 FROM dead_letters FINAL WHERE ${OF_RUN} AND redriven_at IS NULL AND ${within('problem_id')}
          UNION ALL SELECT id, 4 FROM problems WHERE ${OF_RUN} AND ${within('id')}
        )
        GROUP BY problem_id
      )
      GROUP BY end`),
  )
  const at = (end: keyof Ends): number => counted.find((row) => row.end === end)?.problems ?? 0
  return { accepted: at('accepted'), rejected: at('rejected'), deadLetters: at('deadLetters'), open: at('open') }
}
