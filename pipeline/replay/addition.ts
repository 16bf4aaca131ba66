// A replay that adds to rows that are there (`--into`): one stage that only adds, over the records that came farthest,
// since their rows are written whole. What it may not do is told before anything is written.

import { z } from 'zod'
import type { Replay } from '../../configs/replay.ts'
import type { Config } from '../../configs/schema.ts'
import { PART_NAMES, planStages } from '../../pipeline.ts'
import type { RunRecord } from '../../schemas/records.ts'
import { STAGE_TOPICS } from '../../schemas/topics.ts'
import type { StageTopic } from '../../schemas/topics.ts'
import { holdOf } from '../run-records.ts'
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

/** Of the config of any version: what it adds to. */
const adding = z.looseObject({
  replay: z.looseObject({ into: z.string().nullish(), stages: z.array(z.string()) }).nullish(),
})

/** Other additions to the same rows that are at work now (states: newest words of all runs), as whole sentences. */
export function rivalsOf(
  { runId, revision, into, stages }: Pick<RunRecord, 'runId' | 'revision'> & Pick<Replay, 'into' | 'stages'>,
  states: readonly RunRecord[],
  now: number,
  isAlive: (pid: number) => boolean,
): string[] {
  const rivals = states.filter((each) => {
    if (each.runId !== runId || each.revision === revision) return false
    // A word from ahead of this machine's clock is a word of now.
    if (holdOf(each, Math.max(now, each.createdAt), isAlive) !== 'held') return false
    const other = adding.safeParse(JSON.parse(each.config)).data?.replay
    return other?.into === into && other.stages.some((stage) => stages.includes(stage))
  })
  return rivals.map(
    ({ revision: other, pid, host }) =>
      `revision ${other} of run ${runId} (process ${pid} on ${host}) adds to the same rows of ${into} now: wait until it is finished or stop it (Ctrl-C in its terminal), and give this command again then`,
  )
}
