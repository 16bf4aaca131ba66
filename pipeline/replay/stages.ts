// Which stages a replay has: those behind its topic that the config has on, or some of them.

import type { Replay } from '../../configs/replay.ts'
import type { Config } from '../../configs/schema.ts'
import { ENDS, PART_NAMES, planStages, STAGES } from '../../pipeline.ts'
import type { PartName, StageName } from '../../pipeline.ts'
import { STAGE_TOPICS } from '../../schemas/topics.ts'
import type { StageTopic } from '../../schemas/topics.ts'

/** The topic that tells least of a problem which a stage can read. */
export const LEAST: Readonly<Record<StageName, StageTopic>> = {
  screen: 'problems',
  tag: 'screened',
  answer: 'screened',
  sample: 'screened',
  verify: 'screened',
  judge: 'verified',
  reward: 'verified',
  converse: 'verified',
  curate: 'verified',
}

/** All stages behind a topic, whatever a config has on. */
export function stagesBehind(topic: StageTopic): StageName[] {
  const writer = STAGES.findIndex(({ to }) => to === topic)
  return STAGES.slice(writer + 1).map(({ name }) => name)
}

/** What `--stages` of a replay names. */
export interface NamedParts {
  /** null: all behind the topic. */
  readonly stages: readonly StageName[] | null
  /** null: those of the config. */
  readonly sinks: readonly ('clickhouse' | 'json')[] | null
}

/** Reads the names; faults are whole sentences. */
export function namedParts(names: readonly string[], from: StageTopic): NamedParts & { readonly faults: string[] } {
  const behind: readonly string[] = stagesBehind(from)
  const sinks = ENDS.filter((end) => end !== 'produce')
  const isStage = (name: string): boolean => STAGES.some((stage) => stage.name === name)
  const faults = names.flatMap((name) => {
    if (behind.includes(name) || (sinks as readonly string[]).includes(name)) return []
    if (isStage(name)) return [`--stages: ${name} comes before topic ${from}; behind it there are ${behind.join(', ')}`]
    if ((PART_NAMES as readonly string[]).includes(name)) return [`--stages: a replay has no ${name}`]
    return [`--stages: there is no "${name}"; there are ${[...behind, ...sinks].join(', ')}`]
  })
  const stages = stagesBehind(from).filter((name) => names.includes(name))
  const ends = sinks.filter((name) => names.includes(name))
  return { stages: stages.length === 0 ? null : stages, sinks: ends.length === 0 ? null : ends, faults }
}

/** The stages of a replay by its config, or what is wrong with them. */
export function replayStages(
  config: Pick<Config, 'stages'>,
  source: Pick<Replay, 'of' | 'from' | 'into'>,
  named: readonly StageName[] | null,
): { readonly stages: StageName[]; readonly faults: string[] } {
  const wanted = named ?? stagesBehind(source.from)
  const replay = { ...source, stages: [...wanted], begin: {}, end: null, selection: null, keep: [] }
  const planned = planStages({ stages: config.stages, replay })
  const off = (named ?? []).filter((name) => !planned.some((stage) => stage.name === name))
  const order: readonly string[] = STAGE_TOPICS
  const rank = (topic: string): number => order.indexOf(topic)
  const blind = planned.filter((stage) => rank(stage.from) < rank(LEAST[stage.name]))
  return {
    stages: planned.map(({ name }) => name),
    faults: [
      ...off.map((name) => `--stages: ${name} is switched off in the config: set stages.${name}.enabled to true`),
      ...blind.map(({ name, from: reads }) => {
        const writer = STAGES.find(({ to }) => to === LEAST[name])!.name
        return `--stages: ${name} cannot read ${reads}: it needs what ${writer} writes; name ${writer} too, or begin at ${LEAST[name]}`
      }),
    ],
  }
}

/** Parts that a process of a replay may run: its stages, and the sinks that its config has on. */
export function replayParts({ stages, sinks, replay }: Pick<Config, 'stages' | 'sinks' | 'replay'>): PartName[] {
  const planned = planStages({ stages, replay }).map(({ name }) => name)
  return [...planned, ...(['clickhouse', 'json'] as const).filter((name) => sinks[name].enabled)]
}
