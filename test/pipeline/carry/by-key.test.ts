// What a dump takes of topics that are kept by key while their records come and go: by a law on a log that is compacted
// whenever it may be, and on a real Kafka whose records go right behind the moment of the dump.

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { configSchema } from '../../../configs/schema.ts'
import { openByKey } from '../../../pipeline/carry/by-key.ts'
import { dumpRun } from '../../../pipeline/carry/dump.ts'
import { openDump } from '../../../pipeline/carry/read-dump.ts'
import type { DumpedRecord } from '../../../pipeline/carry/read-dump.ts'
import { publishRunRecord, publishRunState } from '../../../pipeline/run-records.ts'
import { codecOf } from '../../../schemas/codec.ts'
import { Failure } from '../../../schemas/failure.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import { readRegistryFile } from '../../../schemas/registry.ts'
import { connectKafka } from '../../../stream/kafka.ts'
import type { KafkaConnection } from '../../../stream/kafka.ts'
import { stamp } from '../../../stream/outgoing.ts'
import { topicEnds } from '../../../stream/positions.ts'
import type { FetchedMessage } from '../../../stream/read-topic.ts'
import { createSender } from '../../../stream/sender.ts'
import type { Sender } from '../../../stream/sender.ts'
import { ensureTopics } from '../../../stream/topics-admin.ts'
import { startOwnKafka } from '../../support/kafka.ts'

/** A partition of a log that is kept by key; `history` is what was ever written. */
function createLog() {
  const history: { key: string; value: string | null }[] = []
  const gone = new Set<number>()
  return {
    history,
    write: (key: string, value: string | null): void => void history.push({ key, value }),
    /** All that a newer record has replaced goes, but for the last `kept` records of the log. */
    compact(kept: number): void {
      for (const [offset, { key }] of history.slice(0, Math.max(0, history.length - kept)).entries())
        if (history.some((each, later) => later > offset && each.key === key)) gone.add(offset)
    },
    /** Words that a key is gone go too, where nothing is left that they speak of. */
    bury(): void {
      for (const [offset, { key, value }] of history.entries())
        if (value === null && history.slice(0, offset).every((each, earlier) => each.key !== key || gone.has(earlier)))
          gone.add(offset)
    },
    message(offset: number): FetchedMessage | null {
      const { key, value } = history[offset]!
      if (gone.has(offset)) return null
      const about = { timestamp: '1', attributes: 0, headers: {}, offset: String(offset) }
      return { ...about, key: Buffer.from(key), value: value === null ? null : Buffer.from(value) }
    },
    newestBelow(end: number): Map<string, string> {
      const newest = new Map<string, string>()
      for (const { key, value } of history.slice(0, end))
        if (value === null) newest.delete(key)
        else newest.set(key, value)
      return newest
    },
  }
}

describe('what is kept by key, read for a dump', () => {
  it('is the newest of each key at one moment, whatever is written and taken away while it is read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'magpie-by-key-'))
    const event = fc.oneof(
      { weight: 4, arbitrary: fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), isGone: fc.boolean() }) },
      { weight: 2, arbitrary: fc.record({ kept: fc.nat(2) }) },
    )
    const script = fc.record({
      first: fc.array(event, { maxLength: 20 }),
      meanwhile: fc.array(fc.array(event, { maxLength: 4 }), { maxLength: 30 }),
      atOnce: fc.integer({ min: 1, max: 4 }),
      buries: fc.boolean(),
    })
    let again = 0
    await fc.assert(
      fc.asyncProperty(script, async ({ first, meanwhile, atOnce, buries }) => {
        const log = createLog()
        let count = 0
        const happen = (events: readonly (typeof first)[number][] = []): void => {
          for (const each of events)
            if ('kept' in each) log.compact(each.kept)
            else log.write(each.key, each.isGone ? null : `value ${(count += 1)}`)
        }
        const left = [...meanwhile]
        const between = (): void => {
          happen(left.shift())
          if (buries) log.bury()
        }
        happen(first)
        const byKey = openByKey({
          ...{ folder, topic: 'calls', takes: () => true },
          async *read({ from, to }) {
            const end = to.get(0)!
            for (let next = from.get(0) ?? 0; next < end; next += atOnce) {
              happen(left.shift())
              const batch = Array.from({ length: Math.min(atOnce, end - next) }, (_, at) => log.message(next + at))
              yield await Promise.resolve([0, batch.filter((each) => each !== null)] as const)
            }
          },
        })
        try {
          const ends = () => [{ partition: 0, low: 0, high: log.history.length }]
          await byKey.readOn(ends())
          between()
          let moment = ends()
          between()
          while (!(await byKey.readOn(moment))) {
            again += 1
            between()
            moment = ends()
            between()
          }
          const found = new Map<string, string>()
          for await (const { key, value } of byKey.newest()) {
            assert.equal(found.has(String(key)), false)
            found.set(String(key), String(value))
          }
          assert.deepEqual([...found].sort(), [...log.newestBelow(moment[0]!.high)].sort())
        } finally {
          await byKey.close()
        }
      }),
      { numRuns: 300 },
    )
    assert.ok(again > 0, 'no record went on the last piece')
    assert.deepEqual(await readdir(folder), [])
    await rm(folder, { recursive: true })
  })

  it('is a Failure that names the folder where what was read cannot be read back', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'magpie-by-key-'))
    const log = createLog()
    log.write('a', 'value')
    const byKey = openByKey({
      ...{ folder, topic: 'calls', takes: () => true },
      async *read() {
        yield await Promise.resolve([0, [log.message(0)!]] as const)
      },
    })
    try {
      await byKey.readOn([{ partition: 0, low: 0, high: 1 }])
      // A folder in its place opens, and cannot be read.
      await rm(join(folder, 'calls.aside'))
      await mkdir(join(folder, 'calls.aside'))
      await assert.rejects(byKey.newest().next(), (error) => {
        assert.ok(error instanceof Failure && error.code === 'disk-unwritable', String(error))
        assert.ok(error.message.includes(folder))
        return true
      })
    } finally {
      await byKey.close()
      await rm(folder, { recursive: true })
    }
  })
})

describe('a dump of a run at work whose older words go right behind its moment', () => {
  let connection: KafkaConnection
  let sender: Sender
  let stop: () => Promise<void>
  let folder: string
  const schemas = readRegistryFile()
  const codec = codecOf(schemas)
  const signal = AbortSignal.timeout(550_000)
  before(async () => {
    const kafka = await startOwnKafka()
    connection = connectKafka({ brokers: kafka.brokers.split(','), log: silentLogger })
    sender = await createSender(connection, silentLogger)
    folder = await mkdtemp(join(tmpdir(), 'magpie-by-key-'))
    stop = async () => {
      await sender.close()
      await connection.close()
      await kafka.stop()
      await rm(folder, { recursive: true, force: true })
    }
  })
  after(async () => {
    await stop()
  })

  it('has the state and the kept calls of that moment', async () => {
    const run = { runId: 'moving', revision: 'main' }
    // Kafka lets nobody take records out of topics that are only kept by key.
    const cleanup = { cleanup: 'compact,delete', retentionMs: 1_000_000_000_000 } as const
    await ensureTopics(connection, { revision: 'main', topics: { runs: cleanup, calls: cleanup } })
    const identity = {
      ...run,
      config: JSON.stringify(configSchema.parse({ name: 'a' })),
      configHash: 'x',
      version: '1',
    }
    const state = await publishRunState(sender, codec, identity, 'running', { now: 1, startedAt: 1 })
    const about = {
      ...run,
      createdAt: 1,
      stage: 'answer',
      problemId: 'p',
      topic: 'screened',
      offset: 0,
      call: 'answer',
    }
    const call = codec.encode('Call', { id: 'a call', ...about, result: '1' })
    const toCall = { topic: 'calls', key: 'a call', partition: 0 }
    await sender.send([stamp({ ...toCall, value: call }, run)])

    /** The record of the call ends and the run too, and what said otherwise is taken away. */
    let hasMoved = false
    async function moveOn(): Promise<void> {
      hasMoved = true
      await publishRunRecord(sender, codec, { ...state, state: 'finished', createdAt: 2 })
      await sender.send([stamp({ ...toCall, value: null }, run)])
      for (const topic of ['runs', 'calls'])
        await connection.ask(`emptying ${topic}`, async (admin) => {
          const { high } = (await topicEnds(connection, topic))[0]!
          await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(high - 1) }] })
        })
    }
    // The ends of problems are the last that are asked for.
    const watched: KafkaConnection = {
      ...connection,
      async ask(doing, question) {
        const answer = await connection.ask(doing, question)
        if (doing === 'reading the ends of topic problems' && !hasMoved) await moveOn()
        return answer
      },
    }
    const manifest = await dumpRun({
      ...{ connection: watched, schemas, records: [state], topics: null, folder, version: '1', now: 3, signal },
    })
    assert.ok(hasMoved)
    const found: DumpedRecord[] = []
    const dump = openDump(folder, manifest, schemas)
    await dump.check((record) => found.push(record))
    assert.deepEqual(
      found.map(({ name, value }) =>
        name === 'runs' ? codec.decode('RunRecord', value!).state : codec.decode('Call', value!).result,
      ),
      ['running', '1'],
    )
    assert.deepEqual((await readdir(folder)).sort(), ['calls-00000.avro', 'manifest.json', 'runs-00000.avro'])
  })
})
