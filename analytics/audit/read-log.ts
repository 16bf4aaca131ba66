// Reads the topics of a run into a pass: dead letters first (they say which messages are not what they seem), then the
// data's way, then rejections. Records are decoded only where their key does not say enough: problems (their slot),
// preferences (the number of the pair), rejections (their stage), and those that give responses, for their number.

import { type PartName, responsesTopic } from '../../pipeline.ts'
import { Failure } from '../../schemas/failure.ts'
import type { Codec } from '../../schemas/codec.ts'
import type { RecordName, Records } from '../../schemas/records.ts'
import { type TopicName, TOPICS } from '../../schemas/topics.ts'
import { readUuid } from '../../schemas/id-table.ts'
import type { KafkaConnection } from '../../stream/kafka.ts'
import { DEAD_LETTER_HEADERS } from '../../stream/dead-letters.ts'
import { MARK_HEADERS } from '../../stream/letter-marks.ts'
import { headerText, isForReader, isRedrivenTo, REDRIVEN_FROM_HEADER, type TopicReader } from '../../stream/outgoing.ts'
import type { PartitionEnds } from '../../stream/positions.ts'
import {
  DEAD_IN_FILES,
  DEAD_IN_TABLE,
  DUE_IN_FILES,
  DUE_IN_TABLE,
  ENDS,
  enderOf,
  EXPECTED,
  GIVES_PROBLEM,
  OPEN,
  OWES_PAIR,
  OWES_SFT,
  ROW,
  SEEN,
  topicBit,
} from './entry.ts'
import type { AuditedRun } from './find-run.ts'
import type { Letter } from './letters.ts'
import { addRepeat, goFurther, isIn, sight, sightPair } from './pass.ts'
import type { Furthest, Pass } from './pass.ts'
import { noteResponses, noteRowsOfEnded, responsesOf, rowsOfEnded } from './responses.ts'
import { scanTopic } from './scan.ts'
import type { Seen } from './scan.ts'
import type { Ends, Finished } from './snapshot.ts'

export interface LogParts {
  readonly connection: KafkaConnection
  readonly codec: Codec
  readonly run: AuditedRun
  readonly finished: Finished
  readonly ends: Ends
  readonly signal: AbortSignal
}

/** Reads everything below the ends. */
export async function readLog(parts: LogParts, pass: Pass): Promise<void> {
  const { planned, replay } = parts.run
  await readDeadLetters(parts, pass)
  // Repeats on what a replay reads are those of another revision.
  let writer = replay === null ? 'produce' : null
  for (const { name, from } of planned) {
    await readProblemTopic(parts, pass, { topic: from, writer, reader: name })
    writer = name
  }
  await readProblemTopic(parts, pass, { topic: planned.at(-1)?.to ?? 'sft', writer, reader: null })
  if (planned.at(-1)?.to === 'sft') await readPreferences(parts, pass)
  await readRejections(parts, pass)
}

async function scan(
  { connection, run, ends, signal }: LogParts,
  pass: Pass,
  topic: TopicName,
  look: (seen: Seen) => void,
) {
  const { runId, revision } = run.record
  const common = { connection, topic: pass.nameOf(topic), ends: ends.get(topic) ?? [], runId, signal }
  await scanTopic(topic === 'dead-letters' ? { ...common, revision } : common, look)
}

/** What a sink owes for a message of its topic: a row (`due`), none because it made a letter of it (`dead`), nothing yet. */
function owedBy(
  sink: TopicReader,
  { headers }: Seen,
  letters: readonly Letter[],
  bits: { readonly due: number; readonly dead: number; readonly isThrough: boolean },
): number {
  if (!isForReader(sink, headers)) return 0
  if (letters.some(({ stage }) => stage === sink.part)) return bits.dead
  return bits.isThrough ? bits.due : 0
}

/** Notes which letter a redriven record was; says whether it is one. */
function isRedriven({ letters }: Pass, { headers }: Seen): boolean {
  const place = headerText(headers, REDRIVEN_FROM_HEADER)
  if (place !== null) letters.redriven(place)
  return place !== null
}

/** Anybody may write anything to the topic: what names no run and no stage is no letter, nor is a mark of one. */
function isLetter({ headers, isStamped }: Seen): boolean {
  const stage = headerText(headers, DEAD_LETTER_HEADERS.stage) ?? ''
  return isStamped && stage !== '' && headerText(headers, MARK_HEADERS.mark) === null
}

async function readDeadLetters(parts: LogParts, pass: Pass): Promise<void> {
  const isWritten = parts.finished.of('clickhouse', 'dead-letters')
  await scan(parts, pass, 'dead-letters', (seen) => {
    if (!isLetter(seen)) return
    // A letter that was redriven and came back says so too.
    isRedriven(pass, seen)
    // Those of no problem are few: the first pass has them.
    if (seen.id === null ? pass.share.from > 0 : !isIn(pass.share, seen.id)) return
    const letter = pass.letters.add(seen)
    const isDue = isWritten(seen.partition, seen.offset)
    const known = pass.letterRows.get(letter.id)
    if (known !== undefined && known.messages > 0) addRepeat(pass, letter.stage)
    pass.letterRows.set(letter.id, {
      messages: (known?.messages ?? 0) + 1,
      isDue: isDue || known?.isDue === true,
      rows: known?.rows ?? 0,
      seen: `${pass.nameOf('dead-letters')}/${letter.place}`,
    })
    const made = seen.id === null ? null : rowsOfEnded(parts.codec, parts.run, letter.topic, seen.value)
    if (seen.id === null || made === null) return
    const at = sight(pass, seen.id, 'dead-letters', seen)
    noteRowsOfEnded(pass.problems.words(), at, made, isDue)
  })
}

/** A topic of problems: the stage that writes it, and the one that reads it (null: sinks alone do). */
interface Step {
  readonly topic: TopicName
  readonly writer: string | null
  readonly reader: PartName | null
}

async function readProblemTopic(parts: LogParts, pass: Pass, { topic, writer, reader }: Step): Promise<void> {
  const { finished, codec, run } = parts
  const { revision } = run.record
  const bit = topicBit(topic)
  const isDone = reader === null ? () => true : finished.of(reader, topic)
  const isSource = run.replay?.from === topic
  const table = run.problemRows.has(topic) ? 'problems' : topic === 'sft' ? topic : null
  const isWritten = finished.of('clickhouse', topic)
  const isFiled = finished.of('json', topic)
  const givesResponses = !isSource && run.givesResponses && topic === responsesTopic(run.planned)
  await scan(parts, pass, topic, (seen) => {
    const { id, partition, offset } = seen
    if (isSource && !isInput(run, reader, seen)) return
    const letters = pass.letters.of(topic, partition, offset)
    const isOpen = isForReader({ part: reader, revision }, seen.headers) && !isDone(partition, offset)
    const isAgain = isRedriven(pass, seen)
    if (id === null || !seen.isStamped || letters.some(({ code }) => code === 'undecodable')) {
      if (isForReader({ part: reader ?? 'clickhouse', revision }, seen.headers))
        keepForeign(parts, pass, topic, seen, reader === null ? !isWritten(partition, offset) : isOpen)
      return
    }
    if (!isIn(pass.share, id)) return
    const at = sight(pass, id, topic, seen)
    const words = pass.problems.words()
    if ((words[at + SEEN]! & bit) !== 0 && !isAgain && writer !== null) addRepeat(pass, writer)
    words[at + SEEN]! |= isSource ? bit | EXPECTED : bit
    let open = isOpen ? bit : 0
    if (table !== null) {
      const row = { due: DUE_IN_TABLE[table], dead: DEAD_IN_TABLE[table], isThrough: isWritten(partition, offset) }
      open |= owedBy({ part: 'clickhouse', revision }, seen, letters, row)
    }
    if (table === 'problems') open |= GIVES_PROBLEM
    if (topic === 'sft') {
      const line = { due: DUE_IN_FILES, dead: DEAD_IN_FILES, isThrough: isFiled(partition, offset) }
      open |= owedBy({ part: 'json', revision }, seen, letters, line)
    }
    if (topic === 'sft' && readable(codec, 'SftRecord', seen.value)?.pairRefusal === null) open |= OWES_PAIR
    words[at + OPEN]! |= open
    if (topic === 'problems' && run.replay === null) noteFurthest(codec, pass.furthest, seen.value)
    if (givesResponses) {
      const packed = responsesOf(codec, topic, seen.value)
      if (packed !== null) noteResponses(words, at, packed, isWritten(partition, offset))
    }
  })
}

/** Is it one of the records that a replay reads, or was it sent again to it? */
function isInput({ record: { revision }, takes }: AuditedRun, part: PartName | null, seen: Seen): boolean {
  const reader = { part, revision }
  return isRedrivenTo(reader, seen.headers) || (isForReader(reader, seen.headers) && takes(seen))
}

function noteFurthest(codec: Codec, furthest: Furthest, value: Buffer): void {
  const problem = readable(codec, 'Problem', value)
  if (problem === null) return
  const { slot, choice, source } = problem
  goFurther(furthest, { slot, choice, source, choices: choice + 1 })
}

/** Reads ahead how many messages the run begins with, repeats included, and how far its producer has come. */
export async function readFurthest(
  { connection, codec, run, signal }: Omit<LogParts, 'finished' | 'ends'>,
  ends: readonly PartitionEnds[],
  furthest: Furthest,
): Promise<number> {
  let messages = 0
  const { planned, replay, record, nameOf } = run
  const topic = nameOf(planned[0]?.from ?? 'problems')
  await scanTopic({ connection, topic, ends, runId: record.runId, signal }, (seen) => {
    if (replay === null) noteFurthest(codec, furthest, seen.value)
    else if (!run.takes(seen)) return
    messages += 1
  })
  return messages
}

/** Keeps what stands for no problem, but for records that are another run's, which the stages pass over. */
function keepForeign({ codec, run }: LogParts, pass: Pass, topic: TopicName, seen: Seen, isOpen: boolean): void {
  const { id, partition, offset, value, isStamped, timestamp } = seen
  if (id === null ? pass.share.from > 0 : !isIn(pass.share, id)) return
  if (!isStamped) {
    // It lay there before the run began, whose groups start at the ends.
    if (topic !== run.replay?.from && timestamp < run.record.startedAt) return
    const name = TOPICS[topic].record
    const record = name === null ? null : readable(codec, name, value)
    if (record !== null && record.runId !== run.record.runId) return
  }
  pass.foreign.push({ topic, partition, offset, problem: id === null ? null : id.slice(0, 4), isOpen })
}

async function readPreferences(parts: LogParts, pass: Pass): Promise<void> {
  const { finished, codec } = parts
  const { revision } = parts.run.record
  const bit = topicBit('preferences')
  const isWritten = finished.of('clickhouse', 'preferences')
  const isFiled = finished.of('json', 'preferences')
  const key = new Uint32Array(5)
  await scan(parts, pass, 'preferences', (seen) => {
    const { id, partition, offset } = seen
    const letters = pass.letters.of('preferences', partition, offset)
    const isAgain = isRedriven(pass, seen)
    const record = id === null || !isIn(pass.share, id) ? null : readable(codec, 'PreferenceRecord', seen.value)
    if (id === null || !seen.isStamped || (record === null && isIn(pass.share, id))) {
      if (isForReader({ part: 'clickhouse', revision }, seen.headers))
        keepForeign(parts, pass, 'preferences', seen, !isWritten(partition, offset))
      return
    }
    if (record === null) return
    const at = sight(pass, id, 'preferences', seen)
    pass.problems.words()[at + SEEN]! |= bit
    if (record.sftRefusal === null) pass.problems.words()[at + OPEN]! |= OWES_SFT
    key.set(id.subarray(0, 4))
    key[4] = pairNumber(record.id)
    const pair = sightPair(pass, key, seen)
    const words = pass.pairs.words()
    if ((words[pair + ROW.seen]! & bit) !== 0 && !isAgain) addRepeat(pass, 'curate')
    words[pair + ROW.seen]! |= bit
    const row = { due: DUE_IN_TABLE.sft, dead: DEAD_IN_TABLE.sft, isThrough: isWritten(partition, offset) }
    const line = { due: DUE_IN_FILES, dead: DEAD_IN_FILES, isThrough: isFiled(partition, offset) }
    words[pair + ROW.open]! |=
      owedBy({ part: 'clickhouse', revision }, seen, letters, row) |
      owedBy({ part: 'json', revision }, seen, letters, line)
  })
}

/** The number at the end of `…/preference/3`. */
export function pairNumber(id: string): number {
  return Number(id.slice(id.lastIndexOf('/') + 1)) >>> 0
}

async function readRejections(parts: LogParts, pass: Pass): Promise<void> {
  const { finished, codec } = parts
  const { revision } = parts.run.record
  const isWritten = finished.of('clickhouse', 'rejections')
  const key = new Uint32Array(4)
  await scan(parts, pass, 'rejections', (seen) => {
    const letters = pass.letters.of('rejections', seen.partition, seen.offset)
    const isAgain = isRedriven(pass, seen)
    if (seen.id !== null && !isIn(pass.share, seen.id)) return
    const rejection = seen.id === null ? null : readable(codec, 'Rejection', seen.value)
    if (rejection === null || !seen.isStamped || !readUuid(Buffer.from(rejection.problemId), key)) {
      if (isForReader({ part: 'clickhouse', revision }, seen.headers))
        keepForeign(parts, pass, 'rejections', seen, !isWritten(seen.partition, seen.offset))
      return
    }
    const at = sight(pass, key, 'rejections', seen)
    const words = pass.problems.words()
    const bit = 1 << enderOf(rejection.stage)
    if ((words[at + ENDS]! & bit) !== 0 && !isAgain) addRepeat(pass, rejection.stage)
    words[at + ENDS]! |= bit
    const isDue = isWritten(seen.partition, seen.offset)
    if (letters.some((letter) => letter.stage === 'clickhouse')) words[at + OPEN]! |= DEAD_IN_TABLE.rejections
    else if (isDue) words[at + OPEN]! |= DUE_IN_TABLE.rejections
    const made = rowsOfEnded(codec, parts.run, rejection.topic, rejection.record)
    if (made !== null) noteRowsOfEnded(words, at, made, isDue)
  })
}

/** The record; null for bytes that are none. */
function readable<Name extends RecordName>(codec: Codec, name: Name, value: Buffer): Records[Name] | null {
  try {
    return codec.decode(name, value)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return null
  }
}
