// Sends the records of dead letters on their way again: the original bytes, key, time and headers, to the place of the
// topic that they came from, with the number of the attempt. Promises: a record is sent once, whether the process is
// killed at any moment and the redrive repeated, or two redrives run at once; a letter is marked after its record is on
// the log. How: a redrive claims a letter on the letter's own partition before it sends (the first claim that may still
// be acted on wins); a claim without an end makes the next redrive look for the record behind where the claim was made.

import { Failure, transient } from '../schemas/failure.ts'
import { originalHeaders } from './dead-letters.ts'
import type { KafkaConnection } from './kafka.ts'
import { CLAIM_MS, isHeldClaim, type Mark, type Marker, markMessage } from './letter-marks.ts'
import { type Letter, type LetterBook, readWholeLetters, type WholeLetter } from './letters.ts'
import {
  ATTEMPT_HEADER,
  headerText,
  type Outgoing,
  REDRIVEN_FROM_HEADER,
  REDRIVEN_REVISION_HEADER,
  REDRIVEN_TO_HEADER,
} from './outgoing.ts'
import { topicEnds } from './positions.ts'
import { readMessages } from './read-topic.ts'
import type { Sender } from './sender.ts'
import { partitionName } from './tenure.ts'

export interface RedriveParts {
  readonly connection: KafkaConnection
  readonly sender: Sender
  readonly book: LetterBook
  readonly marker: Marker
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
  readonly signal: AbortSignal
}

export interface Redriven {
  readonly sent: readonly Letter[]
  /** Sent by an earlier redrive that was broken off before it could say so. */
  readonly found: readonly Letter[]
  /** Left, each with the reason: another redrive has it, the record has expired, the topic does not take it. */
  readonly left: readonly { readonly letter: Letter; readonly why: string }[]
}

/** Letters and bytes that are read, claimed, sent and marked together. */
const ROUND_LETTERS = 200
const ROUND_BYTES = 32 * 1024 * 1024

/** Sends these letters, which wait and have a reader. Throws Failure when Kafka stays away; then call it again. */
export async function redriveLetters(parts: RedriveParts, letters: readonly Letter[]): Promise<Redriven> {
  const sent: Letter[] = []
  const found: Letter[] = []
  const left: { letter: Letter; why: string }[] = []
  for (const round of roundsOf(letters)) {
    const done = await redriveRound(parts, round)
    sent.push(...done.sent)
    found.push(...done.found)
    left.push(...done.left)
  }
  return { sent, found, left }
}

/** Marks letters whose record was sent and came back as a later letter, but that no mark tells of. */
export async function mendMarks({ connection, sender, marker, book, signal }: RedriveParts): Promise<number> {
  const unmarked = book.letters().filter(({ redrivenAt, isMarked }) => redrivenAt !== null && !isMarked)
  for (const round of roundsOf(unmarked)) {
    const whole = await readWholeLetters(connection, round, signal)
    await sender.send(
      whole.map((each) => markMessage(each, { kind: 'redriven', at: each.letter.redrivenAt!, after: 0, ...marker })),
    )
  }
  return unmarked.length
}

function* roundsOf(letters: readonly Letter[]): Iterable<Letter[]> {
  let round: Letter[] = []
  let bytes = 0
  for (const letter of letters) {
    if (round.length > 0 && (round.length >= ROUND_LETTERS || bytes + letter.bytes > ROUND_BYTES)) {
      yield round
      round = []
      bytes = 0
    }
    round.push(letter)
    bytes += letter.bytes
  }
  if (round.length > 0) yield round
}

async function redriveRound(parts: RedriveParts, letters: readonly Letter[]): Promise<Redriven> {
  const { connection, sender, marker, signal, now } = parts
  const left: { letter: Letter; why: string }[] = []
  const whole = await readWholeLetters(connection, letters, signal)
  const there = new Set(whole.filter(({ isLost }) => !isLost).map(({ letter }) => letter.place))
  for (const letter of letters)
    if (!there.has(letter.place)) left.push({ letter, why: 'its record has expired on the log' })

  const claimedAt = now()
  const claimable = whole.filter(({ isLost }) => !isLost)
  const { mine, found, held } = await claim(parts, claimable, claimedAt)
  left.push(...held)
  const repeats = await sentByOthers(parts, mine)
  const toSend = mine.filter(({ letter }) => !repeats.has(letter.place))
  const isMine = (): boolean => now() - claimedAt <= CLAIM_MS / 2
  if (!isMine())
    throw transient(
      'redrive-stalled',
      'this process stood still for too long to be sure that it alone sends: run it again',
    )
  const ends = await Promise.allSettled(toSend.map((each) => sender.send([recordOf(each)], isMine)))
  const sent: WholeLetter[] = []
  for (const [index, end] of ends.entries()) {
    const each = toSend[index]!
    if (end.status === 'fulfilled') sent.push(each)
    else if (end.reason instanceof Failure && end.reason.retry === 'permanent')
      left.push({ letter: each.letter, why: end.reason.message })
    else throw end.reason
  }
  const again = mine.filter(({ letter }) => repeats.has(letter.place))
  const mark = { kind: 'redriven', at: now(), after: 0, ...marker } as const
  await sender.send([...sent, ...again].map((each) => markMessage(each, mark)))
  return { sent: sent.map(({ letter }) => letter), found: [...found, ...again.map(({ letter }) => letter)], left }
}

interface Claimed {
  readonly mine: readonly WholeLetter[]
  /** Redriven meanwhile. */
  readonly found: readonly Letter[]
  readonly held: readonly { readonly letter: Letter; readonly why: string }[]
}

/** Claims the letters and reads back which claims came first. */
async function claim(
  { connection, sender, book, marker, signal, now }: RedriveParts,
  letters: readonly WholeLetter[],
  at: number,
): Promise<Claimed> {
  const after = new Map<string, number>()
  for (const topic of new Set(letters.map(({ letter }) => letter.source.topic)))
    for (const { partition, high } of await topicEnds(connection, topic))
      after.set(partitionName(topic, partition), high)
  await sender.send(
    letters.map((each) => {
      const { topic, partition } = each.letter.source
      const end = after.get(partitionName(topic, partition)) ?? 0
      return markMessage(each, { kind: 'redriving', at, after: end, ...marker })
    }),
  )
  await book.readOn(signal)
  const mine: WholeLetter[] = []
  const found: Letter[] = []
  const held: { letter: Letter; why: string }[] = []
  for (const each of letters) {
    const known = book.at(each.letter.place) ?? each.letter
    const first = known.claims.find((mark) => mark.by === marker.by || isHeldClaim(mark, now()))
    if (known.redrivenAt !== null) found.push(known)
    else if (first?.by === marker.by) mine.push({ ...each, letter: known })
    else held.push({ letter: known, why: heldBy(first) })
  }
  return { mine, found, held }
}

function heldBy(mark: Mark | undefined): string {
  return mark === undefined
    ? 'its claim is not on the log'
    : `another redrive has it (process ${mark.pid} on ${mark.host}); if that one has ended, try again in a minute`
}

/** Of these letters, those whose record an earlier redrive has sent: it lies behind where that one made its claim. */
async function sentByOthers(
  { connection, marker, signal }: RedriveParts,
  letters: readonly WholeLetter[],
): Promise<Set<string>> {
  const topics = new Map<string, Map<number, number>>()
  for (const { letter } of letters) {
    const { topic, partition } = letter.source
    for (const { by, after } of letter.claims) {
      if (by === marker.by) continue
      const from = topics.get(topic) ?? new Map<number, number>()
      topics.set(topic, from.set(partition, Math.min(from.get(partition) ?? Infinity, after)))
    }
  }
  const found = new Set<string>()
  for (const [topic, from] of topics) {
    const partitions = new Set(from.keys())
    for await (const { headers } of readMessages(connection, { topic, from, partitions, signal })) {
      const place = headerText(headers, REDRIVEN_FROM_HEADER)
      if (place !== null) found.add(place)
    }
  }
  return found
}

/** The record as it was, on its way to the one reader that failed. */
function recordOf({ letter, key, value, timestamp, headers }: WholeLetter): Outgoing {
  return {
    topic: letter.source.topic,
    partition: letter.source.partition,
    key,
    value,
    timestamp,
    headers: {
      ...originalHeaders(headers),
      [ATTEMPT_HEADER]: String(letter.attempt + 1),
      [REDRIVEN_FROM_HEADER]: letter.place,
      [REDRIVEN_TO_HEADER]: letter.stage,
      [REDRIVEN_REVISION_HEADER]: letter.revision,
    },
  }
}
