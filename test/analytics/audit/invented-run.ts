// A run for tests of the audit, as messages: 12 problems with rows of both kinds, one without a pair, one rejected by
// screen, one by curate, one dead letter of answer, one slot that the producer gave up. Tests send it with something
// taken out or put in, and fill the tables and files from the whole of it with the sinks' own code.

import type { Replay } from '../../../configs/replay.ts'
import { loadConfig } from '../../../configs/load.ts'
import { publishRunRecord } from '../../../pipeline/run-records.ts'
import type { Codec } from '../../../schemas/codec.ts'
import { permanent } from '../../../schemas/failure.ts'
import { preferenceId, problemId, rejectionId, responseId, sftId } from '../../../schemas/ids.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import type { Conversed, RunState } from '../../../schemas/records.ts'
import { topicFor, TOPICS } from '../../../schemas/topics.ts'
import type { TopicName } from '../../../schemas/topics.ts'
import { createClickhouseSink } from '../../../sinks/clickhouse.ts'
import type { Addition } from '../../../sinks/clickhouse/additions.ts'
import type { Database } from '../../../sinks/clickhouse/contract.ts'
import { createJsonSink } from '../../../sinks/json.ts'
import { deadLetter } from '../../../stream/dead-letters.ts'
import type { Delivered } from '../../../stream/delivered.ts'
import { stamp } from '../../../stream/outgoing.ts'
import type { Outgoing } from '../../../stream/outgoing.ts'
import type { Sender } from '../../../stream/sender.ts'
import { beginTenure } from '../../../stream/tenure.ts'
import { simulatedConfig } from '../../support/end-to-end.ts'
import { conversed, preference, problem, rejection, sft } from '../../support/rows.ts'

/** The way of a problem, as the invented run has it. */
export const WAY = [
  ...['problems', 'screened', 'tagged', 'answered', 'sampled', 'verified', 'judged', 'rewarded', 'conversed'],
] as unknown as readonly TopicName[]
export const STAGE_NAMES = ['screen', 'tag', 'answer', 'sample', 'verify', 'judge', 'reward', 'converse', 'curate']

export const ACCEPTED = 12
export const WITHOUT_PAIR = 12
export const SCREENED_OUT = 13
export const NOT_CURATED = 14
export const DEAD = 15
export const GIVEN_UP = 16
export const SLOTS = 17
const STARTED = Date.UTC(2026, 0, 2, 3, 4, 5)

export interface Message extends Outgoing {
  readonly topic: TopicName
  readonly key: string
  readonly value: Buffer
}

/** What a replay reads: a topic of main. */
export interface Replayed {
  readonly revision: string
  readonly from: TopicName
}

export interface InventedRun {
  readonly run: string
  readonly revision: string
  /** Name of a topic on the broker. */
  nameOf(topic: TopicName): string
  readonly id: (slot: number) => string
  /** The record of a problem at any topic of the way. */
  at(topic: TopicName, id: string, slot: number): Message
  sft(id: string, slot: number, pairRefusal?: string | null): Message
  preference(id: string, slot: number): Message
  /** record: what was refused. */
  rejection(id: string, stage: string, record?: Message): Message
  /** A dead letter of a stage, of a record at this place. */
  letter(id: string, stage: string, source: { topic: TopicName; partition: number; offset: number }): Message
  readonly messages: readonly Message[]
}

/** Messages under their topics' own names; `onLog` gives them those of the broker. */
export function inventRun(codec: Codec, run: string, replayed: Replayed | null = null): InventedRun {
  const revision = replayed?.revision ?? 'main'
  const stampOf = { runId: run, revision }
  const recordOf = (id: string, slot: number): Conversed => {
    const whole = conversed(slot)
    return {
      ...whole,
      id,
      runId: run,
      revision,
      problem: { ...problem(slot), id, runId: run },
      answer: { ...whole.answer!, id: responseId(id, 'answer') },
      samples: whole.samples.slice(0, 3).map((sample, index) => ({ ...sample, id: responseId(id, 'sample', index) })),
      verification: { ...whole.verification, verdicts: [] },
      rewards: [],
      conversation: null,
    }
  }
  const made: InventedRun = {
    ...{ run, revision },
    nameOf: (topic) => topicFor(topic, topic === replayed?.from ? 'main' : revision),
    id: (slot) => problemId(run, slot, 0),
    at(topic, id, slot) {
      const record = recordOf(id, slot)
      const value = codec.encode(TOPICS[topic].record!, topic === 'problems' ? record.problem : record)
      return { ...stamp({ topic, key: id, value }, stampOf), topic, key: id, value }
    },
    sft(id, slot, pairRefusal = null) {
      const value = codec.encode('SftRecord', {
        ...sft(slot),
        id: sftId(id),
        problemId: id,
        runId: run,
        revision,
        pairRefusal,
      })
      return { ...stamp({ topic: 'sft', key: id, value }, stampOf), topic: 'sft', key: id, value }
    },
    preference(id, slot) {
      const row = { ...preference(slot), id: preferenceId(id), problemId: id, runId: run, revision }
      const value = codec.encode('PreferenceRecord', row)
      return { ...stamp({ topic: 'preferences', key: id, value }, stampOf), topic: 'preferences', key: id, value }
    },
    rejection(id, stage, record) {
      const value = codec.encode('Rejection', {
        ...rejection(0),
        ...{ id: rejectionId(id), problemId: id, runId: run, revision, stage },
        ...(record === undefined ? {} : { topic: made.nameOf(record.topic), record: record.value }),
      })
      return { ...stamp({ topic: 'rejections', key: id, value }, stampOf), topic: 'rejections', key: id, value }
    },
    letter(id, stage, { topic, partition, offset }) {
      const record = made.at(topic, id, 0)
      const arrival = {
        ...{ tenure: beginTenure(made.nameOf(topic), partition), offset, timestamp: STARTED },
        ...{ key: Buffer.from(id), value: record.value, headers: {} },
      }
      const sent = deadLetter(arrival, permanent('context-too-long', 'too long'), { stage, attempts: 1, ...stampOf })
      return { ...sent, topic: 'dead-letters', key: id, value: record.value }
    },
    messages: [],
  }
  if (replayed !== null) return { ...made, messages: replayMessages(made, replayed.from) }
  const messages: Message[] = []
  const walk = (slot: number, steps: number): void => {
    for (const topic of WAY.slice(0, steps)) messages.push(made.at(topic, made.id(slot), slot))
  }
  for (let slot = 0; slot <= ACCEPTED; slot += 1) {
    walk(slot, WAY.length)
    messages.push(made.sft(made.id(slot), slot, slot === WITHOUT_PAIR ? 'too-few' : null))
    if (slot !== WITHOUT_PAIR) messages.push(made.preference(made.id(slot), slot))
  }
  walk(SCREENED_OUT, 1)
  messages.push(made.rejection(made.id(SCREENED_OUT), 'screen'))
  walk(NOT_CURATED, WAY.length)
  messages.push(made.rejection(made.id(NOT_CURATED), 'curate'))
  walk(DEAD, 3)
  messages.push(made.letter(made.id(DEAD), 'answer', { topic: 'tagged', partition: 0, offset: 5 }))
  messages.push(made.rejection(made.id(GIVEN_UP), 'magpie'))
  return { ...made, messages }
}

/** Of what a replay reads, slot REFUSED_AGAIN is rejected by its first stage, and slot DEAD_AGAIN a dead letter of it. */
export const REFUSED_AGAIN = 3
export const DEAD_AGAIN = 4

function replayMessages(made: InventedRun, from: TopicName): Message[] {
  const behind = WAY.slice(WAY.indexOf(from) + 1)
  const first = STAGE_NAMES[WAY.indexOf(from)]!
  return [...Array(ACCEPTED + 1).keys(), NOT_CURATED].flatMap((slot) => {
    const id = made.id(slot)
    const way = behind.map((topic) => made.at(topic, id, slot))
    if (slot === REFUSED_AGAIN) return [made.rejection(id, first, made.at(from, id, slot))]
    if (slot === DEAD_AGAIN) return [made.letter(id, first, { topic: from, partition: 0, offset: 5 })]
    if (slot === NOT_CURATED) return [...way, made.rejection(id, 'curate', way.at(-1) ?? made.at(from, id, slot))]
    const sft = made.sft(id, slot, slot === WITHOUT_PAIR ? 'too-few' : null)
    return [...way, sft, ...(slot === WITHOUT_PAIR ? [] : [made.preference(id, slot)])]
  })
}

/** Messages under the names of their topics on the broker. */
export function onLog({ nameOf }: Pick<InventedRun, 'nameOf'>, messages: readonly Message[]): Outgoing[] {
  return messages.map((message) => ({ ...message, topic: nameOf(message.topic) }))
}

export interface RunSays {
  readonly state?: RunState
  readonly out: string
  readonly accept?: { readonly sft: number }
  readonly revision?: string
  readonly replay?: Replay
}

/** Puts the run's record on the log. */
export async function sayRun(sender: Sender, codec: Codec, run: string, says: RunSays): Promise<void> {
  const loaded = await loadConfig({
    file: simulatedConfig,
    environment: { SIMULATOR_PORT: '1' },
    work: { producer: 'none', stages: [] },
  })
  const { stages, producer, ...rest } = loaded.config
  const on = { enabled: true }
  const { state = 'finished', out, accept, revision = 'main', replay = null } = says
  const config = {
    ...{ ...rest, replay },
    ...{ out, total: accept === undefined ? SLOTS : null },
    accept: accept === undefined ? null : { sft: accept.sft },
    producer: { ...producer, choices: 1 },
    stages: {
      ...stages,
      ...{ tag: { ...stages.tag, ...on }, judge: { ...stages.judge, ...on }, converse: { ...stages.converse, ...on } },
    },
  }
  await publishRunRecord(sender, codec, {
    ...{ id: `${run}/${revision}`, runId: run, revision, createdAt: Date.now(), state },
    ...{ config: JSON.stringify(config), configHash: 'x', startedAt: STARTED, finishedAt: null },
    ...{ host: 'here', pid: 1, version: '0', endedBy: null },
  })
}

/** Writes the rows of these messages with the sinks' own code. limit: rows that the SFT data set may have. */
export async function fillStores(
  codec: Codec,
  database: Database,
  { run, revision, nameOf, messages }: Pick<InventedRun, 'run' | 'revision' | 'nameOf' | 'messages'>,
  outDir: string,
  {
    limit = null,
    givesResponses = true,
    addition,
  }: { limit?: number | null; givesResponses?: boolean; addition?: Addition } = {},
): Promise<string> {
  const delivered = messages.map(({ topic, key, value, headers }, index): Delivered => ({
    ...{ topic: nameOf(topic), partition: 0, offset: BigInt(index), timestamp: STARTED, key, value },
    headers: Object.fromEntries(Object.entries(headers ?? {}).map(([name, text]) => [name, String(text)])),
  }))
  const ofTopics = (topics: readonly TopicName[]) =>
    delivered.filter(({ topic }) => topics.some((name) => nameOf(name) === topic))
  const tables = createClickhouseSink({ database, codec, log: silentLogger, revision, givesResponses, addition })
  await tables.write(
    ofTopics(['problems', 'screened', 'tagged', 'conversed', 'sft', 'preferences', 'rejections', 'dead-letters']),
  )
  const files = createJsonSink({
    ...{ outDir, runId: run, revision, model: 'some-model', startedAt: STARTED, codec, log: silentLogger },
    limits: { sft: limit },
  })
  await files.open()
  await files.write(ofTopics(['sft', 'preferences']))
  return (await files.finish()).folder
}
