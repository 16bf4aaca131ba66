// The options of the command line that stand for settings (--total, --endpoint, --model …), written into the
// raw tree before it is checked, so that a wrong option is found by the same rules as a wrong file.

import type { ConfigPath } from './fault.ts'
import { valueAt } from './fault.ts'

/** undefined: not given. */
export interface Overrides {
  /** Base URLs that stand for those of every role, every rewarder and the embedding model. */
  readonly endpoint?: readonly string[] | undefined
  /** Model that stands for that of every role, every rewarder and the embedding model. */
  readonly model?: string | undefined
  /** Name of the run. */
  readonly name?: string | undefined
  /** Problems wanted. */
  readonly total?: number | undefined
  /** Rows wanted. */
  readonly accept?: number | undefined
  /** Of which data set; SFT unless given. */
  readonly of?: 'sft' | 'preference' | undefined
  /** Budgets of the run. */
  readonly budgetUsd?: number | undefined
  readonly budgetTokens?: number | undefined
  readonly maxHours?: number | undefined
  readonly out?: string | undefined
  readonly language?: string | undefined
}

export interface Override {
  readonly path: ConfigPath
  readonly value: unknown
  /** The option as typed, for faults. */
  readonly option: string
}

/** Places of the rewards that a model gives. */
function rewarders(tree: unknown): ConfigPath[] {
  const rewards = valueAt(tree, ['stages', 'reward', 'rewards'])
  if (!Array.isArray(rewards)) return []
  return rewards.flatMap((reward: unknown, index) =>
    valueAt(reward, ['kind']) === 'agreement' ? [] : [['stages', 'reward', 'rewards', index]],
  )
}

/** The place of the embedding model, where it is called. */
function embedder(tree: unknown): ConfigPath[] {
  const path = ['stages', 'screen', 'embeddings']
  return valueAt(tree, [...path, 'enabled']) === true ? [path] : []
}

/**
 * What the options set, in the order of application: for every role that the tree names or `needed` names, and for
 * every rewarder and the embedding model. `templateOf` names the template of a model id or null; with --model the questioner gets its
 * template, and keeps the file's where the model is not known or the file gives a chat template.
 */
export function overridesFor(
  tree: unknown,
  given: Overrides,
  needed: readonly string[],
  templateOf: (model: string) => string | null,
): Override[] {
  const named = valueAt(tree, ['roles'])
  const roles = new Set([...(typeof named === 'object' && named !== null ? Object.keys(named) : []), ...needed])
  const speakers: ConfigPath[] = [...[...roles].map((role) => ['roles', role]), ...rewarders(tree), ...embedder(tree)]
  const list: Override[] = []
  const endpoints = given.endpoint ?? []
  if (endpoints.length > 0) {
    for (const speaker of speakers) {
      const limit = valueAt(tree, [...speaker, 'endpoints', 0, 'limit'])
      const value = endpoints.map((url) => (limit === undefined ? { url } : { url, limit }))
      list.push({ path: [...speaker, 'endpoints'], value, option: `--endpoint ${endpoints.join(' --endpoint ')}` })
    }
  }
  const { model } = given
  if (model !== undefined) {
    const option = `--model ${model}`
    for (const speaker of speakers) list.push({ path: [...speaker, 'model'], value: model, option })
    const template = templateOf(model)
    const own = valueAt(tree, ['roles', 'questioner', 'chatTemplate']) !== undefined
    if (template !== null && !own) list.push({ path: ['roles', 'questioner', 'template'], value: template, option })
  }
  if (given.name !== undefined) list.push({ path: ['name'], value: given.name, option: `--run ${given.name}` })
  if (given.total !== undefined) list.push({ path: ['total'], value: given.total, option: `--total ${given.total}` })
  if (given.accept !== undefined) {
    const of = given.of ?? 'sft'
    const option = `--accept ${given.accept}${given.of === undefined ? '' : ` --of ${of}`}`
    const wanted = { sft: null, preference: null, [of]: given.accept, minimum: 0, exact: true }
    for (const [name, value] of Object.entries(wanted)) list.push({ path: ['accept', name], value, option })
    // A number of problems in the file would end the run before the rows are there.
    if (given.total === undefined) list.push({ path: ['total'], value: null, option })
  }
  for (const [name, option, value] of [
    ['usd', '--budget-usd', given.budgetUsd],
    ['tokens', '--budget-tokens', given.budgetTokens],
    ['hours', '--max-hours', given.maxHours],
  ] as const) {
    if (value !== undefined) list.push({ path: ['budget', name], value, option: `${option} ${value}` })
  }
  if (given.out !== undefined) list.push({ path: ['out'], value: given.out, option: `--out ${given.out}` })
  if (given.language !== undefined) {
    list.push({ path: ['language'], value: given.language, option: `--lang ${given.language}` })
  }
  return list
}
