// The counts of several runs as one: sums, and shares of the sums.

import type { Report } from '../report/contract.ts'
import type { CardCounts } from './contract.ts'

/** At least one report. Medians of several runs are not known. */
export function sumOf(reports: readonly Report[]): CardCounts {
  const whole = reports.reduce((sum, { funnel }) => sum + (funnel[0]?.problems ?? 0), 0)
  const total = (of: (report: Report) => number): number => reports.reduce((sum, report) => sum + of(report), 0)
  const ends = {
    accepted: total((report) => report.ends.accepted),
    rejected: total((report) => report.ends.rejected),
    deadLetters: total((report) => report.ends.deadLetters),
    open: total((report) => report.ends.open),
  }
  const begun = ends.accepted + ends.rejected + ends.deadLetters + ends.open
  const curated = total((report) => report.curation.problems)
  const judged = total((report) => report.verdicts.reduce((sum, { responses }) => sum + responses, 0))
  const share = (part: number, of: number): number => (of === 0 ? 0 : part / of)
  const rates = reports.flatMap(({ passRate, funnel }) =>
    passRate === null ? [] : [{ passRate, weight: funnel[0]?.problems ?? 0 }],
  )
  const weights = rates.reduce((sum, { weight }) => sum + weight, 0)
  const priced = reports.flatMap(({ money }) => (money.total === null ? [] : [money.total]))
  const rules = (of: 'sft' | 'preference') =>
    grouped(
      reports.flatMap(({ curation }) => curation[of]),
      ({ rule }) => rule,
    ).map((same) => {
      const rows = same.reduce((sum, each) => sum + each.rows, 0)
      const responses = same.reduce((sum, each) => sum + each.responses, 0)
      return { rule: same[0]!.rule, rows, responses, share: share(rows, curated) }
    })
  return {
    funnel: grouped(
      reports.flatMap(({ funnel }) => funnel),
      ({ step }) => step,
    ).map((same) => {
      const problems = same.reduce((sum, each) => sum + each.problems, 0)
      return { step: same[0]!.step, problems, share: share(problems, whole) }
    }),
    ends,
    reasons: grouped(
      reports.flatMap(({ reasons }) => reasons),
      ({ stage, reason }) => `${stage}\n${reason}`,
    )
      .map((same) => {
        const problems = same.reduce((sum, each) => sum + each.problems, 0)
        return { ...same[0]!, problems, share: share(problems, begun) }
      })
      .toSorted((one, other) => other.problems - one.problems),
    curation: { problems: curated, sft: rules('sft'), preference: rules('preference') },
    verdicts: grouped(
      reports.flatMap(({ verdicts }) => verdicts),
      ({ verdict }) => verdict,
    ).map((same) => {
      const responses = same.reduce((sum, each) => sum + each.responses, 0)
      return { verdict: same[0]!.verdict, responses, share: share(responses, judged) }
    }),
    judge: {
      calls: total(({ judge }) => judge.calls),
      responses: total(({ judge }) => judge.responses),
      recovered: total(({ judge }) => judge.recovered),
      disagreements: total(({ judge }) => judge.disagreements),
      matrix: reports.flatMap(({ judge }) => judge.matrix),
    },
    passRate:
      rates.length === 0 ? null : rates.reduce((sum, each) => sum + each.passRate * share(each.weight, weights), 0),
    rewards: grouped(
      reports.flatMap(({ rewards }) => rewards),
      ({ name }) => name,
    ).map(rewardOf),
    tokens: {
      prompt: total(({ tokens }) => tokens.prompt),
      cached: total(({ tokens }) => tokens.cached),
      completion: total(({ tokens }) => tokens.completion),
    },
    usd: priced.length === 0 ? null : priced.reduce((sum, usd) => sum + usd, 0),
    seconds: total(({ run }) => run.seconds),
  }
}

function rewardOf(same: Report['rewards']): Report['rewards'][number] {
  if (same.length === 1) return same[0]!
  const scored = same.filter((each) => each.responses > 0)
  const responses = scored.reduce((sum, each) => sum + each.responses, 0)
  const known = (name: 'least' | 'greatest'): number[] =>
    scored.flatMap((each) => (each[name] === null ? [] : [each[name]]))
  return {
    name: same[0]!.name,
    responses,
    errors: same.reduce((sum, each) => sum + each.errors, 0),
    mean: responses === 0 ? null : scored.reduce((sum, each) => sum + (each.mean ?? 0) * each.responses, 0) / responses,
    least: responses === 0 ? null : Math.min(...known('least')),
    median: null,
    greatest: responses === 0 ? null : Math.max(...known('greatest')),
  }
}

/** In the order in which each key is met first. */
function grouped<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[][] {
  return [...Map.groupBy(items, keyOf).values()]
}
