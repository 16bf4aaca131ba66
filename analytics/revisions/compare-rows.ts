// Which rows of a data set one revision has and the other has not, and why, by id.

import type { RowChange, RowReason } from './contract.ts'

/** Rows of a SELECT, with the parameters run, left and right. */
export type Select = <Row>(sql: string) => Promise<Row[]>

const BOTH = 'run_id = {run:String} AND revision IN ({left:String}, {right:String})'

/** Of each data set: its table, what a row consists of, and the rule that refused a problem without one. */
const SETS = {
  sft: { table: 'sft', content: 'response_id', refusal: 'sft_refusal' },
  preference: { table: 'preferences', content: 'concat(chosen_id, rejected_id)', refusal: 'pair_refusal' },
} as const

/** Ids of each reason that are named. */
const EXAMPLES = 3

interface Group {
  readonly who: 'both' | 'left' | 'right'
  /** Both have taken its problem. */
  readonly shared: number
  readonly changed: number
  readonly reason: string
  readonly rows: number
  readonly examples: readonly string[]
}

/** taken: a SELECT of problem_id, in_left and in_right. Throws what the database throws. */
export async function compareRows(select: Select, type: 'sft' | 'preference', taken: string): Promise<RowChange> {
  const { table, content, refusal } = SETS[type]
  const groups = await select<Group>(`
    SELECT who, shared, changed, if(who = 'both' OR NOT shared, '', reason) AS reason, count() AS rows,
      groupArraySorted(${EXAMPLES})(id) AS examples
    FROM
    (
      SELECT id, problem_id,
        multiIf(uniqExact(revision) = 2, 'both', any(revision) = {left:String}, 'left', 'right') AS who,
        who = 'both' AND uniqExact(${content}) > 1 AS changed
      FROM ${table} FINAL WHERE ${BOTH} GROUP BY id, problem_id
    ) AS rows_of
    LEFT JOIN (SELECT problem_id, in_left AND in_right AS shared FROM (${taken})) AS taken USING problem_id
    LEFT JOIN
    (
      SELECT problem_id, missing_in,
        multiIf(has_row, 'it has fewer rows of the problem', has_rule, refused_as, has_rejection, rejected_as, has_letter, died_as, '') AS reason
      FROM (${whyNot(table, refusal)})
    ) AS why ON why.problem_id = rows_of.problem_id AND why.missing_in = if(rows_of.who = 'left', {right:String}, {left:String})
    GROUP BY who, shared, changed, reason
    ORDER BY rows DESC, reason`)
  const of = (who: Group['who'], isShared: boolean): Group[] =>
    groups.filter((group) => group.who === who && (group.shared !== 0) === isShared)
  const sum = (some: readonly Group[]): number => some.reduce((total, { rows }) => total + rows, 0)
  const reasons = (some: readonly Group[]): RowReason[] =>
    some.map(({ reason, rows, examples }) => ({ reason: reason === '' ? 'no end yet' : reason, rows, examples }))
  const changed = groups.filter((group) => group.changed !== 0)
  return {
    type,
    both: sum(groups.filter(({ who }) => who === 'both')),
    changed: sum(changed),
    changedExamples: changed.flatMap(({ examples }) => examples).slice(0, EXAMPLES),
    gained: sum(of('right', true)),
    gainedBecause: reasons(of('right', true)),
    lost: sum(of('left', true)),
    lostBecause: reasons(of('left', true)),
    onlyLeftTook: sum(of('left', false)),
    onlyRightTook: sum(of('right', false)),
  }
}

/** Why a revision lacks a row of a problem: a rule of curation, a rejection before it, a dead letter. */
function whyNot(table: string, refusal: string): string {
  return `
    SELECT problem_id, revision AS missing_in, max(kind = 'row') AS has_row, max(kind = 'rule') AS has_rule,
      max(kind = 'rejection') AS has_rejection, max(kind = 'letter') AS has_letter, anyIf(because, kind = 'rule') AS refused_as,
      anyIf(because, kind = 'rejection') AS rejected_as, anyIf(because, kind = 'letter') AS died_as
    FROM
    (
      SELECT problem_id, revision, 'row' AS kind, '' AS because FROM ${table} WHERE ${BOTH}
      UNION ALL
      SELECT problem_id, revision, 'rule', concat('curate: ', assumeNotNull(${refusal}))
      FROM curated WHERE ${BOTH} AND ${refusal} IS NOT NULL
      UNION ALL
      SELECT problem_id, revision, 'rejection', concat(stage, ': ', reason) FROM rejections FINAL WHERE ${BOTH}
      UNION ALL
      SELECT problem_id, revision, 'letter', concat(stage, ' died: ', code) FROM dead_letters FINAL
      WHERE ${BOTH} AND redriven_at IS NULL
    )
    GROUP BY problem_id, revision`
}
