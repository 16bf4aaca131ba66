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

/** Copies a message. */
export function toArrival(tenure: Tenure, message: KafkaMessage): Arrival {
  const headers: Record<string, HeaderValue | undefined> = {}
  for (const [name, value] of Object.entries(message.headers ?? {})) {
    headers[name] = Array.isArray(value) ? value.map(copyValue) : value === undefined ? undefined : copyValue(value)
  }
  return {
    tenure,
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    key: message.key === null ? null : Buffer.from(message.key),
    value: message.value === null ? null : Buffer.from(message.value),
    headers,
  }
}

/** Header values as text (UTF-8). */
export function headerTexts(headers: Headers): Record<string, string> {
  const texts: Record<string, string> = {}
  for (const name of Object.keys(headers)) texts[name] = headerText(headers, name) ?? ''
  return texts
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

function copyValue(value: string | Buffer): string | Buffer {
  return typeof value === 'string' ? value : Buffer.from(value)
}
