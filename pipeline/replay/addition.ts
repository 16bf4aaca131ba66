// A replay that adds to rows that are there (`--into`): one stage that only adds, over the records that came farthest,
// since their rows are written whole. What it may not do is told before anything is written.

import type { Config } from '../../configs/schema.ts'
import { PART_NAMES, planStages } from '../../pipeline.ts'
import { STAGE_TOPICS } from '../../schemas/topics.ts'
import type { StageTopic } from '../../schemas/topics.ts'
import { LEAST } from './stages.ts'
import type { NamedParts } from './stages.ts'

const ADDING = ['tag', 'reward'] as const

export type AddingStage = (typeof ADDING)[number]

/** What `--stages` of an addition names; faults are whole sentences. */
export function namedAddition(names: readonly string[]): NamedParts & { readonly faults: string[] } {
  const stages = ADDING.filter((stage) => names.includes(stage))
  const others = names.filter((name) => name !== 'clickhouse' && !stages.some((stage) => stage === name))
  const isPart = (name: string): boolean => (PART_NAMES as readonly string[]).includes(name)
  return {
    stages,
    sinks: ['clickhouse'],
    faults: [
      ...others.map((name) =>
        isPart(name)
          ? `--into: rows gain labels (tag) or scores (reward), and nothing of ${name}; leave --into out, so that it makes rows of its own revision`
          : `--stages: there is no "${name}"; with --into there are ${ADDING.join(', ')}`,
      ),
      ...(stages.length === 1
        ? []
        : [`--into: name the one stage that adds, --stages ${ADDING.join(' or --stages ')}`]),
    ],
  }
}

/** The topic of the revision with all that its rows know; a sentence where none has what the stage needs. */
export function additionTopic(
  source: Pick<Config, 'stages' | 'replay'>,
  stage: AddingStage,
): { readonly from: StageTopic } | { readonly fault: string } {
  const written = planStages(source).map(({ to }) => to as string)
  const enough = STAGE_TOPICS.slice(STAGE_TOPICS.indexOf(LEAST[stage]))
  const from = enough.findLast((topic) => written.includes(topic))
  return from === undefined
    ? { fault: `--into: ${stage} needs topic ${enough.join(' or ')}, and the revision has none of them` }
    : { from }
}
