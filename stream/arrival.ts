// A record as the consumer hands it over: copied out of what was fetched, which is large and cannot be let go while one
// slice of it lives; or a view on that, for readers that are done with all of it soon.

import type { KafkaMessage } from 'kafkajs'
import type { Delivered } from './delivered.ts'
import { headerText, type HeaderValue } from './outgoing.ts'
import type { Tenure } from './tenure.ts'

export type Headers = Readonly<Record<string, HeaderValue | undefined>>

export interface Arrival {
  readonly tenure: Tenure
  readonly offset: number
  /** Milliseconds since 1970 UTC. */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Headers
}

/** A message without its place, as it lay on the log. */
export type Message = Pick<Arrival, 'timestamp' | 'key' | 'value' | 'headers'>

/** Copies a message; asView: its value stays where it was fetched. */
export function toArrival(tenure: Tenure, message: KafkaMessage, asView = false): Arrival {
  return { tenure, offset: Number(message.offset), ...toMessage(message, asView) }
}

/** Copies a message; asView: its value stays where it was fetched. */
export function toMessage(message: KafkaMessage, asView = false): Message {
  return {
    timestamp: Number(message.timestamp),
    key: message.key === null ? null : Buffer.from(message.key),
    value: message.value === null || asView ? message.value : Buffer.from(message.value),
    // From entries: a header may be called __proto__.
    headers: Object.fromEntries(
      Object.entries(message.headers ?? {}).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.map(copyValue) : copyValue(value),
      ]),
    ),
  }
}

/** Whether the values take at least half of the memory that views on them would hold on to. */
export function fillTheirMemory(messages: readonly Pick<KafkaMessage, 'value'>[]): boolean {
  const values = messages.flatMap(({ value }) => (value === null ? [] : [value]))
  const held = new Set(values.map(({ buffer }) => buffer))
  const bytes = values.reduce((sum, { length }) => sum + length, 0)
  return 2 * bytes >= [...held].reduce((sum, { byteLength }) => sum + byteLength, 0)
}

/** Header values as text (UTF-8). */
export function headerTexts(headers: Headers): Record<string, string> {
  return Object.fromEntries(Object.keys(headers).map((name) => [name, headerText(headers, name) ?? '']))
}

/** As a sink gets it. */
export function toDelivered({ tenure, offset, timestamp, key, value, headers }: Arrival): Delivered {
  return {
    topic: tenure.topic,
    partition: tenure.partition,
    offset: BigInt(offset),
    timestamp,
    key: key?.toString() ?? '',
    value: value ?? Buffer.alloc(0),
    headers: headerTexts(headers),
  }
}

/** Others may write a header without a value, which kafkajs reads as null and cannot write: it becomes an empty one. */
function copyValue(value: string | Buffer | null | undefined): string | Buffer {
  return typeof value === 'string' ? value : Buffer.from(value ?? '')
}
