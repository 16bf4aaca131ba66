// What the stages of a replay take over from the revision that is read (`replay.keep`), or from the record itself where
// they add to it (`replay.into`). Promise: of a record that came to several topics, the farthest counts; a nearer topic
// is read only when a record is missing from all that are farther.

import type { Keepable, Replay } from '../../configs/replay.ts'
import type { Config } from '../../configs/schema.ts'
import { planStages } from '../../pipeline.ts'
import type { StageName } from '../../pipeline.ts'
import { saidIn } from '../../processors/kept-texts.ts'
import { Failure, permanent } from '../../schemas/failure.ts'
import type { Logger } from '../../schemas/logger.ts'
import type { PastOf, PastRecord } from '../../schemas/past.ts'
import type { Envelope } from '../../schemas/records.ts'
import { STAGE_TOPICS, topicFor, TOPICS } from '../../schemas/topics.ts'
import type { StageTopic } from '../../schemas/topics.ts'
import { createLookup } from '../../stream/lookup.ts'
import type { Process } from '../../stream/outcome.ts'
import { readRunRecords } from '../run-records.ts'
import { configOf } from './plan.ts'
import type { OnLog } from './plan.ts'

export interface Keep {
  /** For scores; undefined: they are all asked for. */
  readonly scores: PastOf | undefined
  /** For texts, labels and verdicts; undefined: they are all asked for. */
  readonly texts: PastOf | undefined
  /** To be told of what was taken over, by the role that would have been asked. */
  readonly taken: (role: string, count: number) => void
  /** What was taken over since the start, by role. */
  counts(): Readonly<Record<string, number>>
  close(): Promise<void>
}

/** Stages whose texts a record holds by what was asked; rewards are compared by their stage. */
const WITH_TEXTS: ReadonlySet<StageName> = new Set(['tag', 'answer', 'sample', 'judge', 'converse'])

/** Topics that hold scores. */
const WITH_SCORES: readonly StageTopic[] = ['rewarded', 'conversed']

/** The topics of the revision that is read in which a replay finds what it keeps, the farthest first. */
export function topicsToKeepFrom(
  source: Pick<Config, 'stages' | 'replay'>,
  from: StageTopic,
  what: Keepable,
): StageTopic[] {
  const written = new Set<string>(planStages(source).map(({ to }) => to))
  const behind = STAGE_TOPICS.slice(STAGE_TOPICS.indexOf(from) + 1)
  return behind
    .filter((topic) => written.has(topic) && (what === 'answers' || WITH_SCORES.includes(topic)))
    .toReversed()
}

/** Why there is nothing to be kept, as whole sentences. */
export function emptyKeep(
  source: Pick<Config, 'stages' | 'replay'>,
  { of, from, keep, stages }: Pick<Replay, 'of' | 'from' | 'keep' | 'stages'>,
): string[] {
  return keep.flatMap((what) => {
    const asks = stages.some((name) => (what === 'answers' ? WITH_TEXTS.has(name as StageName) : name === 'reward'))
    if (!asks) return [`--keep-${what}: no stage of this replay would ask for them`]
    const has = topicsToKeepFrom(source, from, what).length > 0
    return has ? [] : [`--keep-${what}: revision ${of} has none behind topic ${from}`]
  })
}

export interface KeepRun extends OnLog {
  readonly runId: string
}

/**
 * Opens it; null where the replay takes nothing over. Throws permanent `source-gone` where no state of the revision that
 * is read is on the log.
 */
export async function openKeep(run: KeepRun, replay: Replay, log: Logger, signal: AbortSignal): Promise<Keep | null> {
  const { of, keep, into } = replay
  if (keep.length === 0 && into === null) return null
  const source = (await readRunRecords(run.connection, run.codec, of, signal)).get(run.runId)
  if (source === undefined)
    throw permanent('source-gone', `topic runs has no state of revision ${of} of run ${run.runId}, which is replayed`)
  return createKeep(run, replay, configOf(source), log)
}

/** source: config of the revision that is read. Nothing is read before the first record asks. */
export function createKeep(
  { connection, codec, runId }: KeepRun,
  { of, from, keep, into }: Replay,
  source: Pick<Config, 'stages' | 'replay'>,
  log: Logger,
): Keep {
  const closing = new AbortController()
  const { signal } = closing
  const counts: Record<string, number> = {}
  const lookups = new Map<StageTopic, ReturnType<typeof createLookup>>()
  const lookupIn = (topic: StageTopic): ReturnType<typeof createLookup> => {
    const known = lookups.get(topic)
    if (known !== undefined) return known
    const made = createLookup({ connection, topic: topicFor(topic, of), runId, revision: of, signal })
    lookups.set(topic, made)
    return made
  }
  const read = (topic: StageTopic, value: Buffer): PastRecord | null => {
    try {
      // A copy: the record's fields are views (schemas/field-bytes.ts), and live as long as the calls that it is asked for.
      return codec.decode(TOPICS[topic].record, Buffer.from(value))
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      log.warn({ topic, code: error.code }, 'a record cannot be read, so nothing of it is taken over')
      return null
    }
  }
  const pastIn =
    (what: Keepable): PastOf =>
    async (record, asking) => {
      for (const topic of topicsToKeepFrom(source, from, what)) {
        const value = await lookupIn(topic).get(record.id, asking)
        if (value !== null) return read(topic, value)
      }
      return null
    }
  const itself: PastOf = (record) => Promise.resolve(record)
  const pastFor = (what: Keepable): PastOf | undefined => (keep.includes(what) ? pastIn(what) : undefined)
  return {
    scores: into === null ? pastFor('rewards') : itself,
    texts: pastFor('answers'),
    taken: (role, count) => {
      counts[role] = (counts[role] ?? 0) + count
    },
    counts: () => counts,
    close: () => {
      closing.abort(permanent('closed', 'the replay is closed'))
      return Promise.resolve()
    },
  }
}

/** The stage's process, whose model calls find what there is to be taken over. */
export function keepingTexts<In extends Envelope, Out, Seen>(
  stage: StageName,
  process: Process<In, Out, Seen>,
  keep: Keep | null,
): Process<In, Out, Seen> {
  const past = keep?.texts
  if (keep === null || past === undefined || !WITH_TEXTS.has(stage)) return process
  return async (record, context, seen) => {
    const before = await past(record, context.signal)
    if (before === null) return await process(record, context, seen)
    const said = saidIn(before, keep.taken)
    return await process(record, { ...context, calls: { ...context.calls, said } }, seen)
  }
}
