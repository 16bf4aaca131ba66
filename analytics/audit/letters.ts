// The dead letters of a run: which record each is of, and whether it was redriven. A redriven letter is no end: its
// record went through the stage again, as a message that names the letter's place.

import type { TopicName } from '../../schemas/topics.ts'
import { DEAD_LETTER_HEADERS, deadLetterId } from '../../stream/dead-letters.ts'
import { headerText } from '../../stream/outgoing.ts'
import type { Seen } from './scan.ts'

export interface Letter {
  /** As in the table of dead letters: key, stage and place of the record that failed. */
  readonly id: string
  /** Words of the problem's id; null where the record had none. */
  readonly problem: Uint32Array | null
  readonly stage: string
  readonly code: string
  /** partition/offset among the dead letters. */
  readonly place: string
  /** Of the record that failed: its topic (without the revision), partition and offset. */
  readonly topic: TopicName
  readonly partition: number
  readonly offset: number
}

export interface Letters {
  add(seen: Seen): Letter
  /** Those of the record at this place; a stage may have failed it twice. */
  of(topic: TopicName, partition: number, offset: number): readonly Letter[]
  /** A record was seen that was taken out of this letter (partition/offset). */
  redriven(place: string): void
  /** A pass that was told twice has two letters, and one of them was sent again for both. */
  isRedriven(letter: Letter): boolean
  all(): Iterable<Letter>
}

/** topicOf: the topic of a name on the broker. */
export function createLetters(topicOf: (name: string) => TopicName): Letters {
  const byPlace = new Map<string, Letter[]>()
  const topics = new Set<string>()
  const redriven = new Set<string>()
  const none: readonly Letter[] = []
  return {
    add({ key, id, headers, partition, offset }) {
      const text = (name: string): string | null => headerText(headers, name)
      // Without these headers it stands for itself, as the sink's row does.
      const source = text(DEAD_LETTER_HEADERS.topic) ?? 'dead-letters'
      const sourcePartition = text(DEAD_LETTER_HEADERS.partition) ?? String(partition)
      const sourceOffset = text(DEAD_LETTER_HEADERS.offset) ?? String(offset)
      const stage = text(DEAD_LETTER_HEADERS.stage) ?? ''
      const topic = topicOf(source)
      const letter: Letter = {
        id: deadLetterId(key?.toString() ?? '', stage, {
          topic: source,
          partition: sourcePartition,
          offset: sourceOffset,
        }),
        problem: id === null ? null : id.slice(0, 4),
        stage,
        code: text(DEAD_LETTER_HEADERS.code) ?? 'unknown',
        place: `${partition}/${offset}`,
        topic,
        partition: Number(sourcePartition),
        offset: Number(sourceOffset),
      }
      const place = `${topic}/${letter.partition}/${letter.offset}`
      const list = byPlace.get(place)
      if (list === undefined) byPlace.set(place, [letter])
      else list.push(letter)
      topics.add(topic)
      return letter
    },
    of: (topic, partition, offset) =>
      topics.has(topic) ? (byPlace.get(`${topic}/${partition}/${offset}`) ?? none) : none,
    redriven(place) {
      redriven.add(place)
    },
    isRedriven: ({ id, topic, partition, offset }) =>
      (byPlace.get(`${topic}/${partition}/${offset}`) ?? none).some(
        (each) => each.id === id && redriven.has(each.place),
      ),
    *all() {
      for (const list of byPlace.values()) yield* list
    },
  }
}
