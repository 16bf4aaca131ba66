// Writes what the log holds of a run into a folder: one Avro file for each partition of each topic, and what its groups
// have brought to an end. Promises: memory is bounded; a run at work may be dumped; the folder counts as a dump only
// once its manifest is written, which comes last; a dump that fails takes away what it has written.

import { randomUUID } from 'node:crypto'
import { accessSync, constants, readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Codec } from '../../schemas/codec.ts'
import { codecOf } from '../../schemas/codec.ts'
import { Failure, UsageFault } from '../../schemas/failure.ts'
import { entryFormat } from '../../schemas/log-entry.ts'
import type { LogEntry } from '../../schemas/log-entry.ts'
import { makeFolder } from '../../schemas/make-folder.ts'
import type { RecordName, RunRecord } from '../../schemas/records.ts'
import { subjectOf } from '../../schemas/registry.ts'
import type { RegisteredSchema } from '../../schemas/registry.ts'
import { TOPIC_NAMES, topicFor, TOPICS } from '../../schemas/topics.ts'
import type { TopicName } from '../../schemas/topics.ts'
import { onDisk } from '../../sinks/json/disk.ts'
import type { KafkaConnection } from '../../stream/kafka.ts'
import { headerText, REVISION_HEADER, RUN_HEADER } from '../../stream/outgoing.ts'
import { topicEnds } from '../../stream/positions.ts'
import type { PartitionEnds } from '../../stream/positions.ts'
import { readBatches } from '../../stream/read-topic.ts'
import type { FetchedMessage } from '../../stream/read-topic.ts'
import { partitionCounts } from '../../stream/topics-admin.ts'
import { openByKey } from './by-key.ts'
import type { ByKey } from './by-key.ts'
import { rangesOf, writeManifest } from './manifest.ts'
import type { CarriedFile, CarriedTopic, Manifest } from './manifest.ts'
import { createPartitionFiles, entryOf } from './partition-files.ts'
import { takeSnapshot } from './snapshot.ts'

export interface DumpParts {
  readonly connection: KafkaConnection
  /** Of the registry that the log was written with. */
  readonly schemas: readonly RegisteredSchema[]
  /** The newest of each revision that is dumped, at least one; all of one run. */
  readonly records: readonly RunRecord[]
  /** Only these topics; null: all. */
  readonly topics: ReadonlySet<TopicName> | null
  /** Empty or not there yet. */
  readonly folder: string
  readonly version: string
  /** Milliseconds since 1970 UTC. */
  readonly now: number
  readonly onTopic?: (topic: string, records: number) => void
  readonly signal: AbortSignal
}

/** A fetch may come to this in memory, about. */
const HELD_BYTES = 16 * 1024 * 1024

/** Throws UsageFault where the folder is in use or cannot be written, Failure where Kafka or the disk fails. */
export async function dumpRun(parts: DumpParts): Promise<Manifest> {
  const { connection, records, folder, signal, schemas, version, now } = parts
  takeFolder(folder)
  const revisions = records.map(({ revision }) => revision)
  const run = records[0]!.runId
  const counts = await partitionCounts(connection)
  const wanted = topicsOf(revisions).filter(({ topic, name }) => counts.has(topic) && (parts.topics?.has(name) ?? true))
  const isWhole = parts.topics === null && records.every((record) => hasItsSource(record, revisions))
  const names = wanted.map(({ topic }) => topic)
  const keyed = new Map(
    wanted
      .filter(({ name }) => TOPICS[name].compacted)
      .map(({ topic }) => [topic, keyedOf(parts, topic, run, revisions)]),
  )
  const id = randomUUID()
  const topics: CarriedTopic[] = []
  const files: CarriedFile[] = []
  const codec = codecOf(schemas)
  try {
    // Nearly all of it before the moment, so that little is left to read on.
    for (const [topic, byKey] of keyed) await byKey.readOn(await topicEnds(connection, topic))
    const { ends, groups } = await takeSnapshot({
      ...{ connection, records, topics: names, signal },
      async readOn(to) {
        let isWhole = true
        for (const [topic, byKey] of keyed) isWhole = (await byKey.readOn(to.get(topic)!)) && isWhole
        return isWhole
      },
    })
    for (const topic of wanted) {
      const byKey = keyed.get(topic.topic)
      const found = await dumpTopic(parts, { ...topic, id, run, revisions, ends: ends.get(topic.topic)!, codec, byKey })
      const total = found.reduce((sum, each) => sum + each.records, 0)
      topics.push({ ...topic, partitions: ends.get(topic.topic)!.length, records: total })
      files.push(...found)
      parts.onTopic?.(topic.topic, total)
    }
    const manifest = {
      ...{ id, version, createdAt: now, run, revisions, isWhole, topics, files },
      groups: groups.map((group) => ({
        part: group.part,
        revision: group.revision,
        writes: [...group.writes],
        positions: group.parts.map((each) => ({ ...each, above: rangesOf(each.above) })),
      })),
      schemas: schemas as Manifest['schemas'],
    }
    await onDisk(folder, () => writeManifest(folder, manifest), 'the dump')
    return { format: 'magpie-topics-1', ...manifest }
  } catch (error) {
    // What cannot be taken away stays, and without a manifest it is no dump.
    for (const { file } of files) await rm(join(folder, file), { force: true }).catch(() => undefined)
    throw error
  } finally {
    for (const byKey of keyed.values()) await byKey.close()
  }
}

/** A replay goes on only where the revision that it reads is too. */
function hasItsSource({ config }: RunRecord, revisions: readonly string[]): boolean {
  const of = (JSON.parse(config) as { replay?: { of?: string } | null }).replay?.of
  return of === undefined || revisions.includes(of)
}

function takeFolder(folder: string): void {
  let found: string[]
  try {
    makeFolder(folder)
    accessSync(folder, constants.W_OK | constants.X_OK)
    found = readdirSync(folder)
  } catch (error) {
    throw new UsageFault(
      `--out ${folder}: nothing can be written there (${error instanceof Error ? error.message : String(error)}); give another folder`,
    )
  }
  if (found.length > 0)
    throw new UsageFault(
      `--out ${folder}: the folder is not empty; give another one (a dump that was broken off is not gone on with)`,
    )
}

/** The topics of these revisions, in the data's way; those that they share once. */
function topicsOf(
  revisions: readonly string[],
): { readonly topic: string; readonly name: TopicName; readonly revision: string }[] {
  const all = TOPIC_NAMES.flatMap((name) =>
    revisions.map((revision) => ({ topic: topicFor(name, revision), name, revision })),
  )
  return all.filter(({ topic }, index) => all.findIndex((each) => each.topic === topic) === index)
}

interface TopicToDump {
  readonly topic: string
  readonly name: TopicName
  readonly id: string
  readonly run: string
  readonly revisions: readonly string[]
  readonly ends: readonly PartitionEnds[]
  readonly codec: Codec
  /** Where it is kept by key. */
  readonly byKey: ByKey | undefined
}

async function dumpTopic(parts: DumpParts, dumped: TopicToDump): Promise<CarriedFile[]> {
  const { schemas, folder } = parts
  const { id, topic, codec, byKey } = dumped
  const { record } = TOPICS[dumped.name]
  const versions = record === null ? [] : schemas.filter(({ subject }) => subject === subjectOf(record))
  const files = createPartitionFiles(folder, id, topic, entryFormat(versions))
  try {
    for await (const entry of byKey?.newest() ?? entriesOf(parts, dumped))
      await files.add(entry, record !== null && isWhole(codec, record, entry.value))
    return await files.end()
  } catch (error) {
    await files.abandon()
    throw error
  }
}

async function* entriesOf(
  { connection, signal }: DumpParts,
  { topic, ends, run, revisions }: TopicToDump,
): AsyncGenerator<LogEntry, void, undefined> {
  const to = new Map(ends.map(({ partition, high }) => [partition, high]))
  for await (const [partition, batch] of readBatches(connection, { topic, to, signal, heldBytes: HELD_BYTES }))
    for (const message of batch) if (isOfRun(message, run, revisions)) yield entryOf(partition, message)
}

function keyedOf({ connection, folder, signal }: DumpParts, topic: string, run: string, revisions: readonly string[]) {
  return openByKey({
    ...{ folder, topic },
    read: (range) => readBatches(connection, { topic, ...range, signal, heldBytes: HELD_BYTES }),
    takes: (message) => isOfRun(message, run, revisions),
  })
}

function isOfRun({ headers = {} }: FetchedMessage, run: string, revisions: readonly string[]): boolean {
  return headerText(headers, RUN_HEADER) === run && revisions.includes(headerText(headers, REVISION_HEADER) ?? 'main')
}

/** Can the bytes be read to their end as this record? Else they are carried as bytes, so that the file stays readable. */
function isWhole(codec: Codec, name: RecordName, value: Buffer | null): boolean {
  if (value === null) return false
  try {
    codec.decode(name, value)
    return true
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return false
  }
}
