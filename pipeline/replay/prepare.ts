// Everything that a replay needs before it is started: its config with what it reads. Promise: when this resolves, the
// problems that were chosen lie on the log; nothing else was written.

import type { Keepable, Replay } from '../../configs/replay.ts'
import type { LoadedConfig } from '../../configs/load.ts'
import { withReplay } from '../../configs/replayed.ts'
import { UsageFault } from '../../schemas/failure.ts'
import type { Logger } from '../../schemas/logger.ts'
import { topicFor } from '../../schemas/topics.ts'
import type { StageTopic } from '../../schemas/topics.ts'
import { pauseFor } from '../../stream/back-off.ts'
import { createSender } from '../../stream/sender.ts'
import { ensureTopics } from '../../stream/topics-admin.ts'
import { isDropped, readNewest } from '../run-records.ts'
import { additionTopic, namedAddition } from './addition.ts'
import type { AddingStage } from './addition.ts'
import { emptyKeep } from './keep.ts'
import { differences, findSource, planReplay } from './plan.ts'
import type { OnLog, ReplaySource } from './plan.ts'
import { isSameRange } from './range.ts'
import type { RangeAsked } from './range.ts'
import { rivalsAtWork, rivalText } from './rivals.ts'
import type { Adding } from './rivals.ts'
import { publishSelection } from './selection.ts'
import type { Chosen } from './selection.ts'
import { namedParts, replayStages } from './stages.ts'

/** What a person asks for. */
export interface ReplayAsked {
  /** null: the newest run. */
  readonly run: string | null
  readonly revision: string
  /** Revision that is read. */
  readonly of: string
  /** null: only for a revision that is there. */
  readonly from: StageTopic | null
  /** As `--stages` names them. */
  readonly parts: readonly string[]
  readonly range: RangeAsked
  /** SQL that chooses the problems. */
  readonly where: string | null
  readonly keep: readonly Keepable[]
  readonly into: string | null
  /** Works at a replay that another process leads. */
  readonly join: boolean
}

export interface PrepareParts extends OnLog {
  readonly asked: ReplayAsked
  /** The config that is asked for; `stored`: that of a run as JSON, for whoever gives no file. Throws UsageFault. */
  readonly load: (stored: { readonly text: string; readonly of: string }) => Promise<LoadedConfig>
  /** See chooseProblems. */
  readonly choose: (where: string, source: { runId: string; revision: string }, loaded: LoadedConfig) => Promise<Chosen>
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
  /** Whoever joins waits until the replay has been started. revisions: those that the run has. */
  readonly onWaiting: (runId: string, revisions: readonly string[]) => void
  readonly log: Logger
  readonly signal: AbortSignal
}

export interface PreparedReplay {
  readonly runId: string
  readonly replay: Replay
  readonly loaded: LoadedConfig
  /** State that the replay has left; null: it is new. */
  readonly previous: ReplaySource['previous']
}

/** Between two looks for a replay that is to be started elsewhere, milliseconds. */
const LOOK_MS = 2000

/** Throws UsageFault with every fault that can be told, Failure when Kafka or the tables do not answer. */
export async function prepareReplay(parts: PrepareParts): Promise<PreparedReplay> {
  const source = await untilThere(parts)
  const { previous } = source
  return previous === null ? await begin(parts, source) : await goOn(parts, previous)
}

/** Whoever joins waits for the replay to be started. */
async function untilThere(parts: PrepareParts): Promise<ReplaySource> {
  const { asked, signal, onWaiting } = parts
  for (;;) {
    const found = await findSource(parts, asked, signal)
    if (!asked.join || found.previous !== null) return found
    const words = await readNewest(parts.connection, parts.codec, signal)
    const there = words.filter((word) => word.runId === found.runId && !isDropped(word))
    onWaiting(
      found.runId,
      there.map((word) => word.revision),
    )
    await pauseFor(LOOK_MS, signal)
    signal.throwIfAborted()
  }
}

async function begin(parts: PrepareParts, found: ReplaySource): Promise<PreparedReplay> {
  const { asked, load, choose, signal } = parts
  const { of, into, where, revision } = asked
  const { runId } = found
  const { from, named } = startOf(asked, found)
  const loaded = await load({ text: storedText(found.source.config), of: `config of run ${runId} (${of})` })
  const chain = replayStages(loaded.config, { of, from, into }, named.stages)
  const kept = emptyKeep(found.config, { of, from, keep: [...asked.keep], stages: chain.stages })
  const rivals = await findRivals(parts, { runId, revision, into, stages: chain.stages })
  const faults = [...named.faults, ...chain.faults, ...kept, ...rivals]
  const plan = await planReplay(parts, found, { ...asked, from, stages: chain.stages }, signal).catch(
    (error: unknown) => {
      if (!(error instanceof UsageFault)) throw error
      faults.push(...error.faults)
      return null
    },
  )
  if (plan === null || faults.length > 0) throw new UsageFault(faults)
  const chosen = where === null ? null : await choose(where, { runId, revision: of }, loaded)
  if (chosen !== null) await keepChosen(parts, { runId, revision }, chosen, loaded)
  const replay = { ...plan, selection: chosen?.selection ?? null }
  return { runId, replay, previous: null, loaded: withReplay(loaded, replay, { runId, sinks: named.sinks }) }
}

/** Where it begins, and what `--stages` says; what adds to rows finds its topic itself. Throws UsageFault. */
function startOf(
  { from, into, parts, revision }: ReplayAsked,
  { runId, config }: ReplaySource,
): { from: StageTopic; named: ReturnType<typeof namedParts> } {
  if (into !== null) {
    const named = namedAddition(parts)
    if (named.faults.length > 0) throw new UsageFault(named.faults)
    const topic = additionTopic(config, named.stages![0] as AddingStage)
    if ('fault' in topic) throw new UsageFault(topic.fault)
    return { ...topic, named }
  }
  if (from === null) throw new UsageFault(`--from TOPIC is missing: run ${runId} has no revision ${revision} yet`)
  return { from, named: namedParts(parts, from) }
}

async function goOn(parts: PrepareParts, previous: NonNullable<ReplaySource['previous']>): Promise<PreparedReplay> {
  const { connection, asked, load } = parts
  const { runId, revision, replay } = previous
  const loaded = await load({ text: storedText(previous.config), of: `config of run ${runId} (${revision})` })
  if (asked.join) return { runId, replay, previous, loaded: withReplay(loaded, replay, { runId, sinks: null }) }
  const named = replay.into === null ? namedParts(asked.parts, replay.from) : namedAddition(asked.parts)
  const faults = [
    ...named.faults,
    ...differences(previous, { ...asked, follow: asked.range.follow, stages: named.stages }),
    ...(await findRivals(parts, { ...replay, runId, revision })),
  ]
  if (!(await isSameRange(connection, topicFor(replay.from, replay.of), replay, asked.range)))
    faults.push(
      `revision ${revision} of run ${runId} was begun with another range: leave --since, --until and --offset out, or give another --revision NAME`,
    )
  if (faults.length > 0) throw new UsageFault(faults)
  return { runId, replay, previous, loaded: withReplay(loaded, replay, { runId, sinks: named.sinks }) }
}

/** Other additions to the same rows that are at work; those that begin at this moment are found by openRun. */
async function findRivals(parts: PrepareParts, addition: Adding): Promise<string[]> {
  const rivals = await rivalsAtWork(parts, addition, parts.now(), parts.signal)
  return rivals.map((rival) => rivalText(rival, addition))
}

async function keepChosen(
  { connection, codec, log, now }: PrepareParts,
  of: { readonly runId: string; readonly revision: string },
  chosen: Chosen,
  { config }: LoadedConfig,
): Promise<void> {
  const { topics, replicationFactor } = config.kafka
  await ensureTopics(connection, { revision: of.revision, names: ['selections'], topics, replicationFactor })
  const sender = await createSender(connection, log)
  try {
    await publishSelection(sender, codec, of, chosen, now())
  } finally {
    await sender.close()
  }
}

/** The config of a run as a text that is read like a file's: no replay of its own, and `${…}` stands for itself. */
export function storedText(config: string): string {
  return JSON.stringify({ ...(JSON.parse(config) as object), replay: null }).replaceAll('${', () => '$${')
}
