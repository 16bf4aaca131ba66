// What records would go if topics were kept as a config wants: told before anything is changed.

import { topicEnds } from '../stream/positions.ts'
import type { PartitionEnds } from '../stream/positions.ts'
import type { TopicChange } from '../stream/apply-topics.ts'
import { keepsLess } from '../stream/keeping.ts'
import { timesBefore } from '../stream/topic-times.ts'
import { readGroups } from './group-overview.ts'
import type { GroupOverview } from './group-overview.ts'
import type { Looking } from './run-overview.ts'

/** Records that a change lets go. */
export interface TopicLoss {
  readonly topic: string
  readonly setting: string
  /** So many that lie there now would go; null: how many cannot be told. */
  readonly records: number | null
  /** Parts of runs that are not finished and have not read all of them yet. */
  readonly unread: readonly {
    readonly run: string
    readonly revision: string
    readonly part: string
    readonly records: number
  }[]
}

/** Nothing for changes that keep more than now, or that no record is old enough for. Throws Failure. */
export async function lossesOf(look: Looking, changes: readonly TopicChange[]): Promise<TopicLoss[]> {
  const lessening = changes.filter(({ setting, has, wants }) => keepsLess(setting, has, wants))
  if (lessening.length === 0) return []
  const ends = new Map<string, readonly PartitionEnds[]>()
  for (const topic of new Set(['runs', ...lessening.map((change) => change.topic)]))
    ends.set(topic, await topicEnds(look.connection, topic))
  const groups = (await readGroups(look, ends)).filter(({ state }) => state !== null && state !== 'finished')
  const losses: TopicLoss[] = []
  for (const { topic, setting, wants } of lessening) {
    const there = ends.get(topic)!
    // What does not depend on time may take any record.
    const cut =
      setting === 'retention.ms'
        ? await timesBefore(look.connection, topic, there, look.now - Number(wants))
        : new Map(there.map(({ partition, high }) => [partition, high]))
    const gone = there.reduce((sum, { partition, low }) => sum + Math.max(0, (cut.get(partition) ?? low) - low), 0)
    if (gone === 0) continue
    losses.push({
      topic,
      setting,
      records: setting === 'retention.ms' ? gone : null,
      unread: unreadIn(groups, topic, cut),
    })
  }
  return losses
}

function unreadIn(
  groups: readonly GroupOverview[],
  topic: string,
  cut: ReadonlyMap<number, number>,
): TopicLoss['unread'] {
  return groups.flatMap(({ run, revision, part, positions }) => {
    const records = positions
      .filter((position) => position.topic === topic)
      .reduce(
        (sum, { partition, low, committed }) =>
          sum + Math.max(0, (cut.get(partition) ?? 0) - Math.max(committed ?? low, low)),
        0,
      )
    return records === 0 ? [] : [{ run, revision, part, records }]
  })
}
