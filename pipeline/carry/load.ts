// Loads a dump into a cluster so that its run can go on there. Promises: nothing is loaded before all files are checked;
// each record lies there once, in the order of its partition, and what names a place names its new one; a load that was
// broken off goes on where it was; nobody can take the run up before it is whole, because what says that it exists
// comes last. See docs/decisions/0021-carried-runs.md.

import type { RegisteredSchema } from '../../schemas/registry.ts'
import { permanent, UsageFault } from '../../schemas/failure.ts'
import { topicFor } from '../../schemas/topics.ts'
import type { TopicName } from '../../schemas/topics.ts'
import { groupOf } from '../../pipeline.ts'
import { placeGroup } from '../../stream/groups-admin.ts'
import type { KafkaConnection } from '../../stream/kafka.ts'
import { LOADED_HEADER } from '../../stream/outgoing.ts'
import { createLoader } from '../../stream/load-messages.ts'
import type { Loader } from '../../stream/load-messages.ts'
import { topicEnds } from '../../stream/positions.ts'
import type { PartitionEnds } from '../../stream/positions.ts'
import { partitionName } from '../../stream/tenure.ts'
import { createGroupPlaces } from './group-places.ts'
import { readLanded } from './landed.ts'
import type { Landed } from './landed.ts'
import type { CarriedFile, Manifest } from './manifest.ts'
import { createPlaces } from './places.ts'
import type { Places } from './places.ts'
import { assertKept, makeTopics } from './make-topics.ts'
import { openDump } from './read-dump.ts'
import type { Dump, DumpedRecord } from './read-dump.ts'
import { placesNamed, withPlacesOf } from './references.ts'
import type { Place } from './references.ts'
import { nameBorders, withBorders } from './replay-borders.ts'

export interface LoadParts {
  readonly connection: KafkaConnection
  /** Of the registry that the cluster uses. */
  readonly schemas: readonly RegisteredSchema[]
  readonly folder: string
  readonly manifest: Manifest
  readonly replicationFactor?: number
  /** Milliseconds since 1970 UTC. */
  readonly now: number
  /** A topic is loaded, with so many records in this call. */
  readonly onTopic?: (topic: string, records: number) => void
  readonly signal: AbortSignal
}

export interface Loaded {
  /** already: all of it was there before, and nothing was changed. */
  readonly outcome: 'loaded' | 'already'
  /** Records that this load added; less than all where it went on with one that was broken off. */
  readonly records: number
  /** Ended records that their stages will see again, by part; see PlacedGroup. */
  readonly again: ReadonlyMap<string, number>
}

/** What says that a run exists: loaded last. */
const WORDS: ReadonlySet<string> = new Set<TopicName>(['starts', 'runs'])

/** Throws UsageFault where the folder or the cluster does not allow it, Failure when Kafka does not answer. */
export async function loadRun(parts: LoadParts): Promise<Loaded> {
  const { connection, manifest, folder, schemas, signal } = parts
  const dump = openDump(folder, manifest, schemas)
  const places = createPlaces()
  await dump.check((record) => {
    for (const place of placesNamed(record, dump.codec)) places.name(place)
    nameBorders(record, dump.codec, places)
  })
  await makeTopics(connection, manifest, parts.replicationFactor)
  await assertKept(connection, manifest, parts.now)
  const topics = manifest.topics.map(({ topic }) => topic)
  const before = await readLanded(connection, manifest, topics, places.landed, signal)
  if (before.foreign.length > 0) throw taken(manifest, before)
  const calls = topicFor('calls', 'main')
  if (missing(manifest.files, before).every(({ topic }) => topic === calls))
    return { outcome: 'already', records: 0, again: new Map() }
  const words = manifest.files.filter(({ topic }) => WORDS.has(topic))
  const others = manifest.files.filter(({ topic }) => !WORDS.has(topic))
  const loader = await createLoader(connection)
  try {
    let records = await loadFiles(parts, dump, others, { loader, places, before })
    const again = manifest.isWhole ? await placeGroups(parts, others) : new Map<string, number>()
    const ends = await endsOf(connection, topics)
    for (const file of words) records += await loadWords(dump, file, { loader, places, before, ends })
    return { outcome: 'loaded', records, again }
  } finally {
    await loader.close()
  }
}

function taken({ run, id }: Manifest, { foreign, partitions }: Landed): UsageFault {
  const what =
    partitions.size > 0 ? `was loaded here from dump ${id} and has gone on since` : 'is on this cluster already'
  return new UsageFault(
    `run ${run} ${what} (topics ${foreign.join(', ')}): nothing was loaded; a run keeps its name, so load it into another Kafka (--state DIR has a local one of its own, see docs/topics.md)`,
  )
}

/** Files whose records are not all there. */
function missing(files: readonly CarriedFile[], { partitions }: Landed): CarriedFile[] {
  return files.filter(
    ({ topic, partition, records }) => partitions.get(partitionName(topic, partition))?.records !== records,
  )
}

interface Loading {
  readonly loader: Loader
  readonly places: Places
  readonly before: Landed
}

/** One file on its way: its next record, and whether all of it is loaded. */
interface Cursor {
  readonly file: CarriedFile
  readonly records: AsyncGenerator<DumpedRecord, void, undefined>
  head: DumpedRecord | null
  isOver: boolean
  /** Records of it that were loaded in this call. */
  loaded: number
}

/** Messages of one request. */
const BATCH_RECORDS = 1000
const BATCH_BYTES = 2 * 1024 * 1024

/**
 * File after file; one whose next record names a place that is not loaded yet waits for another round. A record names
 * only what was there before it, so every round gets on.
 */
async function loadFiles(
  parts: LoadParts,
  dump: Dump,
  files: readonly CarriedFile[],
  loading: Loading,
): Promise<number> {
  const cursors = new Map<string, Cursor>()
  for (const file of files) {
    const last = loading.before.partitions.get(partitionName(file.topic, file.partition))?.last ?? -1
    const cursor: Cursor = { file, records: dump.records(file), head: null, isOver: false, loaded: 0 }
    do await advance(cursor)
    while (cursor.head !== null && cursor.head.offset <= last)
    cursors.set(partitionName(file.topic, file.partition), cursor)
  }
  let total = 0
  for (let isStuck = false; !isStuck;) {
    isStuck = true
    for (const cursor of cursors.values()) {
      if (cursor.isOver) continue
      const { head } = cursor
      total += await loadOn(parts, dump, cursor, cursors, loading)
      if (cursor.head !== head) isStuck = false
    }
  }
  const waiting = [...cursors.values()].filter(({ isOver }) => !isOver).map(({ file }) => file.file)
  if (waiting.length > 0)
    throw permanent(
      'dump-inconsistent',
      `records of ${waiting.join(', ')} name one another in a circle: dump the run again`,
    )
  return total
}

async function advance(cursor: Cursor): Promise<void> {
  const next = await cursor.records.next()
  cursor.head = next.done === true ? null : next.value
  cursor.isOver = next.done === true
}

/** Loads a file as far as it goes; returns how many records that were. */
async function loadOn(
  { signal, onTopic }: LoadParts,
  { codec, manifest }: Dump,
  cursor: Cursor,
  cursors: ReadonlyMap<string, Cursor>,
  { loader, places }: Loading,
): Promise<number> {
  const { topic, partition } = cursor.file
  let batch: DumpedRecord[] = []
  let bytes = 0
  let total = 0

  async function flush(): Promise<void> {
    if (batch.length === 0) return
    signal.throwIfAborted()
    const base = await loader.load(
      topic,
      partition,
      batch.map((record) => marked(record, manifest.id)),
    )
    for (const [index, { offset }] of batch.entries()) places.landed({ topic, partition, offset }, base + index)
    total += batch.length
    batch = []
    bytes = 0
  }

  /** Null: it may still come. What is not in the dump has no place, and gets one that no record can have. */
  function nowOf(place: Place): number | null {
    const known = places.of(place)
    if (known !== null) return known
    const head = cursors.get(partitionName(place.topic, place.partition))?.head ?? null
    return head === null || head.offset > place.offset ? -1 - place.offset : null
  }

  while (cursor.head !== null) {
    const record = cursor.head
    const named = placesNamed(record, codec)
    // A place may be that of a record in this very batch.
    if (named.some((place) => places.of(place) === null)) await flush()
    if (named.some((place) => nowOf(place) === null)) break
    const { name } = record
    const translated = withPlacesOf(record, codec, (place) => nowOf(place)!)
    // A kept call whose record is not here is of no use.
    const isUseless = name === 'calls' && named.some((place) => nowOf(place)! < 0)
    if (!isUseless) {
      batch.push({ ...translated, offset: record.offset })
      bytes += (record.value?.length ?? 0) + 200
    }
    await advance(cursor)
    if (batch.length >= BATCH_RECORDS || bytes >= BATCH_BYTES) await flush()
  }
  await flush()
  cursor.loaded += total
  const ofTopic = [...cursors.values()].filter(({ file }) => file.topic === topic)
  if (ofTopic.every(({ isOver }) => isOver)) onTopic?.(topic, sumOf(ofTopic))
  return total
}

const sumOf = (cursors: readonly Cursor[]): number => cursors.reduce((sum, { loaded }) => sum + loaded, 0)

function marked(record: DumpedRecord, id: string): DumpedRecord {
  return { ...record, headers: { ...record.headers, [LOADED_HEADER]: `${id}/${record.offset}` } }
}

async function endsOf(connection: KafkaConnection, topics: readonly string[]) {
  const ends = new Map<string, readonly PartitionEnds[]>()
  for (const topic of topics) ends.set(topic, await topicEnds(connection, topic))
  return ends
}

/** Proves that all is there by reading it, and commits for every group what had ended. */
async function placeGroups(
  { connection, manifest, signal }: LoadParts,
  files: readonly CarriedFile[],
): Promise<Map<string, number>> {
  const groups = createGroupPlaces(manifest.groups)
  const journalFrom = new Map<number, number>()
  const topics = manifest.topics.map(({ topic }) => topic).filter((topic) => !WORDS.has(topic))
  const calls = topicFor('calls', 'main')
  const landed = await readLanded(
    connection,
    manifest,
    topics,
    (place, now) => {
      if (place.topic === calls && !journalFrom.has(place.partition)) journalFrom.set(place.partition, now)
      groups.landed(place, now)
    },
    signal,
  )
  const lacking = missing(files, landed).filter(({ topic }) => topic !== calls)
  if (lacking.length > 0)
    throw permanent(
      'load-incomplete',
      `records of ${lacking.map(({ file }) => file).join(', ')} are not on the cluster: load it again`,
    )
  const ends = await endsOf(connection, topics)
  for (const { partition, high } of ends.get(calls) ?? [])
    if (!journalFrom.has(partition)) journalFrom.set(partition, high)
  const again = new Map<string, number>()
  for (const group of groups.all(ends)) {
    const name = groupOf(manifest.run, group.revision, group.part)
    await placeGroup(connection, name, group.places, { writes: group.writes, journalFrom })
    if (group.again > 0) again.set(group.part, group.again)
  }
  return again
}

/** The starts and the states of the run, with the borders of its replays where they are now. */
async function loadWords(
  { codec, manifest, records }: Dump,
  file: CarriedFile,
  { loader, places, before, ends }: Loading & { readonly ends: ReadonlyMap<string, readonly PartitionEnds[]> },
): Promise<number> {
  const last = before.partitions.get(partitionName(file.topic, file.partition))?.last ?? -1
  let total = 0
  for await (const record of records(file)) {
    if (record.offset <= last) continue
    await loader.load(file.topic, file.partition, [marked(withBorders(record, codec, places, ends), manifest.id)])
    total += 1
  }
  return total
}
