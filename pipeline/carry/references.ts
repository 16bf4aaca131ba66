// Places of the old cluster that a message names, and the same message with those of the new one: a redriven record names
// its letter, a letter its record, a mark its letter, a kept call the record that it was made for. What a message came of
// (magpie.from) is left out: that tells a restart what had ended, and a carried run's commits tell it already.

import type { Codec } from '../../schemas/codec.ts'
import type { TopicName } from '../../schemas/topics.ts'
import { topicFor } from '../../schemas/topics.ts'
import type { Headers, Message } from '../../stream/arrival.ts'
import { DEAD_LETTER_HEADERS } from '../../stream/dead-letters.ts'
import { MARK_HEADERS } from '../../stream/letter-marks.ts'
import { FROM_HEADER, headerText, REDRIVEN_FROM_HEADER } from '../../stream/outgoing.ts'
import type { HeaderValue } from '../../stream/outgoing.ts'
import { callKey } from '../../stream/read-calls.ts'

/** A place on the old cluster. */
export interface Place {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** A message of a topic with its partition, which it keeps. Its record is framed for the new registry. */
export interface Carried extends Message {
  readonly name: TopicName
  readonly partition: number
}

const LETTERS = topicFor('dead-letters', 'main')

/** Every place that must be known before the message can be loaded. */
export function placesNamed(message: Carried, codec: Codec): Place[] {
  const { headers } = message
  const places = [redrivenFrom(headers)]
  if (message.name === 'dead-letters') places.push(sourceOf(headers), letterOf(message))
  if (message.name === 'calls') places.push(recordOf(message, codec))
  return places.filter((place) => place !== null)
}

/** The message with the offsets that `now` gives for the places that it names. */
export function withPlacesOf(message: Carried, codec: Codec, now: (place: Place) => number): Carried {
  const headers: Record<string, HeaderValue | undefined> = { ...message.headers }
  Reflect.deleteProperty(headers, FROM_HEADER)
  const set = (name: string, value: string): void => {
    const [, ...theirs] = [headers[name]].flat()
    headers[name] = theirs.length === 0 ? value : [value, ...(theirs as (string | Buffer)[])]
  }
  const letter = redrivenFrom(headers)
  if (letter !== null) set(REDRIVEN_FROM_HEADER, `${letter.partition}/${now(letter)}`)
  if (message.name === 'dead-letters') {
    const source = sourceOf(headers)
    if (source !== null) set(DEAD_LETTER_HEADERS.offset, String(now(source)))
    const marked = letterOf(message)
    if (marked !== null) set(MARK_HEADERS.letter, String(now(marked)))
    // Where a claim's record may lie: looked for from the beginning.
    if (headers[MARK_HEADERS.after] !== undefined) set(MARK_HEADERS.after, '0')
  }
  const record = message.name === 'calls' ? recordOf(message, codec) : null
  if (record === null) return { ...message, headers }
  const call = codec.decode('Call', message.value!)
  const offset = now(record)
  const from = { runId: call.runId, revision: call.revision, stage: call.stage, from: call.topic }
  const id = callKey(from, record.partition, offset, call.call)
  return { ...message, headers, key: Buffer.from(id), value: codec.encode('Call', { ...call, id, offset }) }
}

function redrivenFrom(headers: Headers): Place | null {
  const [, partition, offset] = /^(\d+)\/(\d+)$/.exec(headerText(headers, REDRIVEN_FROM_HEADER) ?? '') ?? []
  return placeOf(LETTERS, partition, offset)
}

function sourceOf(headers: Headers): Place | null {
  const text = (name: 'topic' | 'partition' | 'offset') => headerText(headers, DEAD_LETTER_HEADERS[name]) ?? undefined
  const topic = text('topic')
  return topic === undefined ? null : placeOf(topic, text('partition'), text('offset'))
}

function letterOf({ headers, partition }: Carried): Place | null {
  return placeOf(LETTERS, String(partition), headerText(headers, MARK_HEADERS.letter) ?? undefined)
}

function recordOf({ value, partition }: Carried, codec: Codec): Place | null {
  if (value === null || codec.nameOf(value) !== 'Call') return null
  const { topic, offset } = codec.decode('Call', value)
  return { topic, partition, offset }
}

function placeOf(topic: string, partition: string | undefined, offset: string | undefined): Place | null {
  if (partition === undefined || offset === undefined || !/^\d+$/.test(partition) || !/^\d+$/.test(offset)) return null
  return { topic, partition: Number(partition), offset: Number(offset) }
}
