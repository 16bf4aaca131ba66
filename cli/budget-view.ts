// What a run has spent and may spend, as the messages take it.

import type { Budget } from '../pipeline/budget.ts'
import type { RunSnapshot } from '../pipeline/run-contract.ts'
import type { Spent } from '../pipeline/spending.ts'
import type { BudgetName } from '../schemas/records.ts'
import type { SpentBudget } from './messages/contract.ts'

/** One budget with what of it is spent; limit null where this process has no such budget (another one had). */
export function budgetOf(name: BudgetName, spent: Spent, budget: Budget): SpentBudget {
  const amounts = { usd: spent.usd ?? 0, tokens: spent.tokens, hours: spent.leadMilliseconds / 3_600_000 }
  return { name, spent: amounts[name], limit: budget[name] }
}

/** What is worth showing while the run goes on: money where there are prices, and every budget. */
export function spentBudgets({ spent, budget }: Pick<RunSnapshot, 'spent' | 'budget'>): SpentBudget[] {
  return (['usd', 'tokens', 'hours'] as const)
    .filter((name) => budget[name] !== null || (name === 'usd' && spent.usd !== null))
    .map((name) => budgetOf(name, spent, budget))
}
