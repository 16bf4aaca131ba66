// Messages of the topic dead-letters as rows of dead_letters. Promise: a letter and the marks of it are one row, and
// the row with the mark stands, in whatever order and however often they are written.

import { DEAD_LETTER_HEADERS, deadLetterId } from '../../stream/dead-letters.ts'
import type { Delivered } from '../../stream/delivered.ts'
import { markOf } from '../../stream/letter-marks.ts'
import { attemptOf, REDRIVEN_FROM_HEADER, REVISION_HEADER, RUN_HEADER } from '../../stream/outgoing.ts'
import { placeColumns, timeText } from './place.ts'
import type { Origin, Row } from './place.ts'

/** Added to the version of a row with a mark: no time of a letter comes near it, and it stays below the next topic's. */
const MARKED = 2 ** 47

/** The row, from the headers alone: the bytes may be anything. null: a message that changes no row. */
export function deadLetterRow(origin: Origin): Row | null {
  const { message } = origin
  const mark = markOf(message.headers)
  // Under way: whether it got there, a later mark says.
  if (mark?.kind === 'redriving') return null
  const header = (name: string): string => message.headers[name] ?? ''
  const stage = header(DEAD_LETTER_HEADERS.stage)
  // No stage has sent it: it is something else that somebody wrote there (see letterOf in stream/letters.ts).
  if (stage === '') return null
  const source = sourceOf(message)
  const failedAt = Date.parse(header(DEAD_LETTER_HEADERS.failedAt))
  const place = placeColumns(
    { ...origin, revision: header(REVISION_HEADER) || 'main' },
    Number.isNaN(failedAt) ? message.timestamp : failedAt,
  )
  const version = Number(place['version'])
  return {
    ...place,
    ...(mark === null ? {} : { offset: mark.letter, version: version + MARKED, redriven_at: timeText(mark.at) }),
    id: deadLetterId(message.key, stage, source),
    run_id: header(RUN_HEADER),
    problem_id: message.key,
    stage,
    code: header(DEAD_LETTER_HEADERS.code) || 'unknown',
    message: header(DEAD_LETTER_HEADERS.message),
    attempts: Number(header(DEAD_LETTER_HEADERS.attempts)) || 1,
    attempt: attemptOf(message.headers),
    redriven_from: header(REDRIVEN_FROM_HEADER) || null,
    stack: header(DEAD_LETTER_HEADERS.stack) || null,
    bytes: Number(header(DEAD_LETTER_HEADERS.bytes) || message.value.length),
    source_topic: source.topic,
    source_partition: Number(source.partition),
    source_offset: source.offset,
  }
}

/** Place of the record that failed: what the headers say, else the dead letter's own place. */
function sourceOf(message: Delivered): { topic: string; partition: string; offset: string } {
  const { topic, partition, offset } = DEAD_LETTER_HEADERS
  return {
    topic: message.headers[topic] ?? message.topic,
    partition: message.headers[partition] ?? String(message.partition),
    offset: message.headers[offset] ?? String(message.offset),
  }
}
