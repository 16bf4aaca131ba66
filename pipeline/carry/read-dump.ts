// Reads a dump: checks it whole before anything of it is used, then gives the records of each file in their order.

import { statSync } from 'node:fs'
import { join } from 'node:path'
import { codecOf } from '../../schemas/codec.ts'
import type { Codec } from '../../schemas/codec.ts'
import { readContainer } from '../../schemas/container-file.ts'
import { Failure, permanent, UsageFault } from '../../schemas/failure.ts'
import { entryFormat } from '../../schemas/log-entry.ts'
import type { LogEntry } from '../../schemas/log-entry.ts'
import { createReframer } from '../../schemas/reframe.ts'
import type { RegisteredSchema } from '../../schemas/registry.ts'
import type { TopicName } from '../../schemas/topics.ts'
import { headerText, REVISION_HEADER, RUN_HEADER } from '../../stream/outgoing.ts'
import type { HeaderValue } from '../../stream/outgoing.ts'
import type { CarriedFile, Manifest } from './manifest.ts'
import { hashed, MANIFEST_FILE } from './manifest.ts'
import type { Carried } from './references.ts'

/** A record of a dump, framed for the registry that is loaded into; `offset` is the old one. */
export type DumpedRecord = Carried & { readonly offset: number }

export interface Dump {
  readonly manifest: Manifest
  /** Reads the new registry's framing. */
  readonly codec: Codec
  /**
   * Reads all files through. Throws UsageFault with every file that is not what the manifest says, or at the first
   * record that is of another run.
   */
  check(look: (record: DumpedRecord) => void): Promise<void>
  /** The records of a file, in offset order. */
  readonly records: (file: CarriedFile) => AsyncGenerator<DumpedRecord, void, undefined>
}

/** `schemas`: of the registry that is loaded into. Throws UsageFault where it lacks what the dump needs. */
export function openDump(folder: string, manifest: Manifest, schemas: readonly RegisteredSchema[]): Dump {
  const codec = codecOf(schemas)
  const reframer = createReframer(manifest.schemas, schemas)
  const names = new Map(manifest.topics.map(({ topic, name }) => [topic, name]))
  const format = entryFormat([])
  assertKnown(manifest, reframer.unknown)

  async function* recordsOf(
    file: CarriedFile,
    chunks: AsyncIterable<Buffer>,
  ): AsyncGenerator<DumpedRecord, void, undefined> {
    const name = names.get(file.topic)!
    for await (const block of readContainer(chunks))
      for (const entry of format.decode(block)) yield { ...messageOf(entry, name), value: valueOf(entry, name) }
  }

  function valueOf({ value }: LogEntry, name: TopicName): Buffer | null {
    if (value === null) return null
    const mine = reframed(value)
    // A rejection holds the record that was refused as it was on the wire.
    if (name !== 'rejections' || mine === value || codec.nameOf(mine) !== 'Rejection') return mine
    const rejection = codec.decode('Rejection', mine)
    return codec.encode('Rejection', { ...rejection, record: reframed(rejection.record) })
  }

  /** Bytes that are framed and broken all the same stay what they are. */
  function reframed(value: Buffer): Buffer {
    try {
      return reframer.reframe(value)
    } catch (error) {
      if (error instanceof Failure) throw error
      return value
    }
  }

  async function faultOf(file: CarriedFile, look: (record: DumpedRecord) => void): Promise<string | null> {
    const path = join(folder, file.file)
    const size = statSync(path, { throwIfNoEntry: false })?.size
    if (size !== file.bytes) return size === undefined ? 'is missing' : `has ${size} bytes, not ${file.bytes}`
    const { chunks, digest } = hashed(path)
    let [records, before] = [0, -1]
    try {
      for await (const record of recordsOf(file, chunks)) {
        if (record.partition !== file.partition || record.offset <= before) return 'holds records out of their order'
        assertOfRun(record, path)
        before = record.offset
        records += 1
        look(record)
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      return error.message
    }
    if (records !== file.records) return `holds ${records} records, not ${file.records}`
    return digest() === file.sha256 ? null : 'has another sha256'
  }

  /** A load finds by these names what it has loaded. */
  function assertOfRun({ headers, offset }: DumpedRecord, path: string): void {
    const run = headerText(headers, RUN_HEADER)
    const revision = headerText(headers, REVISION_HEADER) ?? 'main'
    if (run === manifest.run && manifest.revisions.includes(revision)) return
    const whose = run === null ? 'no run' : `run ${run}, revision ${revision}`
    throw new UsageFault(
      `${path}: the record of offset ${offset} is of ${whose}, and ${MANIFEST_FILE} says run ${manifest.run}, revisions ${manifest.revisions.join(', ')}: nothing was loaded; copy the folder again, or dump the run again (a run keeps its name)`,
    )
  }

  return {
    manifest,
    codec,
    async check(look) {
      const faults: string[] = []
      for (const file of manifest.files) {
        const fault = await faultOf(file, look)
        if (fault !== null) faults.push(`${join(folder, file.file)} ${fault}: copy it again, or dump the run again`)
      }
      if (faults.length > 0) throw new UsageFault(faults)
    },
    async *records(file) {
      const { chunks, digest } = hashed(join(folder, file.file))
      yield* recordsOf(file, chunks)
      if (digest() !== file.sha256) throw permanent('container-broken', `${file.file} was changed while it was read`)
    },
  }
}

function assertKnown({ files, version }: Manifest, unknown: readonly RegisteredSchema[]): void {
  const needed = new Set(files.flatMap(({ schemas }) => schemas))
  const missing = unknown.filter(({ id }) => needed.has(id)).map((each) => `${each.subject} version ${each.version}`)
  if (missing.length > 0)
    throw new UsageFault(
      `the dump was written by version ${version} and holds ${missing.join(', ')}, which this program does not know: load it with that version or a newer one`,
    )
}

function messageOf(
  { partition, offset, timestamp, key, headers }: LogEntry,
  name: TopicName,
): Omit<DumpedRecord, 'value'> {
  const byName = Map.groupBy(headers, ([header]) => header)
  // From entries: a header may be called __proto__.
  const entries = [...byName].map(([header, pairs]): [string, HeaderValue] => {
    const values = pairs.map(([, value]) => value)
    return [header, values.length === 1 ? values[0]! : values]
  })
  return { name, partition, offset, timestamp, key, headers: Object.fromEntries(entries) }
}
