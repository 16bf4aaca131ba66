// Marks of dead letters: messages of the topic dead-letters that say what became of a letter of the same partition.
// redriving: a process has claimed it and is about to send its record again. redriven: the record has been sent.
// Promise: a mark of the second kind holds all that its letter says, so that a row made of either is whole.

import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { topicFor } from '../schemas/topics.ts'
import type { Headers } from './arrival.ts'
import { DEAD_LETTER_HEADERS, lettersOwnHeaders } from './dead-letters.ts'
import {
  ATTEMPT_HEADER,
  headerText,
  type Outgoing,
  REDRIVEN_FROM_HEADER,
  REVISION_HEADER,
  RUN_HEADER,
} from './outgoing.ts'
import { processIsAlive } from './process-alive.ts'
import type { PlacedMessage } from './read-topic.ts'

/** Headers of marks; only messages with the first are marks. */
export const MARK_HEADERS = {
  mark: 'magpie.mark',
  /** Offset of the letter in the mark's partition. */
  letter: 'magpie.letter',
  /** ISO 8601. */
  at: 'magpie.marked-at',
  by: 'magpie.marked-by',
  host: 'magpie.marked-host',
  pid: 'magpie.marked-pid',
  /** Only on redriving: end of the partition that the record goes to, before it was sent. */
  after: 'magpie.marked-after',
} as const

/** Who marks: one redrive of one process. */
export interface Marker {
  readonly by: string
  readonly host: string
  readonly pid: number
}

/** A redrive of this process, like no other. */
export function newMarker(): Marker {
  return { by: randomUUID(), host: hostname(), pid: process.pid }
}

export interface Mark extends Marker {
  readonly kind: 'redriving' | 'redriven'
  /** Offset of its letter. */
  readonly letter: number
  /** Milliseconds since 1970 UTC. */
  readonly at: number
  readonly after: number
}

/** So long a claim of a process that cannot be asked (on another host) holds, milliseconds. */
export const CLAIM_MS = 60_000

/** May the process that made this claim still send? */
export function isHeldClaim(claim: Mark, now: number): boolean {
  if (now - claim.at >= CLAIM_MS) return false
  return claim.host !== hostname() || (claim.pid !== process.pid && processIsAlive(claim.pid))
}

/** Reads a mark; null for any other message. */
export function markOf(headers: Headers): Mark | null {
  const text = (name: keyof typeof MARK_HEADERS): string => headerText(headers, MARK_HEADERS[name]) ?? ''
  const kind = text('mark')
  if (kind !== 'redriving' && kind !== 'redriven') return null
  const [letter, at, pid, after] = [
    Number(text('letter')),
    Date.parse(text('at')),
    Number(text('pid')),
    Number(text('after')),
  ]
  if (!Number.isSafeInteger(letter) || !Number.isFinite(at)) return null
  return { kind, letter, at, after: Number.isSafeInteger(after) ? after : 0, by: text('by'), host: text('host'), pid }
}

/** A mark of this letter, for the letter's own partition. */
export function markMessage(
  letter: Pick<PlacedMessage, 'partition' | 'offset' | 'key' | 'value' | 'headers' | 'timestamp'>,
  mark: Omit<Mark, 'letter'>,
): Outgoing {
  const own = lettersOwnHeaders(letter.headers)
  const kept = [RUN_HEADER, REVISION_HEADER, ATTEMPT_HEADER, REDRIVEN_FROM_HEADER].flatMap((name) => {
    const text = headerText(letter.headers, name)
    return text === null ? [] : [[name, text] as const]
  })
  return {
    topic: topicFor('dead-letters', 'main'),
    partition: letter.partition,
    key: letter.key,
    value: null,
    headers: {
      ...Object.fromEntries(kept),
      ...(mark.kind === 'redriven' ? own : {}),
      ...(mark.kind === 'redriven'
        ? {
            [DEAD_LETTER_HEADERS.bytes]: own[DEAD_LETTER_HEADERS.bytes] ?? String(letter.value?.length ?? 0),
            [DEAD_LETTER_HEADERS.failedAt]: own[DEAD_LETTER_HEADERS.failedAt] ?? isoTime(letter.timestamp),
          }
        : {}),
      [MARK_HEADERS.mark]: mark.kind,
      [MARK_HEADERS.letter]: String(letter.offset),
      [MARK_HEADERS.at]: isoTime(mark.at),
      [MARK_HEADERS.by]: mark.by,
      [MARK_HEADERS.host]: mark.host,
      [MARK_HEADERS.pid]: String(mark.pid),
      ...(mark.kind === 'redriving' ? { [MARK_HEADERS.after]: String(mark.after) } : {}),
    },
  }
}

/** ISO 8601; the year 1970 for a time that is none, as foreign messages may have. */
function isoTime(milliseconds: number): string {
  const time = new Date(milliseconds)
  return (Number.isNaN(time.getTime()) ? new Date(0) : time).toISOString()
}
