// A replay says in its config from which offset to which it reads the topic of another revision. On another cluster
// those borders lie elsewhere.

import { z } from 'zod'
import { replayConfig } from '../../configs/replay.ts'
import type { Codec } from '../../schemas/codec.ts'
import type { RunRecord, RunStart } from '../../schemas/records.ts'
import { topicFor } from '../../schemas/topics.ts'
import type { PartitionEnds } from '../../stream/positions.ts'
import type { Places } from './places.ts'
import type { DumpedRecord } from './read-dump.ts'

/** What of the section says where it reads; the rest is carried as it is. */
const bordersOf = z.looseObject(replayConfig.pick({ of: true, from: true, begin: true, end: true }).shape)

type Replay = z.infer<typeof bordersOf>

/** Remembers the borders that a start or state of a replay names. */
export function nameBorders(record: DumpedRecord, codec: Codec, places: Places): void {
  const replay = replayOf(wordOf(record, codec)?.word)
  if (replay === null) return
  const topic = topicFor(replay.from, replay.of)
  for (const side of [replay.begin, replay.end ?? {}])
    for (const [partition, offset] of Object.entries(side))
      places.nameBorder({ topic, partition: Number(partition), offset })
}

/** The same start or state with its borders where they are now. The hash of its config stays that of the rows made under it. */
export function withBorders(
  record: DumpedRecord,
  codec: Codec,
  places: Places,
  ends: ReadonlyMap<string, readonly PartitionEnds[]>,
): DumpedRecord {
  const found = wordOf(record, codec)
  const replay = replayOf(found?.word)
  if (found === null || replay === null) return record
  const topic = topicFor(replay.from, replay.of)
  const moved = (side: Replay['begin']): Replay['begin'] =>
    Object.fromEntries(
      Object.entries(side).map(([partition, offset]) => {
        const end = ends.get(topic)?.find((each) => each.partition === Number(partition))?.high ?? 0
        return [partition, places.border({ topic, partition: Number(partition), offset }, end)]
      }),
    )
  const end = replay.end === null ? null : moved(replay.end)
  const tree = JSON.parse(found.word.config) as object
  const config = JSON.stringify({ ...tree, replay: { ...replay, begin: moved(replay.begin), end } })
  const value =
    found.name === 'RunRecord'
      ? codec.encode('RunRecord', { ...found.word, config })
      : codec.encode('RunStart', { ...found.word, config })
  return { ...record, value }
}

type Word =
  { readonly name: 'RunRecord'; readonly word: RunRecord } | { readonly name: 'RunStart'; readonly word: RunStart }

function wordOf({ name, value }: DumpedRecord, codec: Codec): Word | null {
  if (value === null) return null
  if (name === 'runs' && codec.nameOf(value) === 'RunRecord')
    return { name: 'RunRecord', word: codec.decode('RunRecord', value) }
  if (name === 'starts' && codec.nameOf(value) === 'RunStart')
    return { name: 'RunStart', word: codec.decode('RunStart', value) }
  return null
}

function replayOf(word: RunRecord | RunStart | undefined): Replay | null {
  if (word === undefined) return null
  const { replay } = JSON.parse(word.config) as { replay?: unknown }
  return bordersOf.nullish().parse(replay) ?? null
}
