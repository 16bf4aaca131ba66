// One pass of an audit: what was seen of the ids of one share. A share is a range of first bytes; ids are hashes, so
// shares are alike, and what a pass holds is bounded by their number however large the run is.

import type { TopicName } from '../../schemas/topics.ts'
import { createIdTable } from '../../schemas/id-table.ts'
import type { IdTable } from '../../schemas/id-table.ts'
import { NOTES, PLACE, placeAt, PROBLEM_TOPICS, putPlace, ROW } from './entry.ts'
import { createLetters } from './letters.ts'
import type { Letters } from './letters.ts'

/** Ids whose first byte is in [from, to). */
export interface Share {
  readonly from: number
  readonly to: number
}

/** A dead letter as a row: of the topic, and of the table `dead_letters`. */
export interface LetterRow {
  /** Messages that say it, and whether the sink has finished one of them. */
  messages: number
  isDue: boolean
  rows: number
  seen: string | null
}

/** A message that stands for no problem of the run: its key is none, it names no run, or its bytes cannot be read. */
export interface Foreign {
  readonly topic: TopicName
  readonly partition: number
  readonly offset: number
  /** Words of its key; null where it is no problem's. */
  readonly problem: Uint32Array | null
  readonly isOpen: boolean
}

/** How far the producer has come: the largest slot with its largest choice, and the largest choice of all; lines alike. */
export interface Furthest {
  source: string | null
  slot: number
  choice: number
  choices: number
}

export interface Pass {
  readonly share: Share
  readonly problems: IdTable
  /** Preference rows; the key's fifth word is the number of the pair. */
  readonly pairs: IdTable
  readonly letters: Letters
  readonly letterRows: Map<string, LetterRow>
  readonly foreign: Foreign[]
  /** Messages that repeat an id, by the stage that sent them. */
  readonly repeats: Map<string, number>
  /** Rows of a table or file whose id is no problem's: what holds them, and the id. */
  readonly strayRows: { readonly store: string; readonly id: string }[]
  /** Data sets whose name says another number of rows than they hold. */
  readonly misnamed: { readonly type: 'sft' | 'preference'; readonly name: string; readonly rows: number }[]
  readonly furthest: Furthest
  /** Name of a topic on the broker. */
  readonly nameOf: (topic: TopicName) => string
}

export function createPass(share: Share, revision: string, nameOf: Pass['nameOf']): Pass {
  return {
    share,
    problems: createIdTable({ key: 4, notes: NOTES }),
    pairs: createIdTable({ key: 5, notes: ROW.notes }),
    letters: createLetters(revision),
    letterRows: new Map(),
    foreign: [],
    repeats: new Map(),
    strayRows: [],
    misnamed: [],
    furthest: noneFurther(),
    nameOf,
  }
}

/** Is this id one of the share? */
export function isIn({ from, to }: Share, id: Uint32Array): boolean {
  const first = id[0]! >>> 24
  return first >= from && first < to
}

/** So many equal shares. */
export function sharesOf(count: number): Share[] {
  const edge = (index: number): number => Math.round((256 * index) / count)
  return Array.from({ length: count }, (_, index) => ({ from: edge(index), to: edge(index + 1) }))
}

/** Counts a message of a stage that says again what another one said. */
export function addRepeat({ repeats }: Pass, stage: string): void {
  repeats.set(stage, (repeats.get(stage) ?? 0) + 1)
}

export function noneFurther(): Furthest {
  return { source: null, slot: -1, choice: -1, choices: 0 }
}

/** Takes the further of both. */
export function goFurther(furthest: Furthest, other: Furthest): void {
  furthest.source ??= other.source
  furthest.choices = Math.max(furthest.choices, other.choices)
  if (other.slot > furthest.slot) [furthest.slot, furthest.choice] = [other.slot, other.choice]
  else if (other.slot === furthest.slot) furthest.choice = Math.max(furthest.choice, other.choice)
}

/** Topics by number, as places name them. */
const PLACES: readonly TopicName[] = [...PROBLEM_TOPICS, 'rejections', 'dead-letters']

/** Finds or makes the problem's entry, notes where the log has it, and returns where the entry begins. */
export function sight(
  { problems }: Pass,
  id: Uint32Array,
  topic: TopicName,
  { partition, offset }: { readonly partition: number; readonly offset: number },
): number {
  const at = problems.take(id)
  putPlace(problems.words(), at + PLACE, PLACES.indexOf(topic), partition, offset)
  return at
}

/** The same of a pair. */
export function sightPair(
  { pairs }: Pass,
  key: Uint32Array,
  { partition, offset }: { readonly partition: number; readonly offset: number },
): number {
  const at = pairs.take(key)
  putPlace(pairs.words(), at + ROW.place, PLACES.indexOf('preferences'), partition, offset)
  return at
}

/** topic/partition/offset of an entry's place (see ROW.place and PLACE); null where the log has not shown it. */
export function seenAt(pass: Pass, words: Uint32Array, place: number): string | null {
  const found = placeAt(words, place)
  return found === null ? null : `${pass.nameOf(PLACES[found.topic]!)}/${found.partition}/${found.offset}`
}
