// What curation asks for must be there: rewards by their names, steps for process pairs, tags for the rule that looks
// at them.

import type { ConfigFault, ConfigPath } from './fault.ts'
import type { Sections } from './schema.ts'

/** Kinds of rewards that may score steps. */
const WITH_STEPS: readonly string[] = ['process-rm', 'reward-model']

/** Faults of stages.curate against the other stages. */
export function brokenCuration({ stages: { reward, tag }, asFarAsRight: { curate } }: Sections): ConfigFault[] {
  if (curate === null) return []
  const { preference, sft } = curate
  const changes: [ConfigPath, typeof curate.sft.rules][] = [
    [['rules'], curate.rules],
    ...(sft.enabled ? [[['sft', 'rules'], sft.rules] satisfies [ConfigPath, unknown]] : []),
    ...(preference.enabled
      ? [
          [['preference', 'rules'], preference.rules] satisfies [ConfigPath, unknown],
          [['preference', 'rejectedRules'], preference.rejectedRules] satisfies [ConfigPath, unknown],
        ]
      : []),
  ]
  const faults: ConfigFault[] = []
  const fault = (path: ConfigPath, text: string): void => {
    faults.push({ path: ['stages', 'curate', ...path], text })
  }
  if (tag?.enabled === false) {
    for (const [path, { tags }] of changes)
      if (tags !== undefined && tags !== null)
        fault([...path, 'tags'], 'would refuse every problem: stages.tag is off, so none has tags; turn it on')
  }
  if (reward?.enabled !== true) return faults
  const names = reward.rewards.map(({ name }) => name)
  const known = (name: string, path: ConfigPath): boolean => {
    if (names.includes(name)) return true
    fault(path, `"${name}" is none of the rewards in stages.reward.rewards; choose ${names.join(' or ')}`)
    return false
  }
  const rankIsKnown = known(curate.reward, ['reward'])
  for (const [path, { rewards }] of changes)
    for (const name of Object.keys(rewards ?? {})) known(name, [...path, 'rewards', name])
  if (!preference.enabled || preference.pairs !== 'process') return faults
  const { reward: named } = preference.process
  const deciding = named ?? curate.reward
  const path = ['preference', 'process', 'reward']
  if (named === null ? !rankIsKnown : !known(named, path)) return faults
  const kind = reward.rewards.find(({ name }) => name === deciding)?.kind ?? ''
  if (!WITH_STEPS.includes(kind))
    fault(
      path,
      `is "${deciding}", of kind ${kind}, which scores no steps; name a reward of kind ${WITH_STEPS.join(' or ')}`,
    )
  return faults
}
