// What every row begins and ends with: its kind as JSON, and its place in the log. Promise: a row that was read farther
// along the way, or later, replaces one of the same id.

import type { TopicName } from '../../schemas/topics.ts'
import { TOPIC_NAMES } from '../../schemas/topics.ts'
import type { Delivered } from '../../stream/delivered.ts'
import { CONFIG_HEADER } from '../../stream/outgoing.ts'

/** A row as JSON, by column. */
export type Row = Record<string, unknown>

/** Where a message lies, under the topic's own name (without the revision). */
export interface Origin {
  readonly topic: TopicName
  readonly revision: string
  readonly message: Delivered
}

/** DateTime64(3) as text, from milliseconds since 1970 UTC. */
export function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 23).replace('T', ' ')
}

/** Place in the log, revision and version: what stands at the end of every row. */
export function placeColumns({ topic, revision, message }: Origin, createdAt: number): Row {
  return {
    revision,
    created_at: timeText(createdAt),
    topic: message.topic,
    partition: message.partition,
    offset: String(message.offset),
    config_hash: message.headers[CONFIG_HEADER] ?? '',
    // The farther along the way the record was read, the more it knows; then the later on the log counts, whatever the
    // clocks of its writers said. Above all times of the milliseconds that stood here once; below 2^53.
    version: TOPIC_NAMES.indexOf(topic) * 2 ** 48 + 2 ** 41 + Number(message.offset),
  }
}
