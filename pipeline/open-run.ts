// Opens a run on Kafka: connections, topics, the claim. Promises: one process leads a run at a time; a new run's
// groups stand at the ends of the topics before anything of the run is on the log.

import { planStages } from '../pipeline.ts'
import type { PlannedStage } from '../pipeline.ts'
import { createCodec } from '../schemas/codec.ts'
import type { Codec } from '../schemas/codec.ts'
import { Failure, permanent, UsageFault } from '../schemas/failure.ts'
import type { BudgetName, RunRecord, RunState } from '../schemas/records.ts'
import { TOPIC_NAMES, topicFor } from '../schemas/topics.ts'
import { topicChanges } from '../stream/apply-topics.ts'
import { pauseFor } from '../stream/back-off.ts'
import { presentMoment } from '../stream/fence.ts'
import { connectKafka } from '../stream/kafka.ts'
import type { KafkaConnection } from '../stream/kafka.ts'
import { processIsAlive } from '../stream/process-alive.ts'
import { createSender } from '../stream/sender.ts'
import type { Sender } from '../stream/sender.ts'
import { ensureTopics, partitionCounts } from '../stream/topics-admin.ts'
import { assertNoDrop, assertNotDropped } from './drops.ts'
import { createLead, leadLost } from './lead.ts'
import type { Lead } from './lead.ts'
import { assertOnePartition, assertSamePipeline, inUse } from './open-faults.ts'
import { untilAnswered } from './patience.ts'
import { rivalBefore, rivalsAtWork, rivalText } from './replay/rivals.ts'
import type { RunParts } from './run-contract.ts'
import { forgetStart, hasLed, processName, publishStart, readStarts, withConfigHash } from './run-starts.ts'
import {
  firstClaim,
  holdOf,
  isDropped,
  isSameWord,
  publishRunRecord,
  publishRunState,
  readRunRecords,
  restoreWord,
  SILENT_MS,
  WATCH_MS,
  wordsBefore,
} from './run-records.ts'
import { assertSoleSinks, untilLeaderSays } from './sole-sinks.ts'
import { beginRun, plannedSinks, readingParts, topicsNeeded, topicsReadBy } from './standing.ts'
import type { ReadingPart } from './standing.ts'
import { missingAtStart } from './topic-watch.ts'
import type { TopicCounts } from './topic-watch.ts'

export interface OpenRun {
  readonly connection: KafkaConnection
  readonly codec: Codec
  readonly sender: Sender
  readonly runId: string
  readonly revision: string
  readonly planned: readonly PlannedStage[]
  /** Everything that reads, in the data's way. */
  readonly readers: readonly ReadingPart[]
  /** Partitions of all topics when the run was opened. */
  readonly topics: TopicCounts
  readonly previous: RunRecord | null
  /** Name of this process in the topics `starts` and `spending`. */
  readonly processId: string
  /** First start of the run, milliseconds since 1970 UTC. */
  readonly startedAt: number
  /** Sends what only the leader may send. Throws permanent `lead-lost` when another process leads now. */
  readonly lead: Pick<Lead, 'send'>
  /** Writes the run's state; does nothing in a process that does not lead. Throws `lead-lost`. */
  publish(state: RunState, endedBy?: BudgetName | null): Promise<void>
  /** The newest state on the log. */
  readState(signal: AbortSignal): Promise<RunRecord | null>
  /** Tells other processes where the ClickHouse sink of this one writes, or that it does not after all. */
  sayClickhouse(where: string | null): Promise<void>
  /** Takes back that this process works at the run: it was refused before it has begun. */
  withdraw(): Promise<void>
  close(): Promise<void>
}

/** Between two looks for a run that is to be started elsewhere, milliseconds. */
const LOOK_MS = 2000
/** All parts have sent what they had before this; a broker that is gone is not waited for. */
const SENDER_CLOSE_MS = 2000

/**
 * Throws UsageFault when another process leads the run, Failure when Kafka does not answer, permanent `topic-gone` where
 * a topic with records of a run that was started before does not exist any more.
 */
export async function openRun(parts: RunParts, signal: AbortSignal): Promise<OpenRun> {
  const { loaded, runId, revision, log, now } = parts
  const { config } = loaded
  const leads = parts.parts.has('produce')
  const connection = connectKafka({ ...parts.kafka, log, onSilence: parts.onSilence })
  try {
    const codec = await createCodec({ registryUrl: parts.registryUrl })
    const { topics, replicationFactor } = config.kafka
    const made = { revision, topics, replicationFactor }
    const planned = planStages(config)
    const readers = readingParts(planned, plannedSinks(planned, config.sinks))
    const onLog = { connection, runId, revision }
    const readState = async (until: AbortSignal) =>
      (await readRunRecords(connection, codec, revision, until)).get(runId) ?? null

    /** Is the process that wrote the state at work? Where that is unclear, it is watched for its next word. */
    const watched = async (record: RunRecord): Promise<{ isHeld: boolean; newest: RunRecord }> => {
      const hold = holdOf(record, now(), processIsAlive)
      if (hold !== 'unclear') return { isHeld: hold === 'held', newest: record }
      log.info({ pid: record.pid, host: record.host }, 'waiting whether the process that led the run still speaks')
      await pauseFor(WATCH_MS, signal)
      signal.throwIfAborted()
      const words = await readRunRecords(connection, codec, record.revision, signal)
      const next = words.get(record.runId) ?? null
      if (next === null || isSameWord(next, record)) return { isHeld: false, newest: record }
      return { isHeld: holdOf(next, next.createdAt, processIsAlive) !== 'free', newest: next }
    }
    /** Throws UsageFault while another process leads the run. */
    const untilFree = async (record: RunRecord): Promise<RunRecord> => {
      const { isHeld, newest } = await watched(record)
      if (isHeld) throw inUse(record, now())
      return newest
    }
    await ensureTopics(connection, { ...made, names: ['runs'] })
    const words = await readRunRecords(connection, codec, revision, signal)
    let previous = words.get(runId) ?? null
    if (previous === null) assertNoDrop(words)
    else {
      assertNotDropped(previous)
      // Whoever started the run had all its topics made before it said so; made anew they would seem to be read.
      const missing = missingAtStart({ runId, revision, readers }, await partitionCounts(connection))
      if (missing !== null) throw missing
    }
    await ensureTopics(connection, { ...made, names: topicsNeeded(readers) })
    await tellKeeping(connection, parts)
    const counts = await partitionCounts(connection)
    const screened = readers.find(({ part }) => part === 'screen')
    if (screened !== undefined) for (const topic of topicsReadBy(screened, revision)) assertOnePartition(topic, counts)
    if (leads) {
      if (previous !== null) previous = await untilFree(previous)
      if (previous !== null) assertSamePipeline(previous, loaded.config)
    }
    while (!leads && previous === null) {
      parts.onWaiting?.()
      await pauseFor(LOOK_MS, signal)
      signal.throwIfAborted()
      previous = await readState(signal)
    }
    if (!leads) await untilLeaderSays(parts, { connection, codec, signal })
    const startedAt = previous?.startedAt ?? now()
    const identity = { runId, revision, config: loaded.json, configHash: loaded.hash, version: parts.version }
    const addition = { runId, revision, into: config.replay?.into ?? null, stages: config.replay?.stages ?? [] }
    const sender = withConfigHash(await createSender(connection, log), loaded.hash)
    let lastWord = previous
    /** Null: this process leads; else who does. */
    const claim = async (until: AbortSignal): Promise<RunRecord | null> => {
      const word = await publishRunState(sender, codec, identity, 'running', { now: now(), startedAt })
      const first = await firstClaim(connection, codec, word, lastWord, until)
      if (first !== null && (first.pid !== word.pid || first.host !== word.host)) {
        // Else the claim that lost would be the newest state, and nobody would see who leads, or that the run has ended.
        return (await restoreWord(sender, { connection, codec }, word, until)) ?? first
      }
      lastWord = word
      return null
    }
    const closing = new AbortController()
    const moment = parts.moment ?? presentMoment
    const lead = createLead({
      sender,
      silentMs: SILENT_MS,
      now: moment,
      async claim() {
        const other = await untilAnswered(() => claim(closing.signal), closing.signal)
        if (other !== null) throw leadLost(other)
        // Another addition to the same rows may have begun while this one was silent.
        const [rival] = await untilAnswered(
          () => rivalsAtWork({ connection, codec }, addition, now(), closing.signal),
          closing.signal,
        )
        if (rival !== undefined) throw permanent('lead-lost', rivalText(rival, addition))
      },
    })
    if (leads) {
      const asked = moment()
      const other = await claim(signal)
      if (other !== null) {
        await sender.close()
        assertNotDropped(other)
        throw inUse(other, now())
      }
      lead.confirm(asked)
      if (previous === null && revision !== 'main') {
        // A drop that spoke before this claim may not see it, and takes the topics; one that has ended has taken them.
        try {
          assertNoDrop(await wordsBefore(connection, codec, lastWord!, signal))
        } catch (error) {
          await restoreWord(sender, { connection, codec }, lastWord!, signal)
          await sender.close()
          throw error
        }
        await ensureTopics(connection, { ...made, names: topicsNeeded(readers) })
      }
      // A broker that has never had a group takes a while to find a place for the first. A leader that was killed before
      // it had placed them all left no start of its own, and nothing of the run on the log.
      const isBegun =
        previous !== null && (await readStarts(connection, codec, signal)).some((start) => hasLed(start, identity))
      if (!isBegun)
        await untilAnswered(
          () => beginRun(onLog, readers, { replay: config.replay, onlyUnplaced: previous !== null }),
          signal,
        )
    }
    const start = { id: processName(identity, now()), createdAt: now(), parts: parts.parts }
    const processId = start.id
    const sayClickhouse = async (clickhouse: string | null): Promise<void> => {
      await publishStart(sender, codec, identity, { ...start, clickhouse })
    }
    await sayClickhouse(null)
    /** Whoever looks for who is at work must not find this process. */
    const withdraw = async (): Promise<void> => {
      await forgetStart(sender, identity, processId)
      if (!leads) return
      // A new word: said again, the old one would stand before the claim that was given up.
      const before = previous
      if (before !== null && before.state !== 'running' && before.state !== 'draining')
        await publishRunRecord(sender, codec, { ...before, createdAt: now() })
      else await publishRunState(sender, codec, identity, 'stopped', { now: now(), startedAt })
    }
    const isAtWork = async (rival: RunRecord): Promise<boolean> => (await watched(rival)).isHeld
    try {
      const rival = leads ? await rivalBefore({ connection, codec }, addition, processId, isAtWork, signal) : null
      if (rival !== null) throw new UsageFault(rivalText(rival, addition))
      await assertSoleSinks(parts, { connection, codec, signal }, processId)
    } catch (error) {
      try {
        if (error instanceof UsageFault) await withdraw()
      } finally {
        await sender.close()
      }
      throw error
    }
    if (!leads) {
      const state = await readState(signal)
      if (state !== null && isDropped(state)) {
        await sender.close()
        assertNotDropped(state)
      }
    }
    return {
      ...{ connection, codec, sender, lead, runId, revision, planned, readers, previous, processId, startedAt },
      topics: counts,
      ...{ readState, sayClickhouse, withdraw },
      async publish(state, endedBy = null) {
        if (!leads) return
        const asked = moment()
        lastWord = await publishRunState(lead, codec, identity, state, { now: now(), startedAt, endedBy })
        lead.confirm(asked)
      },
      async close() {
        closing.abort(new Error('the run is closed'))
        await sender.close(SENDER_CLOSE_MS)
        // A producer that is not waited for any more may still be asking.
        await connection.end()
      },
    }
  } catch (error) {
    await connection.close()
    throw error
  }
}

/** Says which topics are kept in another way than the config wants; a broker that does not tell is not asked again. */
async function tellKeeping(
  connection: KafkaConnection,
  { loaded, revision, log, onKeptOtherwise }: RunParts,
): Promise<void> {
  const ours = new Set(TOPIC_NAMES.map((name) => topicFor(name, revision)))
  try {
    const changes = await topicChanges(connection, loaded.config.kafka.topics, ours)
    for (const { topic, setting, has, wants } of changes)
      log.warn({ topic, setting, has, wants }, 'a topic is kept in another way than the config says')
    if (changes.length > 0) onKeptOtherwise?.(changes)
  } catch (error) {
    if (!(error instanceof Failure) || error.retry === 'transient') throw error
    log.info({ error: error.message }, 'how topics are kept could not be read')
  }
}
