// A record that can never pass its stage, as it goes to the topic dead-letters: key, value, headers and time
// untouched, and headers of ours that say where, why and how often. Header names follow Kafka Connect's.

import { Failure } from '../schemas/failure.ts'
import { topicFor } from '../schemas/topics.ts'
import type { Arrival } from './arrival.ts'
import { type Outgoing, type Stamp, stampOrigin } from './outgoing.ts'

/** Names of the headers that a dead letter carries besides those of the record. */
export const DEAD_LETTER_HEADERS = {
  topic: '__connect.errors.topic',
  partition: '__connect.errors.partition',
  offset: '__connect.errors.offset',
  stage: '__connect.errors.stage',
  className: '__connect.errors.exception.class.name',
  message: '__connect.errors.exception.message',
  code: 'magpie.code',
  attempts: 'magpie.attempts',
  stack: 'magpie.stack',
} as const

const MESSAGE_LENGTH = 2000
const STACK_LENGTH = 4000

/** Code of a dead letter: that of the Failure, `unexpected` for a bug. */
export function deadLetterCode(error: unknown): string {
  return error instanceof Failure ? error.code : 'unexpected'
}

/** The dead letter of this record, ready to be sent. attempts: how often the stage was called with it. */
export function deadLetter(
  arrival: Arrival,
  error: unknown,
  details: Stamp & { stage: string; attempts: number },
): Outgoing {
  const fault = error instanceof Error ? error : new Error(String(error))
  const message: Outgoing = {
    topic: topicFor('dead-letters', details.revision),
    key: arrival.key,
    value: arrival.value,
    timestamp: arrival.timestamp,
    headers: {
      ...arrival.headers,
      [DEAD_LETTER_HEADERS.topic]: arrival.tenure.topic,
      [DEAD_LETTER_HEADERS.partition]: String(arrival.tenure.partition),
      [DEAD_LETTER_HEADERS.offset]: String(arrival.offset),
      [DEAD_LETTER_HEADERS.stage]: details.stage,
      [DEAD_LETTER_HEADERS.className]: fault.name,
      [DEAD_LETTER_HEADERS.message]: headerSafe(fault.message, MESSAGE_LENGTH),
      [DEAD_LETTER_HEADERS.code]: deadLetterCode(error),
      [DEAD_LETTER_HEADERS.attempts]: String(details.attempts),
      [DEAD_LETTER_HEADERS.stack]: headerSafe(fault.stack ?? '', STACK_LENGTH),
    },
  }
  const { topic, partition } = arrival.tenure
  return stampOrigin([message], { ...details, topic, partition, offset: arrival.offset })[0]!
}

/** Is this topic the dead letters' own? Its records are never dead-lettered again. */
export function holdsDeadLetters(topic: string, revision: string): boolean {
  return topic === topicFor('dead-letters', revision)
}

/** Cut to a length, on one line, control characters as \n or \u0007. */
function headerSafe(text: string, length: number): string {
  const cut = text.length > length ? `${text.slice(0, length)}…` : text
  return cut
    .toWellFormed()
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (each) =>
      each === '\n' ? '\\n' : each === '\t' ? '\\t' : `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
}
