// A record as the consumer hands it over: everything copied out of the fetch buffer, which is large and is reused
// for nothing while one slice of it lives.

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

/** Copies a message. */
export function toArrival(tenure: Tenure, message: KafkaMessage): Arrival {
  return { tenure, offset: Number(message.offset), ...toMessage(message) }
}

/** Copies a message. */
export function toMessage(message: KafkaMessage): Message {
  return {
    timestamp: Number(message.timestamp),
    key: message.key === null ? null : Buffer.from(message.key),
    value: message.value === null ? null : Buffer.from(message.value),
    // From entries: a header may be called __proto__.
    headers: Object.fromEntries(
      Object.entries(message.headers ?? {}).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.map(copyValue) : copyValue(value),
      ]),
    ),
  }
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
