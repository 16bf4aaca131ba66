// The report on a run: how many problems got how far and why the others did not, what models cost, how good the
// answers look. Promise: it counts rows with FINAL, so it is the same however often anything was delivered.

import type {
  ConversationEnd,
  Cost,
  DeadLetters,
  Money,
  Reason,
  Report,
  RewardSummary,
  Ruled,
  RuledCount,
  Unfinished,
  VerdictCount,
} from './report/contract.ts'
import { findRun } from './report/find-run.ts'
import type { Reads } from './report/find-run.ts'
import { rangesOf } from './report/ranges.ts'
import { answersOf, isOwnCost, isOwnStep } from './report/replay.ts'
import { curationOf } from './report/rules.ts'
import { endsOf, funnelOf, OF_RUN } from './report/ways.ts'

export type { Report } from './report/contract.ts'

export interface ReportOptions {
  /** Name of the run; the newest when left out. */
  readonly run?: string | undefined
  /** `main` when left out. */
  readonly revision?: string | undefined
  /** The moment that the database is seen at, milliseconds since 1970 UTC: named where there was no such run then. */
  readonly asOf?: number | undefined
}

/** In the data's way; rewards follow. */
const ROLES = "['questioner', 'tagger', 'answerer', 'sampler', 'judge', 'questioner:turns', 'answerer:turns']"

/** Counts one run. Throws UsageFault when there is no such run, and what the database throws. */
export async function buildReport(database: Reads, options: ReportOptions = {}): Promise<Report> {
  const run = await findRun(database, options.revision ?? 'main', options.run, options.asOf)
  const select = async <Row>(sql: string): Promise<Row[]> =>
    await database.rows<Row>(sql, { run: run.id, revision: run.revision })

  const { replay } = run
  // A replay that only curates has the responses of what it reads.
  const answers = replay === null ? run.revision : await answersOf(database, run.id, run.revision)
  const selectAnswers = async <Row>(sql: string): Promise<Row[]> =>
    await database.rows<Row>(sql, { run: run.id, revision: answers })

  const [sizes] = await select<Report['rows'] & { problems: number }>(
    `SELECT (SELECT count() FROM sft FINAL WHERE ${OF_RUN}) AS sft,
       (SELECT count() FROM preferences FINAL WHERE ${OF_RUN}) AS preferences,
       (SELECT count() FROM problems FINAL WHERE ${OF_RUN}) + (SELECT count() FROM rejections FINAL WHERE ${OF_RUN}) AS problems`,
  )
  // The funnel counts problems, and one problem may have several preference rows.
  const { problems, ...rows } = sizes ?? { sft: 0, preferences: 0, problems: 0 }
  // A replay of curate has no rows of problems.
  const ranges = rangesOf(Math.max(problems, rows.sft, rows.preferences))

  const found = await funnelOf(select, ranges)
  const reasons = await select<Omit<Reason, 'share'>>(
    `SELECT stage, reason, problems FROM reasons WHERE ${OF_RUN} ORDER BY problems DESC, stage, reason`,
  )
  const deadLetters = await select<DeadLetters>(
    `SELECT stage, code, dead_letters AS count, redriven, example FROM failures WHERE ${OF_RUN} ORDER BY count DESC, stage, code`,
  )
  const allCost = await select<Cost>(
    `SELECT role, model, calls, retries, prompt_tokens AS promptTokens, cached_tokens AS cachedTokens,
       completion_tokens AS completionTokens, seconds, usd
     FROM cost WHERE ${OF_RUN}
     ORDER BY indexOf(${ROLES}, role) = 0, indexOf(${ROLES}, role), role, model`,
  )
  const cost = allCost.filter(({ role }) => isOwnCost(replay, role))
  const verdicts = await selectAnswers<Omit<VerdictCount, 'share'>>(
    `SELECT assumeNotNull(verdict) AS verdict, sum(responses) AS responses FROM verdicts WHERE ${OF_RUN}
     GROUP BY verdict ORDER BY indexOf(['equal', 'different', 'unknown'], verdict)`,
  )
  const ruled = await selectAnswers<RuledCount & { calls: number }>(
    `SELECT symbolic, judge, sum(responses) AS responses, sum(calls) AS calls FROM judgements WHERE ${OF_RUN}
     GROUP BY symbolic, judge ORDER BY symbolic, judge`,
  )
  const [unfinished] = await selectAnswers<Unfinished>(
    `SELECT countIf(thought = 'unfinished') AS thoughts, countIf(finish_reason = 'length') AS cut, countIf(continuations > 0) AS continued
     FROM responses FINAL WHERE ${OF_RUN}`,
  )
  const [passed] = await selectAnswers<{ rate: number | null }>(
    `SELECT avg(pass_rate) AS rate FROM problems FINAL WHERE ${OF_RUN}`,
  )
  const conversations = await selectAnswers<ConversationEnd>(
    `SELECT reached AS turns, nullIf(ended, 'all-there') AS ended, conversations FROM conversation_ends WHERE ${OF_RUN}
     ORDER BY turns DESC, conversations DESC, ended`,
  )
  const rewards = await selectAnswers<RewardSummary>(REWARDS)
  const ends = await endsOf(select, ranges)
  // Some end before they are problems (a producer refuses what is none), so these are more than the funnel begins with.
  const begun = ends.accepted + ends.rejected + ends.deadLetters + ends.open
  // A replay begins with the problems that it took.
  const steps =
    replay === null
      ? found
      : [{ step: 'taken', problems: begun }, ...found.filter(({ step }) => isOwnStep(replay, step))]
  const whole = steps[0]?.problems ?? 0
  const share = (part: number): number => (whole === 0 ? 0 : part / whole)
  const curation = await curationOf(select, ranges)

  const judged = verdicts.reduce((sum, { responses }) => sum + responses, 0)
  const tokens = {
    prompt: cost.reduce((sum, each) => sum + each.promptTokens, 0),
    cached: cost.reduce((sum, each) => sum + each.cachedTokens, 0),
    completion: cost.reduce((sum, each) => sum + each.completionTokens, 0),
  }
  const per = (count: number, seconds: number): number => (run.seconds === 0 ? 0 : (count * seconds) / run.seconds)
  return {
    run,
    funnel: steps.map((each) => ({ ...each, share: share(each.problems) })),
    ends,
    rows,
    reasons: reasons.map((each) => ({ ...each, share: begun === 0 ? 0 : each.problems / begun })),
    curation,
    deadLetters,
    cost,
    tokens,
    money: moneyOf(cost, rows),
    answersOf: answers,
    verdicts: verdicts.map((each) => ({ ...each, share: judged === 0 ? 0 : each.responses / judged })),
    judge: ruledOf(ruled),
    unfinished: unfinished ?? { thoughts: 0, cut: 0, continued: 0 },
    passRate: passed?.rate ?? null,
    conversations,
    rewards,
    rates: {
      problemsPerHour: per(whole, 3600),
      acceptedPerHour: per(ends.accepted, 3600),
      tokensPerSecond: per(tokens.completion, 1),
    },
  }
}

function ruledOf(counts: readonly (RuledCount & { calls: number })[]): Ruled {
  const sum = (part: readonly RuledCount[]): number => part.reduce((total, { responses }) => total + responses, 0)
  const settles = ({ symbolic, judge }: RuledCount): boolean =>
    symbolic === 'unknown' && (judge === 'equal' || judge === 'different')
  return {
    calls: counts.reduce((total, { calls }) => total + calls, 0),
    responses: sum(counts),
    recovered: sum(counts.filter(settles)),
    disagreements: sum(counts.filter(({ symbolic, judge }) => symbolic === 'different' && judge === 'equal')),
    matrix: counts.map(({ symbolic, judge, responses }) => ({ symbolic, judge, responses })),
  }
}

function moneyOf(cost: readonly Cost[], rows: Report['rows']): Money {
  const priced = cost.flatMap(({ usd }) => (usd === null ? [] : [usd]))
  const total = priced.length === 0 ? null : priced.reduce((sum, usd) => sum + usd, 0)
  const per = (count: number): number | null => (total === null || count === 0 ? null : total / count)
  return {
    total,
    perSftRow: per(rows.sft),
    perPreferenceRow: per(rows.preferences),
    unpriced: total === null ? [] : cost.filter(({ usd }) => usd === null).map(({ role }) => role),
  }
}

/** Spread of each reward over the responses; errors are responses that it could not score. */
const REWARDS = `
  SELECT name, countIf(has(rewards, name)) AS responses, countIf(NOT has(rewards, name)) AS errors,
    avgOrNullIf(rewards[name], has(rewards, name)) AS mean, minOrNullIf(rewards[name], has(rewards, name)) AS least,
    quantileExactInclusiveOrNullIf(0.5)(rewards[name], has(rewards, name)) AS median, maxOrNullIf(rewards[name], has(rewards, name)) AS greatest
  FROM (SELECT rewards, reward_versions FROM responses FINAL WHERE ${OF_RUN})
  ARRAY JOIN mapKeys(reward_versions) AS name
  GROUP BY name ORDER BY name`
