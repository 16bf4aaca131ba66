// A record that can never pass its stage, as it goes to the topic dead-letters: key, value, headers and time
// untouched (but for the reader that a redrive has named), and headers of ours that say where, why and how often.
// Header names follow Kafka Connect's.
// Promise: what burying adds, originalHeaders takes away again; headers of the same names that a record had are kept.

import { Failure } from '../schemas/failure.ts'
import { topicFor } from '../schemas/topics.ts'
import type { Arrival, Headers } from './arrival.ts'
import {
  ATTEMPT_HEADER,
  attemptOf,
  FROM_HEADER,
  type HeaderValue,
  headerText,
  LOADED_HEADER,
  type Outgoing,
  PART_HEADER,
  REDRIVEN_FROM_HEADER,
  REDRIVEN_REVISION_HEADER,
  REDRIVEN_TO_HEADER,
  type Stamp,
  stamp,
  STAGE_HEADER,
} from './outgoing.ts'

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
  /** When it failed, ISO 8601 (the message's own time is the record's). */
  failedAt: 'magpie.failed-at',
  /** Only on a letter that could not hold the record, which is to be read at its origin: its bytes. */
  bytes: 'magpie.bytes',
} as const

/** All that burying adds, or puts before a header that the record had. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  ...Object.values(DEAD_LETTER_HEADERS),
  ...[FROM_HEADER, STAGE_HEADER, PART_HEADER, LOADED_HEADER],
])

const MESSAGE_LENGTH = 2000
const STACK_LENGTH = 4000
/** Bytes of a key that a letter without its record keeps. */
const KEY_BYTES = 4096
/** Longer is no place of a letter: partition/offset. */
const PLACE_LENGTH = 40

/** Code of a dead letter: that of the Failure, `unexpected` for a bug. */
export function deadLetterCode(error: unknown): string {
  return error instanceof Failure ? error.code : 'unexpected'
}

/** The dead letter of this record, ready to be sent. attempts: how often the stage was called with it in this pass. */
export function deadLetter(
  arrival: Arrival,
  error: unknown,
  details: Stamp & { stage: string; attempts: number; now?: number },
): Outgoing {
  const headers: Record<string, HeaderValue | undefined> = { ...arrival.headers }
  // Who takes the record again is no reader of its letter, and the letter was not loaded.
  for (const name of [REDRIVEN_TO_HEADER, REDRIVEN_REVISION_HEADER, LOADED_HEADER])
    Reflect.deleteProperty(headers, name)
  for (const [name, value] of Object.entries(ownHeaders(arrival, error, details))) {
    const theirs = valuesOf(headers[name])
    headers[name] = theirs.length === 0 ? value : [value, ...theirs]
  }
  return stamp(
    {
      topic: topicFor('dead-letters', details.revision),
      key: arrival.key,
      value: arrival.value,
      timestamp: arrival.timestamp,
      headers,
    },
    details,
  )
}

/**
 * The same letter without what a broker may refuse: the record's bytes, its own headers, its time, an enormous key.
 * The record still lies where it failed.
 */
export function letterWithoutRecord(
  arrival: Arrival,
  error: unknown,
  details: Stamp & { stage: string; attempts: number; now?: number },
): Outgoing {
  const bytes = String(arrival.value?.length ?? 0)
  return stamp(
    {
      topic: topicFor('dead-letters', details.revision),
      key: arrival.key !== null && arrival.key.length > KEY_BYTES ? null : arrival.key,
      value: null,
      headers: {
        ...passHeaders(arrival.headers),
        ...ownHeaders(arrival, error, details),
        [DEAD_LETTER_HEADERS.bytes]: bytes,
      },
    },
    details,
  )
}

/** Which pass of a redriven record this was: without them it would be a first attempt for ever. */
function passHeaders(headers: Headers): Record<string, string> {
  const [attempt, place] = [attemptOf(headers), headerText(headers, REDRIVEN_FROM_HEADER)]
  if (attempt === 1 || place === null || place.length > PLACE_LENGTH) return {}
  return { [ATTEMPT_HEADER]: String(attempt), [REDRIVEN_FROM_HEADER]: place }
}

function ownHeaders(
  { tenure, offset }: Arrival,
  error: unknown,
  { stage, attempts, now = Date.now() }: { stage: string; attempts: number; now?: number },
): Record<string, string> {
  const fault = error instanceof Error ? error : new Error(String(error))
  return {
    [DEAD_LETTER_HEADERS.topic]: tenure.topic,
    [DEAD_LETTER_HEADERS.partition]: String(tenure.partition),
    [DEAD_LETTER_HEADERS.offset]: String(offset),
    [DEAD_LETTER_HEADERS.stage]: stage,
    [DEAD_LETTER_HEADERS.className]: fault.name,
    [DEAD_LETTER_HEADERS.message]: headerSafe(fault.message, MESSAGE_LENGTH),
    [DEAD_LETTER_HEADERS.code]: deadLetterCode(error),
    [DEAD_LETTER_HEADERS.attempts]: String(attempts),
    [DEAD_LETTER_HEADERS.stack]: headerSafe(fault.stack ?? '', STACK_LENGTH),
    [DEAD_LETTER_HEADERS.failedAt]: new Date(now).toISOString(),
    [FROM_HEADER]: `${tenure.topic}/${tenure.partition}/${offset}`,
    [STAGE_HEADER]: stage,
    // The only message of this record; the record itself may have been one of several.
    [PART_HEADER]: '1/1',
  }
}

/** The headers that the record had before it was buried, run and revision included. */
export function originalHeaders(letter: Headers): Headers {
  return Object.fromEntries(
    Object.entries(letter).flatMap(([name, value]) => {
      if (!OWN_HEADERS.has(name)) return [[name, value]]
      const [, ...theirs] = valuesOf(value)
      return theirs.length === 0 ? [] : [[name, theirs.length === 1 ? theirs[0] : theirs]]
    }),
  )
}

/** What a letter says of itself, with the first value of each header: a record's own of the same name come after. */
export function lettersOwnHeaders(letter: Headers): Record<string, string> {
  return Object.fromEntries(
    Object.values(DEAD_LETTER_HEADERS).flatMap((name) => {
      const text = headerText(letter, name)
      return text === null ? [] : [[name, text]]
    }),
  )
}

/** Names the failed pass of a record through a stage: a letter that is written twice has one id. */
export function deadLetterId(
  key: string,
  stage: string,
  place: { topic: string; partition: string; offset: string },
): string {
  return [key, 'dead-letter', stage, place.topic, place.partition, place.offset].join('/')
}

function valuesOf(value: HeaderValue | undefined): (string | Buffer)[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value]
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
