// Where the groups of a carried run are to stand, from where its records lie now and which of them had ended.

import type { PartName } from '../../pipeline.ts'
import { MAX_SPREAD } from '../../stream/done-set.ts'
import type { CarriedPlace } from '../../stream/groups-admin.ts'
import type { PartitionEnds } from '../../stream/positions.ts'
import { partitionName } from '../../stream/tenure.ts'
import { endedCheck } from './manifest.ts'
import type { Manifest } from './manifest.ts'
import type { Place } from './references.ts'

export interface GroupPlaces {
  /** A record lies here now; in the order of each partition. */
  landed(place: Place, now: number): void
  /** All groups with their places. `ends`: of the topics that they read, now. */
  all(ends: ReadonlyMap<string, readonly PartitionEnds[]>): PlacedGroup[]
}

export interface PlacedGroup {
  readonly part: PartName
  readonly revision: string
  readonly writes: readonly string[]
  readonly places: readonly CarriedPlace[]
  /** Records that have ended and lie too far up for a commit to say so: they go through their stage again. */
  readonly again: number
}

interface Following {
  readonly hasEnded: (offset: number) => boolean
  open: number | null
  done: number[]
}

/** Begins with nothing landed. */
export function createGroupPlaces(groups: Manifest['groups']): GroupPlaces {
  const readers = new Map<string, Following[]>()
  const followed = groups.map(({ positions, ...group }) => ({
    ...group,
    parts: positions.map((position) => {
      const part: Following = { hasEnded: endedCheck(position), open: null, done: [] }
      const name = partitionName(position.topic, position.partition)
      readers.set(name, [...(readers.get(name) ?? []), part])
      return { ...position, part }
    }),
  }))
  return {
    landed({ topic, partition, offset }, now) {
      for (const part of readers.get(partitionName(topic, partition)) ?? []) {
        if (!part.hasEnded(offset)) part.open ??= now
        else if (part.open !== null) part.done.push(now)
      }
    },
    all: (ends) =>
      followed.map(({ part, revision, writes, parts }) => {
        const placed = parts.map((each) => {
          const end = ends.get(each.topic)?.find(({ partition }) => partition === each.partition)?.high ?? 0
          const offset = each.part.open ?? end
          const done = each.part.done.filter((one) => one < offset + MAX_SPREAD)
          return {
            topic: each.topic,
            partition: each.partition,
            offset,
            done,
            again: each.part.done.length - done.length,
          }
        })
        const again = placed.reduce((sum, each) => sum + each.again, 0)
        const places = placed.map(({ topic, partition, offset, done }) => ({ topic, partition, offset, done }))
        return { part: part as PartName, revision, writes, places, again }
      }),
  }
}
