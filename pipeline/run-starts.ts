// The starts of a run: each process that works at it leaves one record with its config, which nothing replaces. So it
// can be told which config a row came under: everything that a process sends carries its config's hash.

import { hostname } from 'node:os'
import type { Codec } from '../schemas/codec.ts'
import type { RunStart } from '../schemas/records.ts'
import type { KafkaConnection } from '../stream/kafka.ts'
import { CONFIG_HEADER, stamp } from '../stream/outgoing.ts'
import { readTopic } from '../stream/read-topic.ts'
import type { Sender } from '../stream/sender.ts'
import { readable } from './read-records.ts'
import type { RunIdentity } from './run-records.ts'

/** What a process of a run is called: of this process, from now on (milliseconds since 1970 UTC). */
export function processName({ runId, revision }: Pick<RunIdentity, 'runId' | 'revision'>, now: number): string {
  return `${runId}/${revision}/${hostname()}-${process.pid}-${now}`
}

/** The same sender: all that goes through it names the config that it came under. */
export function withConfigHash(sender: Sender, configHash: string): Sender {
  return {
    ...sender,
    send: (messages, mayGo) =>
      sender.send(
        messages.map((message) => ({ ...message, headers: { ...message.headers, [CONFIG_HEADER]: configHash } })),
        mayGo,
      ),
  }
}

/**
 * Writes the start of this process, or the same once more when it knows where its ClickHouse is; resolves when the
 * broker has it.
 */
export async function publishStart(
  sender: Sender,
  codec: Codec,
  identity: RunIdentity,
  start: Pick<RunStart, 'id' | 'createdAt' | 'clickhouse'> & { readonly parts: Iterable<string> },
): Promise<void> {
  const record: RunStart = {
    ...{ ...identity, ...start, parts: [...start.parts] },
    ...{ host: hostname(), pid: process.pid },
  }
  await sender.send([stamp({ topic: 'starts', key: start.id, value: codec.encode('RunStart', record) }, identity)])
}

/** Takes the start of a process away that has not begun to work. */
export async function forgetStart(sender: Sender, identity: RunIdentity, id: string): Promise<void> {
  await sender.send([stamp({ topic: 'starts', key: id, value: null }, identity)])
}

/** A start as it stands on the log. */
export interface PlacedStart extends RunStart {
  /** Offset of the first word on where its ClickHouse is, which others go by; null: there is none. */
  readonly clickhouseAt: number | null
}

/** Every start that the log knows and that was not taken away, oldest first. Throws Failure when Kafka does not answer. */
export async function readStarts(
  connection: KafkaConnection,
  codec: Codec,
  signal: AbortSignal,
): Promise<readonly PlacedStart[]> {
  const starts = new Map<string, PlacedStart>()
  for await (const message of readTopic(connection, { topic: 'starts', signal })) {
    if (message.value.length === 0) starts.delete(message.key)
    const record = message.value.length === 0 ? null : readable({ connection, codec }, 'RunStart', message)
    if (record === null) continue
    const before = starts.get(message.key)?.clickhouseAt ?? null
    starts.set(message.key, {
      ...record,
      clickhouseAt: record.clickhouse === null ? null : (before ?? Number(message.offset)),
    })
  }
  return [...starts.values()]
}

/** Is it the start of a process that led this run and revision? */
export function hasLed(start: RunStart, { runId, revision }: Pick<RunIdentity, 'runId' | 'revision'>): boolean {
  return start.runId === runId && start.revision === revision && start.parts.includes('produce')
}
