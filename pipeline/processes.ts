// What each planned stage does, ready for the stage runtime: its process, and what its outputs are on the wire.
// A switch over the names, so that the compiler asks for a new stage here.

import type { Config } from '../configs/schema.ts'
import type { Llm } from '../llm/contract.ts'
import { requireRoleTemplate } from '../llm/role-template.ts'
import { promptPrefix } from '../llm/templates.ts'
import type { MathPool } from '../math/contract.ts'
import type { PlannedStage } from '../pipeline.ts'
import { createAnswer } from '../processors/answer.ts'
import { createConverse } from '../processors/converse.ts'
import { createCurate } from '../processors/curate.ts'
import type { Curated } from '../processors/curate.ts'
import { createJudge } from '../processors/judge.ts'
import { createReward } from '../processors/reward.ts'
import { createSample } from '../processors/sample.ts'
import { createScreen, createScreenAhead } from '../processors/screen.ts'
import { openContamination } from '../processors/screening/contamination-files.ts'
import { createEmbeddingDuplicates } from '../processors/screening/embedding-duplicates.ts'
import { embedderOf } from '../processors/screening/embedding-settings.ts'
import { createScreenIndex } from '../processors/screening/screen-index.ts'
import { createTag } from '../processors/tag.ts'
import { createVerify } from '../processors/verify.ts'
import type { Codec } from '../schemas/codec.ts'
import type { Logger } from '../schemas/logger.ts'
import type { RecordName, Records, Screened } from '../schemas/records.ts'
import { topicFor, TOPICS } from '../schemas/topics.ts'
import type { TopicName } from '../schemas/topics.ts'
import type { KafkaConnection } from '../stream/kafka.ts'
import type { LookAhead, Process } from '../stream/outcome.ts'
import type { Outgoing } from '../stream/outgoing.ts'
import { readTopic } from '../stream/read-topic.ts'
import { readable } from './read-records.ts'
import type { Keep } from './replay/keep.ts'

/** What stages are made of. */
export interface StageTools {
  readonly config: Config
  readonly runId: string
  readonly revision: string
  readonly llm: Llm
  readonly math: MathPool
  readonly codec: Codec
  readonly connection: KafkaConnection
  readonly log: Logger
  /** What a replay takes over; null: nothing. */
  readonly keep: Keep | null
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
}

/** A stage as the runtime takes it. What its process takes is what the planned stage reads. */
export interface StageParts {
  /** Emits what goes to the topics. */
  readonly process: Process<never, readonly Outgoing[], never>
  /** Finds out what its process is handed as seen. */
  readonly lookAhead?: LookAhead<never, unknown>
  /** One record at a time, in log order. */
  readonly ordered: boolean
  /** Runs after new partitions were assigned, before work on them starts. */
  readonly prepare?: (signal: AbortSignal) => Promise<void>
}

/** The parts of a planned stage. The config has what the stage needs: configs/rules.ts has seen to it. */
export function stageParts({ name, to }: PlannedStage, tools: StageTools): StageParts {
  const { config, llm, math, keep, now } = tools
  const { stages, roles } = config
  const route = routeTo(to, tools)
  switch (name) {
    case 'screen':
      return screenParts(tools)
    case 'tag':
      return free(createTag({ llm, config: isAddition(config) ? LABELS_ALONE : stages.tag, now }), route)
    case 'answer':
      return free(createAnswer({ llm, role: roles.answerer!, now }), route)
    case 'sample':
      return free(createSample({ llm, config: stages.sample, role: roles.sampler!, now }), route)
    case 'verify':
      return free(createVerify({ math, config: stages.verify, now }), route)
    case 'judge':
      return free(createJudge({ llm, config: stages.judge, now }), route)
    case 'reward':
      return free(createReward({ llm, config: stages.reward, past: keep?.scores, taken: keep?.taken, now }), route)
    case 'converse':
      return free(createConverse(converseParts(tools)), route)
    case 'curate': {
      const toSft = routeTo('sft', tools)
      const toPreferences = routeTo('preferences', tools)
      return free(createCurate({ config: stages.curate, now }), ({ sft, preferences }: Curated) => [
        ...(sft === null ? [] : toSft(sft)),
        ...preferences.flatMap(toPreferences),
      ])
    }
  }
}

/** Refuses nothing: a problem that has come to its end does not end again. */
const LABELS_ALONE = {
  refuse: { difficulty: [], quality: [], category: [], language: [], safety: [] },
  languages: null,
} as const satisfies Parameters<typeof createTag>[0]['config']

/** Its stage adds to what another revision has. */
function isAddition({ replay }: Config): boolean {
  return replay !== null && replay.into !== null
}

/** What the converse stage is made of: the judgement of other stages is asked by their own config. */
function converseParts({ config, llm, math, now }: StageTools): Parameters<typeof createConverse>[0] {
  const { stages, roles, producer } = config
  const { controlTask, system } = producer
  const template = requireRoleTemplate(roles.questioner!)
  return {
    ...{ llm, math, now, config: stages.converse, answerer: roles.answerer! },
    ...{ screen: stages.screen, verify: stages.verify, curate: stages.curate },
    contamination: openContamination(stages.screen.contamination),
    prefix: (past) => promptPrefix(template, { controlTask, system, past }),
  }
}

/** A stage whose records are independent of one another. */
function free<In, Out>(process: Process<In, Out>, route: (out: Out) => Outgoing[]): StageParts {
  return { process: routed(process, route), ordered: false }
}

/** The same process with its outputs as messages. */
function routed<In, Out, Seen>(
  process: Process<In, Out, Seen>,
  route: (out: Out) => Outgoing[],
): Process<In, Outgoing[], Seen> {
  return async (record, context, seen) => {
    const outcome = await process(record, context, seen)
    return 'emit' in outcome ? { emit: route(outcome.emit) } : outcome
  }
}

/** One output to one topic, keyed by its problem. */
export function routeTo(topic: TopicName, { codec, revision }: Pick<StageTools, 'codec' | 'revision'>) {
  const record: RecordName = TOPICS[topic].record ?? 'Problem'
  const name = topicFor(topic, revision)
  return (out: Records[RecordName]): Outgoing[] => [
    {
      topic: name,
      key: 'problemId' in out ? out.problemId : out.id,
      value: codec.encode(record, out),
    },
  ]
}

/** Screening decides over all problems before: what it knows is rebuilt from what was accepted whenever it takes over. */
function screenParts(tools: StageTools): StageParts {
  const { config, connection, runId, revision, llm, log, now } = tools
  const rules = config.stages.screen
  const { duplicates } = rules
  const index = createScreenIndex(duplicates)
  const contamination = openContamination(rules.contamination)
  const embedder = embedderOf(rules.embeddings)
  const embeddings =
    embedder === undefined ? undefined : createEmbeddingDuplicates({ llm, embedder, rules: rules.embeddings, log })
  const screening = { config: rules, index, contamination, embeddings, now }
  const scope = duplicates.scope === 'run' ? runId : null

  async function* accepted(signal: AbortSignal): AsyncIterable<Screened> {
    for await (const message of readTopic(connection, { topic: topicFor('screened', revision), signal })) {
      const record = readable(tools, 'Screened', message)
      if (record === null) continue
      if (scope === null || record.runId === scope) embeddings?.recall(record)
      // Where words are not compared their index stays empty.
      if (duplicates.enabled) yield record
    }
  }
  return {
    process: routed(createScreen(screening), routeTo('screened', tools)),
    ...(embeddings === undefined ? {} : { lookAhead: createScreenAhead({ ...screening, embeddings }) }),
    ordered: true,
    prepare: async (signal) => {
      if (!duplicates.enabled && embeddings === undefined) return
      embeddings?.begin()
      await index.rebuild(accepted(signal), scope)
      embeddings?.recalled()
    },
  }
}
