// Which process reward the steps of an export are labelled by.

import { UsageFault } from '../../schemas/failure.ts'
import type { Ask } from './ask.ts'
import type { Filters, Look } from './contract.ts'
import { parametersOf } from './query.ts'

/** The look with the reward of its name, or with the only one there is. Throws UsageFault where that is not one. */
export async function findReward(ask: Ask, look: Look, filters: Filters): Promise<Look> {
  const found = await ask.rows<{ name: string }>(
    `SELECT DISTINCT arrayJoin(mapKeys(reward_steps)) AS name FROM responses FINAL
     WHERE run_id IN {runs:Array(String)} AND revision = {revision:String} ORDER BY name`,
    parametersOf(filters, look),
  )
  const names = found.map(({ name }) => name)
  const reward = look.reward ?? (names.length === 1 ? names[0]! : null)
  if (reward !== null && names.includes(reward)) return { ...look, reward }
  const there =
    names.length === 0
      ? `no response of run ${filters.runs.join(', ')}, revision ${filters.revision}, has scores of steps; a reward of kind process-rm gives them`
      : `there is ${names.join(', ')}`
  throw new UsageFault(reward === null ? `--reward: say which; ${there}` : `--reward ${reward}: ${there}`)
}
