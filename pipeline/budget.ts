// When a run has spent enough. Promises: no problem is started that, with those on their way, would cost more than
// what is left, as far as finished work tells; whatever it tells, a budget that is used up ends the run.

import type { Config } from '../configs/schema.ts'
import { EMBEDDER } from '../llm/config.ts'
import { FOLLOW_UP_ACCOUNT } from '../processors/conversing/follow-up.ts'
import { TURN_ACCOUNT } from '../processors/conversing/turn-answer.ts'
import type { Source } from './produce.ts'
import type { BudgetName } from '../schemas/records.ts'
import type { Spent } from './spending.ts'

export type Budget = Config['budget']

export interface BudgetGuard {
  /** How many more problems may be started, so many being open. 0 for good when it says so with none open. */
  room(open: number): number
  /** The budget for which no problem is started any more; null while there is room. */
  closed(): BudgetName | null
  /** The budget that is used up; null: none. */
  reached(): BudgetName | null
}

export interface GuardParts {
  readonly budget: Budget
  readonly spent: () => Spent
  /** Roles that cost something, by the part of the run that calls them. */
  readonly payers: ReadonlyMap<string, readonly string[]>
  /** Problems that are started together. */
  readonly atOnce: number
  /** Milliseconds of this start, and the problems that have ended in them. */
  readonly pace: () => { readonly milliseconds: number; readonly ended: number }
}

/** A part's cost is known when it has finished so many records. */
const KNOWN = 4
/** Until every part's cost is known, no more problems than these are on their way. */
const PILOT = 32

const HOUR_MS = 3_600_000
/** Of what is left so much is given away: problems differ, and those on the way may cost more than those that ended. */
const SPARE = 0.9

/** See docs/cost.md for the rule. */
export function createBudgetGuard({ budget, spent, payers, atOnce, pace }: GuardParts): BudgetGuard {
  let closed: BudgetName | null = null
  const amounts = (total: Spent): Record<BudgetName, number> => ({
    usd: total.usd ?? 0,
    tokens: total.tokens,
    hours: total.leadMilliseconds / HOUR_MS,
  })
  const names = (['usd', 'tokens', 'hours'] as const).filter((name) => budget[name] !== null)

  /** Problems that what is left of a budget would take to their ends. */
  const affordable = (name: BudgetName, total: Spent): number => {
    const left = budget[name]! - amounts(total)[name]
    if (left <= 0) return 0
    if (name === 'hours') {
      const { milliseconds, ended } = pace()
      return ended < KNOWN ? Infinity : (ended * left * HOUR_MS) / milliseconds
    }
    const each = costOfProblem(name, total, payers)
    if (each === null) return Math.max(PILOT, atOnce)
    return each === 0 ? Infinity : (left * SPARE) / each
  }

  return {
    room(open) {
      if (names.length === 0) return Infinity
      const total = spent()
      let least = Infinity
      for (const name of names) {
        const problems = Math.floor(affordable(name, total))
        // With nobody on the way, waiting will not make room.
        if (open === 0 && problems < atOnce) closed ??= name
        least = Math.min(least, problems)
      }
      return closed === null ? least - open : 0
    },
    closed: () => closed,
    reached() {
      const now = amounts(spent())
      return names.find((name) => now[name] >= budget[name]!) ?? null
    },
  }
}

/**
 * What a problem costs that goes through all parts: what each part has spent for each record it has finished, summed.
 * null: a part has finished too few.
 */
export function costOfProblem(
  name: 'usd' | 'tokens',
  { roles, done }: Pick<Spent, 'roles' | 'done'>,
  payers: GuardParts['payers'],
): number | null {
  let sum = 0
  for (const [part, names] of payers) {
    const finished = done[part] ?? 0
    if (finished < KNOWN) return null
    let cost = 0
    for (const role of names) {
      const spending = roles[role]
      if (spending === undefined) continue
      cost += name === 'usd' ? (spending.usd ?? 0) : spending.promptTokens + spending.completionTokens
    }
    sum += cost / finished
  }
  return sum
}

/** The parts of a run that call models, with the roles and reward models that each calls. */
export function payersOf({ stages }: Config, source: Source): Map<string, readonly string[]> {
  const payers = new Map<string, readonly string[]>()
  if (source.kind === 'magpie') payers.set('produce', ['questioner'])
  if (stages.screen.embeddings.enabled) payers.set('screen', [EMBEDDER])
  if (stages.tag.enabled) payers.set('tag', ['tagger'])
  if (stages.answer.enabled) payers.set('answer', ['answerer'])
  if (stages.sample.enabled) payers.set('sample', ['sampler'])
  if (stages.judge.enabled) payers.set('judge', ['judge'])
  const models = stages.reward.rewards.filter(({ kind }) => kind !== 'agreement').map(({ name }) => `reward:${name}`)
  if (stages.reward.enabled && models.length > 0) payers.set('reward', models)
  if (stages.converse.enabled) payers.set('converse', [FOLLOW_UP_ACCOUNT, TURN_ACCOUNT])
  return payers
}
