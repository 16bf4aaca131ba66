// Entries of the log as Avro files: what is written is read back byte for byte by this program and whole by readers that
// know nothing of it; what is cut off or changed is refused.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import avro from 'avsc'
import fc from 'fast-check'
import { codecOf } from '../../schemas/codec.ts'
import { beginContainer, readContainer } from '../../schemas/container-file.ts'
import { Failure } from '../../schemas/failure.ts'
import { entryFormat, framed } from '../../schemas/log-entry.ts'
import type { LogEntry } from '../../schemas/log-entry.ts'
import { createReframer } from '../../schemas/reframe.ts'
import { readRegistryFile } from '../../schemas/registry.ts'
import type { RegisteredSchema } from '../../schemas/registry.ts'
import { problemOf } from '../support/stream.ts'

const versions = readRegistryFile().filter(({ subject }) => subject === 'magpie.Problem')
const types = versions.map(({ schema }) => avro.Type.forSchema(schema as avro.Schema))

async function fileOf(entries: readonly (readonly [LogEntry, boolean])[]): Promise<Buffer> {
  const format = entryFormat(versions)
  const chunks: Buffer[] = []
  const container = await beginContainer(format.schema, Buffer.alloc(16, 7), (chunk) => {
    chunks.push(Buffer.from(chunk))
    return Promise.resolve()
  })
  for (const [entry, isRecord] of entries) await container.append(format.encode(entry, isRecord))
  await container.end()
  return Buffer.concat(chunks)
}

async function* inChunks(file: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < file.length; at += size) yield await Promise.resolve(file.subarray(at, at + size))
}

async function entriesOf(file: Buffer, size = 1000): Promise<LogEntry[]> {
  const format = entryFormat([])
  const entries: LogEntry[] = []
  for await (const block of readContainer(inChunks(file, size))) entries.push(...format.decode(block))
  return entries
}

const bytes = fc.uint8Array({ maxLength: 40 }).map((each) => Buffer.from(each))
const whole = fc.maxSafeInteger().map((each) => Math.floor(Math.abs(each) / 4))
/** A record of any version, or anybody's bytes, or nothing. */
const value = fc.oneof(
  fc.nat(versions.length - 1).map((index) => ({
    value: framed(versions[index]!.id, types[index]!.toBuffer(types[index]!.random())),
    isRecord: true,
  })),
  bytes.map((each) => ({ value: each, isRecord: false })),
  fc.constant({ value: null, isRecord: false }),
)
const entry = fc
  .record({
    place: fc.record({ partition: fc.nat(100), offset: whole, timestamp: whole }),
    key: fc.option(bytes),
    headers: fc.array(fc.tuple(fc.string(), bytes), { maxLength: 4 }),
    value,
  })
  .map(({ place, key, headers, value: each }): [LogEntry, boolean] => [
    { ...place, key, headers: headers.map(([name, one]) => [name.toWellFormed(), one]), value: each.value },
    each.isRecord,
  ])

describe('Avro files of log entries', () => {
  it('give back every byte, whatever the pieces in which they are read', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 20 }), fc.integer({ min: 1, max: 5000 }), async (entries, size) => {
        const read = await entriesOf(await fileOf(entries), size)
        assert.deepEqual(
          read,
          entries.map(([each]) => each),
        )
      }),
      { numRuns: 60 },
    )
  })

  it('are read by avsc, with the record under its own version', async () => {
    const entries = fc.sample(entry, 40)
    const folder = mkdtempSync(join(tmpdir(), 'magpie-container-'))
    try {
      const path = join(folder, 'entries.avro')
      writeFileSync(path, await fileOf(entries))
      const found: { offset: number; size: number; value: unknown }[] = []
      const decoder = avro.createFileDecoder(path)
      for await (const each of decoder as AsyncIterable<(typeof found)[number]>) found.push(each)
      assert.deepEqual(
        found.map(({ offset, size }) => [offset, size]),
        entries.map(([{ offset, value: each }, isRecord]) => [offset, (each?.length ?? 0) - (isRecord ? 5 : 0)]),
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  const python = process.env['MAGPIE_TEST_PYTHON'] ?? 'python3'
  it('are read by fastavro', { skip: lacksFastavro(python) }, async () => {
    // Times that a calendar has.
    const record = codecOf(readRegistryFile()).encode('Problem', problemOf(1, 'run'))
    const entries = fc
      .sample(entry, 40)
      .map(([each, isRecord]): [LogEntry, boolean] => [
        { ...each, timestamp: Date.UTC(2026, 0, 1), value: isRecord ? record : each.value },
        isRecord,
      ])
    const folder = mkdtempSync(join(tmpdir(), 'magpie-container-'))
    try {
      const path = join(folder, 'entries.avro')
      writeFileSync(path, await fileOf(entries))
      const program = `
import fastavro, json, sys
with open(sys.argv[1], 'rb') as file:
    print(json.dumps([[each['offset'], type(each['value']).__name__] for each in fastavro.reader(file)]))`
      const out = execFileSync(python, ['-c', program, path], { encoding: 'utf8' })
      assert.deepEqual(
        JSON.parse(out),
        entries.map(([{ offset, value: each }, isRecord]) => [
          offset,
          each === null ? 'NoneType' : isRecord ? 'dict' : 'bytes',
        ]),
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('are refused when they are cut off, at any byte', async () => {
    const file = await fileOf(fc.sample(entry, 5))
    const header = (await fileOf([])).length
    for (let length = 0; length < file.length; length += length < header ? 97 : 1) {
      // Behind the header a file without a block is whole.
      if (length === header) continue
      await assert.rejects(
        entriesOf(file.subarray(0, length)),
        (error) => error instanceof Failure && error.code === 'container-broken',
        `cut at ${length} of ${file.length}`,
      )
    }
  })
})

describe('a reframer', () => {
  const shift = (by: number): RegisteredSchema[] => readRegistryFile().map((each) => ({ ...each, id: each.id + by }))

  it('gives the same bytes another id, and writes anew what the other side has only newer', () => {
    const from = shift(0)
    const codec = codecOf(shift(1000))
    const same = createReframer(from, shift(1000))
    const newest = createReframer(
      from,
      shift(1000).filter(({ version, subject }) => version > 1 || subject !== 'magpie.Problem'),
    )
    for (const [index, { id }] of versions.entries()) {
      const body = types[index]!.toBuffer(types[index]!.random())
      const moved = same.reframe(framed(id, body))
      assert.deepEqual(moved, framed(id + 1000, body))
      assert.deepEqual(
        JSON.stringify(codec.decode('Problem', newest.reframe(framed(id, body)))),
        JSON.stringify(codec.decode('Problem', moved)),
      )
    }
    assert.deepEqual([same.unknown, newest.unknown], [[], []])
  })

  it('leaves foreign bytes alone and names schemas that are newer than any it knows', () => {
    const all = readRegistryFile()
    const newer = all.filter(({ version, subject }) => version > 1 && subject === 'magpie.Problem')
    const reframer = createReframer(
      all,
      all.filter((schema) => !newer.includes(schema)),
    )
    assert.ok(newer.length > 0)
    assert.deepEqual(reframer.unknown, newer)
    for (const each of ['', 'not framed', '\0\0\0\u0010\u0000\u0001x']) {
      const foreign = Buffer.from(each)
      assert.equal(reframer.reframe(foreign), foreign)
    }
  })
})

/** Why the test is skipped; false where it can run. */
function lacksFastavro(command: string): string | false {
  try {
    execFileSync(command, ['-c', 'import fastavro'], { stdio: 'ignore' })
    return false
  } catch {
    return `${command} has no fastavro: pip install fastavro, or name a Python that has it in MAGPIE_TEST_PYTHON`
  }
}
