// How far each topic that a stage writes was filled when a commit was made: where a restart begins to look for what
// was sent and is not in the commit. Kept in the commit's metadata, behind the done set. Offsets and no times, so no
// clock can mislead the search. See docs/decisions/0015-ends-are-read-back.md.

import { MAX_METADATA_BYTES } from './done-set.ts'

/** One output topic: for each partition that may hold what came of an input partition, where to begin to read. */
export interface OutputPlace {
  readonly topic: string
  /** Partitions that the topic had. */
  readonly partitions: number
  readonly next: ReadonlyMap<number, number>
}

/** One entry for each output topic of the stage, in the stage's order. */
export type OutputPlaces = readonly OutputPlace[]

const SEPARATOR = ';'
const PLACES = 'p1'

/**
 * Partitions of an output topic that records of input partition `partition` may come to. All topics are filled by key
 * with the same partitioner and a record keeps its key, so that hash mod `inputs` = `partition`, which leaves those
 * that agree with it in the common divisor: with as many partitions on both sides just the same one.
 */
export function reachablePartitions(partition: number, inputs: number, outputs: number): number[] {
  let [divisor, rest] = [inputs, outputs]
  while (rest > 0) [divisor, rest] = [rest, divisor % rest]
  const reachable: number[] = []
  for (let each = partition % divisor; each < outputs; each += divisor) reachable.push(each)
  return reachable
}

/** Behind everything that an output topic has for records of an input partition. */
export function endPlace(
  { topic, partitions }: { readonly topic: string; readonly partitions: readonly { readonly high: number }[] },
  partition: number,
  inputs: number,
): OutputPlace {
  const reachable = reachablePartitions(partition, inputs, partitions.length)
  return {
    topic,
    partitions: partitions.length,
    next: new Map(reachable.map((each) => [each, partitions[each]!.high])),
  }
}

/** The same places, further on where messages have been acknowledged since: `acknowledged` gives the offset of one. */
export function raisedPlaces(
  places: OutputPlaces,
  acknowledged: (topic: string, partition: number) => number | null,
): OutputPlaces {
  return places.map(({ topic, partitions, next }) => ({
    topic,
    partitions,
    next: new Map([...next].map(([each, offset]) => [each, Math.max(offset, acknowledged(topic, each) ?? 0)])),
  }))
}

/** Metadata with the done set and, where they fit beside it, the places. */
export function withPlaces(doneSet: string, places: OutputPlaces | null): string {
  if (places === null) return doneSet
  const bytes: number[] = []
  for (const { partitions, next } of places) {
    pushNumber(bytes, partitions)
    pushNumber(bytes, next.size)
    for (const [partition, offset] of next) {
      pushNumber(bytes, partition)
      pushNumber(bytes, offset)
    }
  }
  const text = `${doneSet}${SEPARATOR}${PLACES}${Buffer.from(bytes).toString('base64')}`
  return text.length <= MAX_METADATA_BYTES ? text : doneSet
}

/** The done set of a commit's metadata and the text of its places; null: it has none (an older form, or no room). */
export function splitMetadata(metadata: string): { readonly doneSet: string; readonly places: string | null } {
  const end = metadata.indexOf(SEPARATOR)
  if (end < 0) return { doneSet: metadata, places: null }
  return { doneSet: metadata.slice(0, end), places: metadata.slice(end + 1) }
}

/** Reads places of these topics; null if the text is none, or of other topics. */
export function decodePlaces(text: string | null, topics: readonly string[]): OutputPlaces | null {
  if (text === null || !text.startsWith(PLACES)) return null
  const numbers = readNumbers(Buffer.from(text.slice(PLACES.length), 'base64'))
  if (numbers === null) return null
  const places: OutputPlace[] = []
  let at = 0
  for (const topic of topics) {
    const [partitions, size] = [numbers[at], numbers[at + 1]]
    if (partitions === undefined || size === undefined || size > partitions) return null
    at += 2
    const next = new Map<number, number>()
    for (let count = 0; count < size; count += 1, at += 2) {
      const [partition, offset] = [numbers[at], numbers[at + 1]]
      if (partition === undefined || offset === undefined || partition >= partitions) return null
      next.set(partition, offset)
    }
    places.push({ topic, partitions, next })
  }
  return at === numbers.length ? places : null
}

/** Little-endian base-128, for numbers beyond 32 bits too. */
function pushNumber(bytes: number[], value: number): void {
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
}

function readNumbers(bytes: Buffer): number[] | null {
  const numbers: number[] = []
  let value = 0
  let scale = 1
  for (const byte of bytes) {
    value += (byte % 128) * scale
    scale *= 128
    if (byte >= 128) continue
    if (!Number.isSafeInteger(value)) return null
    numbers.push(value)
    value = 0
    scale = 1
  }
  return scale === 1 ? numbers : null
}
