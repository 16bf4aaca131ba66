// What a run will cost, from a probe of some of its problems. Promise: the probe's whole bill is in it: what no record
// carries (tries that failed, labels that refused a problem) is spread over the problems in proportion.

import type { LlmState } from '../llm/contract.ts'
import { usdOf } from '../llm/prices.ts'
import { UsageFault } from '../schemas/failure.ts'
import type { Amounts, Estimate, Forecast, Plan, ProblemCost, RoleCost, RoleEndpoints } from './forecast/contract.ts'
import { estimateRatio, estimateTotal } from './forecast/estimate.ts'

export type { Forecast, Plan, ProblemCost, RoleCost, RoleEndpoints } from './forecast/contract.ts'

export interface ForecastParts {
  readonly problems: readonly ProblemCost[]
  /** What the probe's calls have cost by the counters of the model client. */
  readonly usage: LlmState['usage']
  readonly plan: Plan
  readonly callers: readonly RoleEndpoints[]
}

/** Throws UsageFault where rows are wanted without a total and the probe has accepted none. */
export function buildForecast({ problems: probed, usage, plan, callers }: ForecastParts): Forecast {
  const problems = withFullEngines(withWholeBill(probed, usage), callers)
  const sizes = {
    sft: problems.map(({ sft }) => (sft ? 1 : 0)),
    preference: problems.map(({ preference }) => (preference ? 1 : 0)),
    problem: problems.map(() => 1),
  }
  const goal = goalOf(plan, sizes)
  const over = (value: (problem: ProblemCost) => number): Estimate =>
    estimateTotal(problems.map(value), goal.sizes, goal.amount)
  const roles = Object.keys(usage).filter((role) => (usage[role]?.calls ?? 0) > 0)
  const ratio = (rows: readonly number[]): Amounts | null =>
    rows.includes(1) ? amountsOf(roles, usage, (value) => estimateRatio(problems.map(value), rows)) : null
  const engine = busiest(problems, callers)
  return {
    probed: problems.length,
    endsBy: goal.endsBy,
    problems: goal.problems,
    rows: { sft: over(({ sft }) => (sft ? 1 : 0)), preference: over(({ preference }) => (preference ? 1 : 0)) },
    all: amountsOf(roles, usage, over),
    roles: roles.map((role) => ({ role, ...amountsOf([role], usage, over) })),
    perSftRow: ratio(sizes.sft),
    perPreferenceRow: ratio(sizes.preference),
    hours: engine === null ? { value: 0, low: 0, high: 0 } : over((problem) => engine.hours(problem)),
    busiest: engine === null ? null : { url: engine.url, limit: engine.limit },
    unpriced: roles.filter((role) => usage[role]?.usd === null),
  }
}

interface Goal {
  readonly endsBy: Forecast['endsBy']
  readonly problems: number
  readonly sizes: readonly number[]
  readonly amount: number
}

/** Of the total and the rows wanted, what is reached first; of several kinds of rows, what is reached last. */
function goalOf({ total, accept }: Plan, sizes: Record<'sft' | 'preference' | 'problem', number[]>): Goal {
  const rowGoals = (['sft', 'preference'] as const).flatMap((endsBy): Goal[] => {
    const amount = accept?.[endsBy] ?? null
    if (amount === null) return []
    const rows = sizes[endsBy].reduce((sum, size) => sum + size, 0)
    return [{ endsBy, amount, sizes: sizes[endsBy], problems: Math.ceil((amount * sizes[endsBy].length) / rows) }]
  })
  const problemGoal = (endsBy: 'total' | 'minimum', amount: number): Goal => {
    return { endsBy, amount, problems: amount, sizes: sizes.problem }
  }
  if (accept !== null && accept.minimum > 0) rowGoals.push(problemGoal('minimum', accept.minimum))
  const last = rowGoals.toSorted((a, b) => b.problems - a.problems)[0]
  const goals = [...(last === undefined ? [] : [last]), ...(total === null ? [] : [problemGoal('total', total)])]
  const first = goals.toSorted((a, b) => a.problems - b.problems)[0]
  if (first === undefined) throw new UsageFault('a forecast needs an end: give --total or --accept')
  if (!Number.isFinite(first.problems))
    throw new UsageFault(
      'no problem of the probe was accepted, so no end is in sight: give --total, or a larger --probe',
    )
  return first
}

function amountsOf(
  roles: readonly string[],
  usage: LlmState['usage'],
  estimate: (value: (problem: ProblemCost) => number) => Estimate,
): Amounts {
  const sum = (field: (cost: RoleCost) => number) =>
    estimate((problem) => roles.reduce((all, role) => all + field(problem.roles[role] ?? NOTHING), 0))
  return {
    promptTokens: sum(({ promptTokens }) => promptTokens),
    completionTokens: sum(({ completionTokens }) => completionTokens),
    tokens: sum(({ promptTokens, completionTokens }) => promptTokens + completionTokens),
    usd: roles.every((role) => usage[role]?.usd === null) ? null : sum(({ usd }) => usd ?? 0),
  }
}

const NO_TOKENS = { prompt: 0, cached: 0, completion: 0 }

const NOTHING: RoleCost = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, usd: null, sequenceSeconds: 0 }

/** Scales each role's cost so that the problems' sum is what was paid; evenly where no record carries any of it. */
function withWholeBill(problems: readonly ProblemCost[], usage: LlmState['usage']): ProblemCost[] {
  const fields = ['promptTokens', 'cachedTokens', 'completionTokens', 'usd', 'sequenceSeconds'] as const
  const scale = (role: string, field: (typeof fields)[number]): ((cost: RoleCost) => number | null) => {
    const paid = usage[role]?.[field] ?? null
    if (paid === null) return () => null
    const carried = problems.reduce((sum, { roles }) => sum + (roles[role]?.[field] ?? 0), 0)
    return carried > 0 ? (cost) => ((cost[field] ?? 0) * paid) / carried : () => paid / problems.length
  }
  const scaled = Object.keys(usage).map((role) => {
    const by = Object.fromEntries(fields.map((field) => [field, scale(role, field)]))
    return { role, of: (cost: RoleCost) => fields.map((field) => by[field]!(cost)) }
  })
  return problems.map((problem) => ({
    ...problem,
    roles: Object.fromEntries(
      scaled.map(({ role, of }): [string, RoleCost] => {
        const [prompt, cached, completion, usd, seconds] = of(problem.roles[role] ?? NOTHING)
        return [
          role,
          {
            ...{ promptTokens: prompt ?? 0, cachedTokens: cached ?? 0, completionTokens: completion ?? 0 },
            ...{ usd: usd ?? null, sequenceSeconds: seconds ?? 0 },
          },
        ]
      }),
    ),
  }))
}

/** GPU hours as they cost at full load: a probe leaves engines half empty, and its few calls would pay for all of them. */
function withFullEngines(problems: readonly ProblemCost[], callers: readonly RoleEndpoints[]): ProblemCost[] {
  return problems.map((problem) => {
    const roles = { ...problem.roles }
    for (const { role, price, endpoints } of callers) {
      const cost = roles[role]
      if (cost === undefined || price?.per !== 'gpu-hour') continue
      const whole = endpoints.reduce((sum, { limit, weight }) => sum + limit * weight, 0)
      const engineSeconds = endpoints.reduce((sum, { weight }) => sum + (cost.sequenceSeconds * weight) / whole, 0)
      roles[role] = { ...cost, usd: usdOf(price, NO_TOKENS, engineSeconds) }
    }
    return { ...problem, roles }
  })
}

/** The engine with the most seconds of sequences for each that it may run at once. Roles spread by limit × weight. */
function busiest(problems: readonly ProblemCost[], callers: readonly RoleEndpoints[]) {
  const engines = new Map<string, { url: string; limit: number; shares: Map<string, number> }>()
  for (const { role, endpoints } of callers) {
    const whole = endpoints.reduce((sum, { limit, weight }) => sum + limit * weight, 0)
    for (const { url, limit, weight } of endpoints) {
      const engine = engines.get(url) ?? { url, limit, shares: new Map<string, number>() }
      engine.limit = Math.min(engine.limit, limit)
      engine.shares.set(role, (limit * weight) / whole)
      engines.set(url, engine)
    }
  }
  let found: { url: string; limit: number; hours: (problem: ProblemCost) => number; load: number } | null = null
  for (const { url, limit, shares } of engines.values()) {
    const hours = ({ roles }: ProblemCost): number => {
      let seconds = 0
      for (const [role, share] of shares) seconds += (roles[role]?.sequenceSeconds ?? 0) * share
      return seconds / limit / 3600
    }
    const load = problems.reduce((sum, problem) => sum + hours(problem), 0)
    if (found === null || load > found.load) found = { url, limit, hours, load }
  }
  return found
}
