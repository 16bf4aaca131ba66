// Starts the planned stages that this process runs, each with its own consumer group.

import { EMBEDDER } from '../llm/config.ts'
import { groupOf, writtenBy } from '../pipeline.ts'
import type { PlannedStage, StageName } from '../pipeline.ts'
import type { Logger } from '../schemas/logger.ts'
import { paidBy } from '../schemas/past.ts'
import type { PastRecord } from '../schemas/past.ts'
import type { Records } from '../schemas/records.ts'
import { topicFor } from '../schemas/topics.ts'
import type { RecordPlace } from '../stream/consumer.ts'
import type { Outgoing } from '../stream/outgoing.ts'
import { createJournal } from '../stream/journal.ts'
import { journalTopic } from '../stream/read-calls.ts'
import type { LookAhead, Process } from '../stream/outcome.ts'
import type { Sender } from '../stream/sender.ts'
import { startStage } from '../stream/stage.ts'
import type { RunningStage } from '../stream/stage.ts'
import { stageParts } from './processes.ts'
import type { StageTools } from './processes.ts'
import { keepingTexts } from './replay/keep.ts'

/** Records of a stage that calls no model at work at once: so many share a request to the broker, and none waits for the one before. */
export const CPU_IN_FLIGHT = 1024

/** Stages whose model calls are kept in the journal while their record is not done. */
const WITH_JOURNAL: ReadonlySet<StageName> = new Set(['tag', 'answer', 'sample', 'judge', 'reward', 'converse'])

/** Stages that pay for models while the end of a problem is still far. */
const FAR_FROM_THE_END: ReadonlySet<StageName> = new Set(['tag', 'answer', 'sample'])

export interface StartTools extends StageTools {
  /** Which records of another revision's topic the first stage of a replay takes; null where nothing is replayed. */
  readonly takes: ((place: RecordPlace) => boolean) | null
  /** Where the run is to give exactly so many rows: whether all are there. */
  readonly isEnough: (() => Promise<boolean>) | null
}

/** Starts them; they join their groups in the background. */
export function startStages(
  planned: readonly PlannedStage[],
  tools: StartTools,
  sender: Sender,
  log: Logger,
): RunningStage[] {
  const { connection, codec, runId, revision, now } = tools
  const topic = journalTopic(connection, topicFor('calls', revision))
  const journal = tools.config.kafka.journal ? createJournal({ topic, sender, codec, log, now }) : null
  return planned.map((stage) => {
    const { process: whole, lookAhead, ordered, prepare } = stageParts(stage, tools)
    const kept = keepingTexts(stage.name, whole as Process<PastRecord, readonly Outgoing[], never>, tools.keep)
    const paid = stage.of === undefined ? kept : markingPaid(kept, stage.of)
    const process = FAR_FROM_THE_END.has(stage.name) ? untilEnough(paid, tools.isEnough) : paid
    const atOnce = callersAtOnce(stage.name, tools)
    return startStage({
      connection,
      sender,
      codec,
      name: stage.name,
      group: groupOf(runId, revision, stage.name),
      from: topicFor(stage.from, stage.of ?? revision),
      ...(stage.of === undefined || tools.takes === null ? {} : { takes: tools.takes }),
      reads: stage.reads,
      runId,
      revision,
      inFlight: atOnce ?? (() => CPU_IN_FLIGHT),
      ordered,
      isQuick: atOnce === null,
      ...(prepare === undefined ? {} : { prepare }),
      // planStages puts a stage behind a topic that holds what the stage's process takes.
      process: process as Process<Records[typeof stage.reads], readonly Outgoing[], unknown>,
      ...(lookAhead === undefined ? {} : { lookAhead: lookAhead as LookAhead<Records[typeof stage.reads], unknown> }),
      route: (out) => out,
      writes: writtenBy(stage).map((topic) => topicFor(topic, revision)),
      ...(journal !== null && WITH_JOURNAL.has(stage.name) ? { journal } : {}),
      log,
    })
  })
}

/** The same process, whose records say which of their calls the revision has paid that they come from. */
function markingPaid<In extends PastRecord, Out, Seen>(
  process: Process<In, Out, Seen>,
  revision: string,
): Process<In, Out, Seen> {
  return async (record, context, seen) => await process(paidBy(record, revision), context, seen)
}

/** The same process, which lets records go unasked when nothing more is wanted of them. */
function untilEnough<In, Out, Seen>(
  process: Process<In, Out, Seen>,
  isEnough: StartTools['isEnough'],
): Process<In, Out, Seen> {
  if (isEnough === null) return process
  return async (record, context, seen) =>
    (await isEnough())
      ? { reject: { reason: 'enough-accepted', detail: 'all rows that were asked for were there before its turn' } }
      : await process(record, context, seen)
}

/** Fewer records of a model stage are never at work: a limit that ramps up must find calls that wait. */
const LEAST_SEQUENCES = 512
/** The same for records that are rewarded, of which some may need no call. */
const LEAST_REWARDED = 256

/**
 * Records of a stage that calls models at work at once: as many as fill twice the sequences that the role's endpoints take
 * now, so that the queue in llm/ never runs dry; that queue, not this number, decides what is sent. Null: it only computes.
 */
function callersAtOnce(stage: StageName, { llm, config }: StageTools): (() => number) | null {
  const { stages } = config
  const sequences = (role: string): number => Math.max(LEAST_SEQUENCES, 2 * llm.capacity(role))
  switch (stage) {
    case 'screen':
      return stages.screen.embeddings.enabled ? () => sequences(EMBEDDER) : null
    case 'verify':
    case 'curate':
      return null
    case 'tag':
      return () => sequences('tagger')
    case 'answer':
      return () => sequences('answerer')
    case 'sample':
      return () => Math.max(4, Math.ceil(sequences('sampler') / stages.sample.n))
    case 'judge':
      return () => sequences('judge')
    case 'converse':
      // Each record asks one role at a time.
      return () => Math.max(4, sequences('questioner'), Math.ceil(sequences('answerer') / stages.converse.votes))
    case 'reward': {
      const perRecord = (stages.answer.enabled ? 1 : 0) + (stages.sample.enabled ? stages.sample.n : 0)
      const names = stages.reward.rewards.flatMap((reward) => ('endpoints' in reward ? [`reward:${reward.name}`] : []))
      if (names.length === 0) return null
      return () => Math.max(LEAST_REWARDED, Math.ceil(Math.max(...names.map(sequences)) / Math.max(1, perRecord)))
    }
  }
}
