// The dead letters on the log with what became of each. The topic is the truth; the table dead_letters is made of it.
// Promises: a failed pass of a record is one letter however often it was told; a letter has been redriven when a mark
// says so or when a later letter comes from its record; reading on costs only what is new.

import { topicFor } from '../schemas/topics.ts'
import { DEAD_LETTER_HEADERS, deadLetterId } from './dead-letters.ts'
import type { KafkaConnection } from './kafka.ts'
import { type Mark, markOf } from './letter-marks.ts'
import { attemptOf, headerText, REDRIVEN_FROM_HEADER, REVISION_HEADER, RUN_HEADER } from './outgoing.ts'
import { type PlacedMessage, readMessages } from './read-topic.ts'
import { topicNames, unlessDeleted } from './topics-admin.ts'

export interface Letter {
  /** Where it lies in dead-letters: partition/offset. Short enough to be typed. */
  readonly place: string
  readonly partition: number
  readonly offset: number
  /** Names the failed pass; the id of its row. */
  readonly id: string
  readonly runId: string
  readonly revision: string
  /** Key of the record as text: the problem's id. */
  readonly key: string
  readonly stage: string
  readonly code: string
  readonly message: string
  /** How often the stage was called with it in this pass; which pass it was. */
  readonly attempts: number
  readonly attempt: number
  /** Where the record lies that failed. */
  readonly source: { readonly topic: string; readonly partition: number; readonly offset: number }
  /** Milliseconds since 1970 UTC. */
  readonly failedAt: number
  /** Bytes of the record; `isApart`: they lie at the source alone. */
  readonly bytes: number
  readonly isApart: boolean
  /** When it was sent on its way again, milliseconds since 1970 UTC; null: it waits. */
  readonly redrivenAt: number | null
  /** False while only a later letter tells of it. */
  readonly isMarked: boolean
  /** Claims of redrives, oldest first. */
  readonly claims: readonly Mark[]
}

interface Entry extends Letter {
  redrivenAt: number | null
  isMarked: boolean
  readonly claims: Mark[]
}

export interface LetterBook {
  /** In the order of their partitions and offsets. */
  letters(): readonly Letter[]
  /** The letter of this place, also where the same pass was told again there. */
  at(place: string): Letter | null
  /** Messages of the topic that are neither letters nor marks. */
  foreign(): number
  /** Reads what has come to the topic since. Throws Failure when Kafka does not answer. */
  readOn(signal: AbortSignal): Promise<void>
}

const TOPIC = topicFor('dead-letters', 'main')

/** Reads the whole topic. `wanted`: letters of which runs are kept; all by default. */
export async function openLetterBook(
  connection: KafkaConnection,
  signal: AbortSignal,
  wanted: (runId: string, revision: string) => boolean = () => true,
): Promise<LetterBook> {
  const byPlace = new Map<string, Entry>()
  const byPass = new Map<string, Entry>()
  const next = new Map<number, number>()
  /** Places that later letters come from, with the time of the later one. */
  const origins = new Map<string, number>()
  let foreign = 0

  function take(message: PlacedMessage): void {
    const mark = markOf(message.headers)
    if (mark !== null) {
      const entry = byPlace.get(`${message.partition}/${mark.letter}`)
      if (entry === undefined) return
      if (mark.kind === 'redriving') entry.claims.push(mark)
      else {
        entry.redrivenAt = entry.isMarked ? entry.redrivenAt : mark.at
        entry.isMarked = true
      }
      return
    }
    const letter = letterOf(message)
    if (letter === null) {
      foreign += 1
      return
    }
    if (!wanted(letter.runId, letter.revision)) return
    const pass = JSON.stringify([letter.runId, letter.revision, letter.id])
    const entry = byPass.get(pass) ?? { ...letter, redrivenAt: null, isMarked: false, claims: [] }
    byPass.set(pass, entry)
    byPlace.set(letter.place, entry)
    // Letters of one record may lie in any partition: whoever is named here may be read later.
    if (letter.redrivenFrom !== null) origins.set(letter.redrivenFrom, letter.failedAt)
  }

  async function readOn(until: AbortSignal): Promise<void> {
    for await (const message of readMessages(connection, { topic: TOPIC, from: next, signal: until })) {
      next.set(message.partition, message.offset + 1)
      take(message)
    }
    for (const [place, failedAt] of origins) {
      const entry = byPlace.get(place)
      if (entry !== undefined) entry.redrivenAt ??= failedAt
    }
  }

  await readOn(signal)
  return {
    letters: () =>
      [...byPass.values()].sort((one, other) => one.partition - other.partition || one.offset - other.offset),
    at: (place) => byPlace.get(place) ?? null,
    foreign: () => foreign,
    readOn,
  }
}

/** What a letter says; null for a message that is none. */
export function letterOf(
  message: PlacedMessage,
): (Omit<Letter, 'redrivenAt' | 'isMarked' | 'claims'> & { readonly redrivenFrom: string | null }) | null {
  const { headers, partition, offset, timestamp } = message
  const text = (name: keyof typeof DEAD_LETTER_HEADERS): string => headerText(headers, DEAD_LETTER_HEADERS[name]) ?? ''
  const stage = text('stage')
  if (stage === '' || markOf(headers) !== null) return null
  const source = { topic: text('topic'), partition: text('partition'), offset: text('offset') }
  const key = message.key?.toString() ?? ''
  const apart = headerText(headers, DEAD_LETTER_HEADERS.bytes)
  const failedAt = Date.parse(text('failedAt'))
  return {
    ...{ partition, offset, place: `${partition}/${offset}` },
    id: deadLetterId(key, stage, source),
    ...{ runId: headerText(headers, RUN_HEADER) ?? '', revision: headerText(headers, REVISION_HEADER) ?? 'main' },
    ...{ key, stage, code: text('code') || 'unknown', message: text('message') },
    ...{ attempts: Number(text('attempts')) || 1, attempt: attemptOf(headers) },
    redrivenFrom: headerText(headers, REDRIVEN_FROM_HEADER),
    source: { topic: source.topic, partition: Number(source.partition), offset: Number(source.offset) },
    failedAt: Number.isNaN(failedAt) ? timestamp : failedAt,
    bytes: apart === null ? (message.value?.length ?? 0) : Number(apart),
    isApart: apart !== null,
  }
}

/** A letter as it lies on the log, with its record. */
export interface WholeLetter extends PlacedMessage {
  readonly letter: Letter
  /** The record's bytes; null: it had none, or (`isLost`) they have expired at its source. */
  readonly value: Buffer | null
  readonly isLost: boolean
}

/** Reads letters with their records. Those that have expired are left out. Throws Failure. */
export async function readWholeLetters(
  connection: KafkaConnection,
  letters: readonly Letter[],
  signal: AbortSignal,
): Promise<WholeLetter[]> {
  const byPlace = new Map(letters.map((letter) => [letter.place, letter]))
  const found: WholeLetter[] = []
  for await (const message of readMessages(connection, { topic: TOPIC, ...rangeOf(letters), signal })) {
    const letter = byPlace.get(`${message.partition}/${message.offset}`)
    if (letter === undefined) continue
    found.push(
      letter.isApart ? await withRecord(connection, letter, message, signal) : { ...message, letter, isLost: false },
    )
  }
  return found
}

/** A letter that could not hold its record, with the record from where it failed. */
async function withRecord(
  connection: KafkaConnection,
  letter: Letter,
  message: PlacedMessage,
  signal: AbortSignal,
): Promise<WholeLetter> {
  const { topic, ...place } = letter.source
  const lost = { ...message, letter, isLost: true }
  if (!(await topicNames(connection)).includes(topic)) return lost
  const read = async (): Promise<WholeLetter> => {
    for await (const record of readMessages(connection, { topic, ...rangeOf([place]), signal, fetchBytes: 1 })) {
      const { key, value, timestamp } = record
      // The record's own headers were too much for the letter as well.
      return {
        ...message,
        key,
        value,
        timestamp,
        headers: { ...record.headers, ...message.headers },
        letter,
        isLost: false,
      }
    }
    return lost
  }
  return (await unlessDeleted(connection, topic, read)) ?? lost
}

/** What to read for these places: in each of their partitions, from the first of them to the last. */
function rangeOf(places: readonly { readonly partition: number; readonly offset: number }[]): {
  partitions: Set<number>
  from: Map<number, number>
  to: Map<number, number>
} {
  const from = new Map<number, number>()
  const to = new Map<number, number>()
  for (const { partition, offset } of places) {
    from.set(partition, Math.min(from.get(partition) ?? Infinity, offset))
    to.set(partition, Math.max(to.get(partition) ?? 0, offset + 1))
  }
  return { partitions: new Set(from.keys()), from, to }
}
