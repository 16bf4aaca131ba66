// Looks after the topics of a run: one that is gone has taken its records with it, and one that was given partitions
// is not read whole by those who knew it before. Promises: an outage of the broker is no such thing and is waited
// out; what is said holds for some looks in a row.

import type { Failure } from '../schemas/failure.ts'
import { permanent } from '../schemas/failure.ts'
import { topicFor } from '../schemas/topics.ts'
import type { TopicName } from '../schemas/topics.ts'
import { pauseFor } from '../stream/back-off.ts'
import { untilAnswered } from './patience.ts'
import { BOOKS, topicsReadBy } from './standing.ts'
import type { ReadingPart } from './standing.ts'

/** Partitions of each topic on the broker, by name. */
export type TopicCounts = ReadonlyMap<string, number>

/** Between two looks, milliseconds. */
const LOOK_MS = 5000
/** So often in a row, a moment apart, a fault must show: a broker that has just started may not know all topics yet. */
const AGREEING_LOOKS = 3
const AGREEING_MS = 1000

/** The topics that hold a run's records, by their names on the broker. */
export function recordTopics(readers: readonly ReadingPart[], revision: string): string[] {
  const books: ReadonlySet<TopicName> = new Set(BOOKS)
  const records = (names: readonly TopicName[]): TopicName[] => names.filter((name) => !books.has(name))
  const all = readers.flatMap((reader) => [
    ...topicsReadBy({ ...reader, topics: records(reader.topics) }, revision),
    ...records(reader.writes ?? []).map((name) => topicFor(name, revision)),
  ])
  return [...new Set(all)]
}

export interface WatchedRun {
  readonly runId: string
  readonly revision: string
  readonly readers: readonly ReadingPart[]
  /** As they were when the run was opened. */
  readonly topics: TopicCounts
}

/** The Failure of a known run whose topics are not all there; null where they are. */
export function missingAtStart(run: Omit<WatchedRun, 'topics'>, now: TopicCounts): Failure | null {
  const gone = recordTopics(run.readers, run.revision).filter((topic) => !now.has(topic))
  return gone.length === 0 ? null : topicGone(run.runId, gone)
}

/** The Failure of a run at work whose topics are not what they were; null where they are. */
export function topicFault({ runId, revision, readers, topics }: WatchedRun, now: TopicCounts): Failure | null {
  const records = recordTopics(readers, revision)
  const watched = [...records, ...BOOKS.map((name) => topicFor(name, revision))]
  // Partitions are never taken away: a topic with fewer was deleted and made anew.
  const gone = watched.filter((topic) => (now.get(topic) ?? 0) < (topics.get(topic) ?? 0))
  if (gone.length > 0) return topicGone(runId, gone)
  const read = new Set(readers.flatMap((reader) => topicsReadBy(reader, revision)))
  const wider = records.filter((topic) => read.has(topic) && now.get(topic)! > topics.get(topic)!)
  if (wider.length === 0) return null
  const each = wider.map((topic) => `${topic} (${topics.get(topic)} before, ${now.get(topic)} now)`)
  return permanent(
    'partitions-added',
    `partitions were added to ${each.join(', ')}; they are read from the next start on. Nothing is lost: start run ${runId} again with the same command`,
  )
}

/** Ends only by throwing the Failure of `topicFault`, or what no waiting mends; never once the signal is given. */
export async function watchTopics(
  run: WatchedRun,
  look: () => Promise<TopicCounts>,
  signal: AbortSignal,
  pause: (milliseconds: number, signal: AbortSignal) => Promise<boolean> = pauseFor,
): Promise<never> {
  let agreeing = 0
  while (await pause(agreeing === 0 ? LOOK_MS : AGREEING_MS, signal)) {
    const counts = await untilAnswered(look, signal).catch((error: unknown) => {
      if (signal.aborted) return null
      throw error
    })
    if (counts === null) break
    const fault = topicFault(run, counts)
    agreeing = fault === null ? 0 : agreeing + 1
    if (fault !== null && agreeing === AGREEING_LOOKS) throw fault
  }
  return new Promise<never>(() => undefined)
}

function topicGone(runId: string, topics: readonly string[]): Failure {
  const [are, their] = topics.length === 1 ? ['topic', 'its'] : ['topics', 'their']
  return permanent(
    'topic-gone',
    `${are} ${topics.join(', ')} of run ${runId} ${topics.length === 1 ? 'was' : 'were'} deleted from Kafka, and ${their} records are gone. See what is lost with ./magpie audit --run ${runId}, and start a new run with another --run NAME`,
  )
}
