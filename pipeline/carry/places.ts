// Where records of a dump lie now, for those that anything names; the others need not be remembered.

import { partitionName } from '../../stream/tenure.ts'
import type { Place } from './references.ts'

export interface Places {
  /** Somebody names this place of the old cluster: it is remembered once its record is loaded. */
  name(place: Place): void
  /** Somebody names a border there: it becomes the place of the first record at or behind it. */
  nameBorder(place: Place): void
  /** A record was loaded; in the order of each partition. */
  readonly landed: (place: Place, now: number) => void
  /** Offset of the record now; null: it is not loaded (yet). */
  of(place: Place): number | null
  /** Where the border is now; `end` where no loaded record lies at or behind it. */
  border(place: Place, end: number): number
}

export function createPlaces(): Places {
  const named = new Map<string, Map<number, number | null>>()
  const borders = new Map<string, Map<number, number | null>>()
  const put = (maps: typeof named, { topic, partition, offset }: Place): void => {
    const name = partitionName(topic, partition)
    const map = maps.get(name) ?? new Map<number, number | null>()
    if (!map.has(offset)) map.set(offset, null)
    maps.set(name, map)
  }
  const at = (maps: typeof named, { topic, partition, offset }: Place): number | null =>
    maps.get(partitionName(topic, partition))?.get(offset) ?? null
  return {
    name(place) {
      put(named, place)
    },
    nameBorder(place) {
      put(borders, place)
    },
    landed({ topic, partition, offset }, now) {
      const name = partitionName(topic, partition)
      const places = named.get(name)
      if (places?.has(offset) === true) places.set(offset, now)
      for (const [border, found] of borders.get(name) ?? [])
        if (found === null && border <= offset) borders.get(name)!.set(border, now)
    },
    of: (place) => at(named, place),
    border: (place, end) => at(borders, place) ?? end,
  }
}
