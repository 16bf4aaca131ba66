// The state of a run, readable by every process on the same Kafka: the newest record of the `runs` topic counts.

import { hostname } from 'node:os'
import type { Codec } from '../schemas/codec.ts'
import type { BudgetName, RunRecord, RunState } from '../schemas/records.ts'
import type { KafkaConnection } from '../stream/kafka.ts'
import { stamp } from '../stream/outgoing.ts'
import { readTopic } from '../stream/read-topic.ts'
import type { Sender } from '../stream/sender.ts'
import { readable } from './read-records.ts'

/** A running process says so this often, milliseconds. */
export const HEARTBEAT_MS = 10_000

/** So long a process is watched that may be silent for good, milliseconds: it speaks in that time if it lives. */
export const WATCH_MS = 15_000

/** A run whose last word is older than this may be held by nobody, milliseconds. */
export const SILENT_MS = 45_000

export interface RunIdentity {
  readonly runId: string
  readonly revision: string
  /** Whole config as JSON, without secrets, and its SHA-256. */
  readonly config: string
  readonly configHash: string
  readonly version: string
}

/** The newest state of every run of a revision, by run id. Of a revision that was taken away there is none. */
export async function readRunRecords(
  connection: KafkaConnection,
  codec: Codec,
  revision: string,
  signal: AbortSignal,
): Promise<Map<string, RunRecord>> {
  const newest = new Map<string, RunRecord>()
  for (const record of await readNewest(connection, codec, signal))
    if (record.revision === revision) newest.set(record.runId, record)
  return newest
}

/** The newest state of every run and revision. */
export function readNewest(
  connection: KafkaConnection,
  codec: Codec,
  signal: AbortSignal,
): Promise<readonly RunRecord[]> {
  return createNewestReader(connection, codec)(signal)
}

/** The same for whoever asks again and again, one question after the other: only what was written since is read. */
export function createNewestReader(
  connection: KafkaConnection,
  codec: Codec,
): (signal: AbortSignal) => Promise<readonly RunRecord[]> {
  const newest = new Map<string, RunRecord>()
  const next = new Map<number, number>()
  return async (signal) => {
    for await (const { id, record } of readStates(connection, codec, signal, next)) {
      if (record === null) newest.delete(id)
      else newest.set(id, record)
    }
    return [...newest.values()]
  }
}

/** A word about a run and revision; null: all words before it were taken away. */
interface Word {
  /** Name of the run, a slash, revision. */
  readonly id: string
  readonly record: RunRecord | null
}

/** Every word that the topic still holds, oldest first. next: offset by partition to begin at; it moves on with what is read. */
async function* readStates(
  connection: KafkaConnection,
  codec: Codec,
  signal: AbortSignal,
  next = new Map<number, number>(),
): AsyncIterable<Word> {
  for await (const message of readTopic(connection, { topic: 'runs', from: next, signal })) {
    next.set(message.partition, Number(message.offset) + 1)
    if (message.value.length === 0) yield { id: message.key, record: null }
    const record = message.value.length === 0 ? null : readable({ connection, codec }, 'RunRecord', message)
    if (record !== null) yield { id: record.id, record }
  }
}

/** The newest states of a revision, by run id, as they stood when `word` was written. */
export async function wordsBefore(
  connection: KafkaConnection,
  codec: Codec,
  word: RunRecord,
  signal: AbortSignal,
): Promise<Map<string, RunRecord>> {
  const newest = new Map<string, RunRecord>()
  for await (const { id, record } of readStates(connection, codec, signal)) {
    if (record === null) newest.delete(id)
    else if (record.id === word.id && isSameWord(record, word)) break
    else if (record.revision === word.revision) newest.set(id, record)
  }
  return new Map([...newest.values()].map((record) => [record.runId, record]))
}

/**
 * Who claimed the run first since `previous` was written, to lead it or to drop it: of two processes that do so at the
 * same moment, the one whose claim comes first on the topic goes on.
 */
export async function firstClaim(
  connection: KafkaConnection,
  codec: Codec,
  claim: Pick<RunRecord, 'runId' | 'revision'>,
  previous: RunRecord | null,
  signal: AbortSignal,
): Promise<RunRecord | null> {
  let first: RunRecord | null = null
  let isSince = false
  for await (const { id, record } of readStates(connection, codec, signal)) {
    if (id !== `${claim.runId}/${claim.revision}`) continue
    // By place on the topic, not by time: clocks of two machines differ. A word may be there more than once.
    if (record === null) first = isSince ? first : null
    else if (previous !== null && isSameWord(record, previous)) {
      // Said again behind a drop, it takes the drop back.
      if (!isSince || first?.state === 'dropping') first = null
      isSince = true
    } else if (record.state === 'running' || record.state === 'dropping') first ??= record
  }
  return first
}

/**
 * Makes the newest word of other processes the run's newest state again, behind a claim that came too late: they may
 * have ended the run since. Of a word that was written again its first place counts, unless that took a drop
 * back. Null: there is none, and so none of this process any more.
 */
export async function restoreWord(
  sender: Pick<Sender, 'send'>,
  { connection, codec }: { readonly connection: KafkaConnection; readonly codec: Codec },
  claim: RunRecord,
  signal: AbortSignal,
): Promise<RunRecord | null> {
  for (;;) {
    const known = new Set<string>()
    let newest: RunRecord | null = null
    let last: RunRecord | null = null
    for await (const { id, record } of readStates(connection, codec, signal)) {
      if (id !== claim.id) continue
      last = record
      if (record === null) newest = null
      if (record === null) continue
      const { createdAt, state, host, pid } = record
      const word = JSON.stringify([createdAt, state, host, pid])
      if (host === claim.host && pid === claim.pid) continue
      const isBack = known.has(word) && newest?.state === 'dropping' && !isSameWord(record, newest)
      if (known.has(word) && !isBack) continue
      known.add(word)
      newest = record
    }
    if (last === null || (newest !== null && isSameWord(last, newest))) return newest
    if (newest !== null) await publishRunRecord(sender, codec, newest)
    else await forgetRun(sender, claim)
  }
}

/** Is it a revision that was taken away, or that is on its way? */
export function isDropped({ state }: Pick<RunRecord, 'state'>): boolean {
  return state === 'dropping' || state === 'dropped'
}

/** Is it the same word of the same process? */
export function isSameWord(one: RunRecord, other: RunRecord): boolean {
  return (['createdAt', 'state', 'host', 'pid'] as const).every((field) => one[field] === other[field])
}

/**
 * Says whether the process that wrote this state may still be at work: held, free, or unclear, where the times of its
 * machine and this one do not fit together, or it spoke long ago: then it has to be watched.
 */
export function holdOf(record: RunRecord, now: number, isAlive: (pid: number) => boolean): 'held' | 'free' | 'unclear' {
  if (record.state !== 'running' && record.state !== 'draining') return 'free'
  const isGone = record.host === hostname() && (record.pid === process.pid || !isAlive(record.pid))
  if (isGone) return 'free'
  const age = now - record.createdAt
  return age >= 0 && age < SILENT_MS ? 'held' : 'unclear'
}

/** Writes the state of a run; resolves when the broker has it. */
export async function publishRunState(
  sender: Pick<Sender, 'send'>,
  codec: Codec,
  identity: RunIdentity,
  state: RunState,
  at: { now: number; startedAt: number; endedBy?: BudgetName | null },
): Promise<RunRecord> {
  const { runId, revision } = identity
  const ended = state === 'finished' || state === 'failed'
  const record: RunRecord = {
    ...identity,
    id: `${runId}/${revision}`,
    createdAt: at.now,
    state,
    startedAt: at.startedAt,
    finishedAt: ended ? at.now : null,
    host: hostname(),
    pid: process.pid,
    endedBy: at.endedBy ?? null,
  }
  await publishRunRecord(sender, codec, record)
  return record
}

/** Takes away all words about a run and revision. */
export async function forgetRun(sender: Pick<Sender, 'send'>, record: RunRecord): Promise<void> {
  await sender.send([stamp({ topic: 'runs', key: record.id, value: null }, record)])
}

/** Writes a whole state, which then is the newest of its run; resolves when the broker has it. */
export async function publishRunRecord(sender: Pick<Sender, 'send'>, codec: Codec, record: RunRecord): Promise<void> {
  await sender.send([stamp({ topic: 'runs', key: record.id, value: codec.encode('RunRecord', record) }, record)])
}
