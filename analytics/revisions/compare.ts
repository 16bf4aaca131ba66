// Two revisions of a run side by side, from the database: how problems ended, which verdicts and rows changed, and why.
// Promise: rows are read with FINAL, so it is the same however often anything was delivered; problems that only one of
// both has taken (a replay of some of them) count as no loss and no gain.

import { UsageFault } from '../../schemas/failure.ts'
import { buildReport } from '../report.ts'
import type { Report } from '../report.ts'
import type { Reads } from '../report/find-run.ts'
import { compareRows } from './compare-rows.ts'
import type { Select } from './compare-rows.ts'
import type { Comparison, ReasonPair, Side, VerdictPair } from './contract.ts'

export type { Comparison } from './contract.ts'

export interface CompareOptions {
  /** Name of the run; the newest that has the right revision when left out. */
  readonly run?: string | undefined
  readonly left: string
  readonly right: string
  /** As of a report. */
  readonly asOf?: number | undefined
}

/** Throws UsageFault where one of them is not there, and what the database throws. */
export async function compareRevisions(
  database: Reads,
  { run, left, right, asOf }: CompareOptions,
): Promise<Comparison> {
  if (left === right) throw new UsageFault(`--compare ${left} ${right}: give two revisions`)
  const second = await buildReport(database, { run, revision: right, asOf })
  const first = await buildReport(database, { run: second.run.id, revision: left, asOf })
  const parameters = {
    ...{ run: second.run.id, left, right },
    ...{ leftAnswers: first.answersOf, rightAnswers: second.answersOf },
  }
  const select: Select = async (sql) => await database.rows(sql, parameters)
  const matrix = first.answersOf === second.answersOf ? [] : await select<VerdictPair>(VERDICTS)
  const sum = (pairs: readonly VerdictPair[]): number => pairs.reduce((total, { responses }) => total + responses, 0)
  const [took] = await select<{ both: number }>(`SELECT count() AS both FROM (${TAKEN}) WHERE in_left AND in_right`)
  return {
    run: second.run.id,
    left: sideOf(first),
    right: sideOf(second),
    both: took?.both ?? 0,
    reasons: reasonsOf(first, second),
    verdicts: {
      compared: sum(matrix),
      changed: sum(matrix.filter((pair) => pair.left !== pair.right)),
      matrix,
    },
    rows: [await compareRows(select, 'sft', TAKEN), await compareRows(select, 'preference', TAKEN)],
  }
}

/** Problems of both, and who has taken them: whatever a revision takes leaves a row somewhere. */
const TAKEN = `
  SELECT problem_id, max(revision = {left:String}) AS in_left, max(revision = {right:String}) AS in_right
  FROM
  (
    ${['sft', 'preferences', 'rejections', 'dead_letters']
      .map(
        (table) =>
          `SELECT problem_id, revision FROM ${table} WHERE run_id = {run:String} AND revision IN ({left:String}, {right:String})`,
      )
      .join(' UNION ALL ')}
    UNION ALL
    SELECT id, revision FROM problems WHERE run_id = {run:String} AND revision IN ({left:String}, {right:String})
  )
  GROUP BY problem_id`

const VERDICTS = `
  SELECT left, right, count() AS responses, groupArraySorted(3)(id) AS examples
  FROM
  (
    SELECT id, ifNull(anyIf(verdict, revision = {leftAnswers:String}), 'none') AS left,
      ifNull(anyIf(verdict, revision = {rightAnswers:String}), 'none') AS right
    FROM responses FINAL
    WHERE run_id = {run:String} AND revision IN ({leftAnswers:String}, {rightAnswers:String})
    GROUP BY id
    HAVING uniqExact(revision) = 2
  )
  GROUP BY left, right
  ORDER BY left = right, responses DESC, left, right`

function sideOf({ run, answersOf, ends, rows, passRate, rewards, tokens, money }: Report): Side {
  const { accepted, rejected, deadLetters, open } = ends
  return {
    ...{ revision: run.revision, state: run.state, replay: run.replay, answersOf },
    ...{ problems: accepted + rejected + deadLetters + open, accepted, rejected, deadLetters, open },
    ...{ sft: rows.sft, preferences: rows.preferences, passRate },
    rewards: rewards.map(({ name, responses, mean }) => ({ name, responses, mean })),
    ...{ promptTokens: tokens.prompt, completionTokens: tokens.completion, usd: money.total },
  }
}

/** Every reason that one of both gives; the largest difference first. */
function reasonsOf(left: Report, right: Report): ReasonPair[] {
  const pairs = new Map<string, { stage: string; reason: string; left: number; right: number }>()
  for (const [side, report] of [['left', left] as const, ['right', right] as const])
    for (const { stage, reason, problems } of report.reasons) {
      const key = JSON.stringify([stage, reason])
      const pair = pairs.get(key) ?? { stage, reason, left: 0, right: 0 }
      pair[side] = problems
      pairs.set(key, pair)
    }
  const change = (pair: ReasonPair): number => Math.abs(pair.right - pair.left)
  return [...pairs.values()].sort((one, other) => change(other) - change(one) || (one.reason < other.reason ? -1 : 1))
}
