// THE list: the way of the data, from the problems topic to the data sets. A verb is a stage (a file in
// processors/), a participle or plural is a topic (a line in schemas/topics.ts). A stage that the config switches
// off is left out, and its successor reads what it would have read.

import type { Config } from './configs/schema.ts'
import type { RecordName } from './schemas/records.ts'
import { STAGE_TOPICS, TOPICS } from './schemas/topics.ts'
import type { StageTopic, TopicName } from './schemas/topics.ts'

export const STAGES = [
  { name: 'screen', to: 'screened' },
  { name: 'tag', to: 'tagged' },
  { name: 'answer', to: 'answered' },
  { name: 'sample', to: 'sampled' },
  { name: 'verify', to: 'verified' },
  { name: 'judge', to: 'judged' },
  { name: 'reward', to: 'rewarded' },
  { name: 'converse', to: 'conversed' },
  { name: 'curate', to: 'sft' }, // and preferences
] as const satisfies readonly { name: string; to: TopicName }[]

export type StageName = (typeof STAGES)[number]['name']

/** Parts of a run that are no stages, as `--stages` names them. */
export const ENDS = ['produce', 'clickhouse', 'json'] as const

export type PartName = StageName | (typeof ENDS)[number]

export const PART_NAMES: readonly PartName[] = [...STAGES.map((stage) => stage.name), ...ENDS]

/** A stage with its place in this config's pipeline. */
export interface PlannedStage {
  readonly name: StageName
  readonly from: TopicName
  /** Revision whose topic it reads, where that is another one than its own: the first stage of a replay. */
  readonly of?: string
  readonly reads: RecordName
  readonly to: TopicName
}

/** The stages that this config has, each reading what its nearest predecessor writes; the first one of a replay what it replays. */
export function planStages({ stages, replay }: Pick<Config, 'stages' | 'replay'>): PlannedStage[] {
  const planned: PlannedStage[] = []
  let from: StageTopic = replay?.from ?? 'problems'
  for (const { name, to } of STAGES) {
    const settings = stages[name]
    if ('enabled' in settings && !settings.enabled) continue
    if (replay !== null && !replay.stages.includes(name)) continue
    const of = replay !== null && planned.length === 0 ? { of: replay.of } : {}
    // A record that something is added to stays as far as it came.
    const isBehind = replay !== null && replay.into !== null && rankOf(from) > rankOf(to)
    planned.push({ name, from, reads: TOPICS[from].record, to: isBehind ? from : to, ...of })
    if (to !== 'sft') from = to // no stage reads on behind the last
  }
  return planned
}

function rankOf(topic: TopicName): number {
  return (STAGE_TOPICS as readonly TopicName[]).indexOf(topic)
}

/** Every topic to which what comes of a stage's records may go. */
export function writtenBy({ name, to }: Pick<PlannedStage, 'name' | 'to'>): readonly TopicName[] {
  return [to, ...(name === 'curate' ? (['preferences'] as const) : []), 'rejections', 'dead-letters']
}

/** Topics whose records carry all responses with their verdicts, the one that knows most first. */
const WITH_VERDICTS = ['conversed', 'rewarded', 'judged', 'verified'] as const

/** The last of them that this pipeline has: what curate reads. */
export function judgedTopic(planned: readonly PlannedStage[]): (typeof WITH_VERDICTS)[number] {
  return WITH_VERDICTS.find((topic) => planned.some(({ to }) => to === topic)) ?? 'verified'
}

/** The topic from which rows of responses are made: judgedTopic, or where no stage of a replay judges, the last that has responses. */
export function responsesTopic(planned: readonly PlannedStage[]): TopicName {
  const isWritten = (topic: TopicName): boolean => planned.some(({ to }) => to === topic)
  return (['conversed', 'rewarded', 'judged', 'verified', 'sampled', 'answered'] as const).find(isWritten) ?? 'verified'
}

/** Do rows of responses belong to this pipeline? Not to a replay that leaves all responses as they are. */
export function givesResponses(planned: readonly PlannedStage[]): boolean {
  const last = responsesTopic(planned)
  return planned.every(({ of }) => of === undefined) || planned.some(({ to }) => to === last)
}

/** Consumer group of one part of a run. */
export function groupOf(runId: string, revision: string, part: PartName): string {
  return `magpie.${runId}.${revision}.${part}`
}
