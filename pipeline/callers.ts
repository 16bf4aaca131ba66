// The models that a config calls, as llm/ takes them: roles, reward models, the embedding model.

import type { Config } from '../configs/schema.ts'
import type { createLlm } from '../llm/llm.ts'
import { planStages } from '../pipeline.ts'
import type { StageName } from '../pipeline.ts'
import { embedderOf } from '../processors/screening/embedding-settings.ts'

type Models = Parameters<typeof createLlm>[0]

/** Every model that a run of this config calls; of a replay those of its stages alone. */
export function callersIn(config: Config): Pick<Models, 'roles' | 'rewarders' | 'embedder'> {
  const roles = rolesOf(config)
  const rewarders = rewardersOf(config.stages.reward.rewards)
  const embedder = embedderOf(config.stages.screen.embeddings)
  if (config.replay === null) return { roles, rewarders, embedder }
  const stages = planStages(config).map(({ name }) => name)
  const called = new Set(stages.flatMap((name) => ROLES[name]))
  const scores = stages.includes('reward')
  const isCalled = (role: string): boolean => called.has(role) || (scores && role.startsWith('reward:'))
  return {
    roles: Object.fromEntries(Object.entries(roles).filter(([role]) => isCalled(role))),
    rewarders: scores ? rewarders : {},
    embedder: stages.includes('screen') ? embedder : undefined,
  }
}

/** The roles that each stage calls, beside the judges among the rewards. */
const ROLES: Readonly<Record<StageName, readonly string[]>> = {
  screen: [],
  tag: ['tagger'],
  answer: ['answerer'],
  sample: ['sampler'],
  verify: [],
  judge: ['judge'],
  reward: [],
  converse: ['questioner', 'answerer'],
  curate: [],
}

/** The reward models by the names of their rewards. */
export function rewardersOf(rewards: Config['stages']['reward']['rewards']): Models['rewarders'] {
  return Object.fromEntries(
    rewards.flatMap((reward) =>
      reward.kind === 'agreement' || reward.kind === 'judge' ? [] : [[reward.name, reward] as const],
    ),
  )
}

/** The roles, and the judges among the rewards as roles `reward:NAME`. */
export function rolesOf({ roles, stages }: Config): Models['roles'] {
  const judges = stages.reward.rewards.flatMap((reward) =>
    reward.kind === 'judge' ? [[`reward:${reward.name}`, reward] as const] : [],
  )
  return { ...roles, ...Object.fromEntries(judges) }
}
