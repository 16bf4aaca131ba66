// A run in the middle of everything, carried from one broker to another whose topics are in use and whose schemas have
// other ids: records that have ended with a commit and without, letters that wait and letters that were redriven, a model
// call that is kept, and a load that is broken off and gone on with.

import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { configSchema } from '../../../configs/schema.ts'
import { groupOf } from '../../../pipeline.ts'
import { dumpRun } from '../../../pipeline/carry/dump.ts'
import { loadRun } from '../../../pipeline/carry/load.ts'
import { readManifest } from '../../../pipeline/carry/manifest.ts'
import { publishRunState, readRunRecords } from '../../../pipeline/run-records.ts'
import { codecOf } from '../../../schemas/codec.ts'
import type { Codec } from '../../../schemas/codec.ts'
import { Failure, permanent, UsageFault } from '../../../schemas/failure.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import type { Problem } from '../../../schemas/records.ts'
import { readRegistryFile } from '../../../schemas/registry.ts'
import { topicFor } from '../../../schemas/topics.ts'
import type { TopicName } from '../../../schemas/topics.ts'
import { createJournal } from '../../../stream/journal.ts'
import { connectKafka } from '../../../stream/kafka.ts'
import type { KafkaConnection } from '../../../stream/kafka.ts'
import { newMarker } from '../../../stream/letter-marks.ts'
import { openLetterBook, readWholeLetters } from '../../../stream/letters.ts'
import { RUN_HEADER, stamp, stampOrigin } from '../../../stream/outgoing.ts'
import { journalTopic } from '../../../stream/read-calls.ts'
import { readTopic } from '../../../stream/read-topic.ts'
import type { Delivered } from '../../../stream/delivered.ts'
import { redriveLetters } from '../../../stream/redrive.ts'
import { createSender } from '../../../stream/sender.ts'
import type { Sender } from '../../../stream/sender.ts'
import { startStage } from '../../../stream/stage.ts'
import type { RunningStage } from '../../../stream/stage.ts'
import { applyChanges } from '../../../stream/apply-topics.ts'
import { topicSettings } from '../../../stream/topic-sizes.ts'
import { ensureTopics, topicNames } from '../../../stream/topics-admin.ts'
import { startOwnKafka, startTestKafka } from '../../support/kafka.ts'
import { problemOf, until } from '../../support/stream.ts'
import { smallDisk, whyNoSmallDisk } from '../../faults/small-disk.ts'

/** One cluster as the test sees it. */
interface Side {
  readonly connection: KafkaConnection
  readonly sender: Sender
  readonly codec: Codec
  readonly stop: () => Promise<void>
}

const revision = `carry${process.pid}`
const runId = `carried-${process.pid}`
const released = readRegistryFile()
const shifted = released.map((each) => ({ ...each, id: each.id + 1000 }))
const signal = AbortSignal.timeout(550_000)
const topic = (name: TopicName): string => topicFor(name, revision)

async function openSide(kafka: { brokers: string; stop: () => Promise<void> }, codec: Codec): Promise<Side> {
  const connection = connectKafka({ brokers: kafka.brokers.split(','), log: silentLogger })
  const sender = await createSender(connection, silentLogger)
  const stop = async () => {
    await sender.close()
    await connection.close()
    await kafka.stop()
  }
  return { connection, sender, codec, stop }
}

/** Rejects when the signal is given. */
function abortOf(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  signal.addEventListener('abort', () => {
    reject(signal.reason as Error)
  })
  return promise
}

describe('a run in the middle of everything', () => {
  let old: Side
  let fresh: Side
  /** Everything of this test lies in it. */
  let ground: string
  let folder: string
  const started: RunningStage[] = []
  before(async () => {
    old = await openSide(await startTestKafka(), codecOf(released))
    fresh = await openSide(await startOwnKafka(), codecOf(shifted))
    ground = await mkdtemp(join(tmpdir(), 'magpie-carry-'))
    folder = join(ground, 'dump')
  })
  after(async () => {
    await Promise.all(started.map((stage) => stage.drain(0)))
    await old.stop()
    await fresh.stop()
    await rm(ground, { recursive: true, force: true })
  })

  const messageOf = ({ codec }: Side, run: string, number: number) => {
    const problem = { ...problemOf(number, run), revision }
    const message = { topic: topic('problems'), key: problem.id, value: codec.encode('Problem', problem) }
    return stamp(message, { runId: run, revision })
  }

  /** What a stage does with each record, by the number of its problem. */
  type Fate = 'emit' | 'reject' | 'die' | 'hold'
  const seen: number[] = []
  const asked: number[] = []

  function start({ connection, sender, codec }: Side, fateOf: (number: number) => Fate): RunningStage {
    const stage = startStage<'Problem', Problem>({
      ...{ connection, sender, codec, name: 'screen', group: groupOf(runId, revision, 'screen') },
      ...{ from: topic('problems'), reads: 'Problem', runId, revision },
      inFlight: () => 64,
      journal: createJournal({
        ...{ topic: journalTopic(connection, 'calls'), sender, codec, log: silentLogger, now: Date.now },
        later: (run) => setImmediate(run),
      }),
      async process(problem, context) {
        seen.push(problem.slot)
        const fate = fateOf(problem.slot)
        await context.calls.run('the call', () => {
          asked.push(problem.slot)
          return Promise.resolve({ answer: problem.slot })
        })
        if (fate === 'die') throw permanent('bad-request', 'the server refuses it')
        if (fate === 'reject') return { reject: { reason: 'too-short' } }
        // Another call begins, so the first one's answer is kept.
        if (fate === 'hold') await context.calls.run('another call', () => abortOf(context.signal))
        return { emit: problem }
      },
      route: (problem) => [{ topic: topic('screened'), key: problem.id, value: codec.encode('Problem', problem) }],
      writes: [topic('screened'), topic('rejections'), 'dead-letters'],
      deadLetterShare: 1,
      log: silentLogger,
    })
    started.push(stage)
    return stage
  }
  const ends = (stage: RunningStage): number => stage.state().emitted + stage.state().rejected + stage.state().dead
  const through = (stage: RunningStage, count: number) =>
    until(
      () => ends(stage) >= count,
      () => JSON.stringify(stage.state()),
    )

  const bookOf = ({ connection }: Side) => openLetterBook(connection, signal, (run) => run === runId)
  const redrive = async (side: Side) => {
    const book = await bookOf(side)
    const waiting = book.letters().filter(({ redrivenAt }) => redrivenAt === null)
    return await redriveLetters({ ...side, book, marker: newMarker(), now: Date.now, signal }, waiting)
  }
  async function messagesOf({ connection }: Side, name: string): Promise<Delivered[]> {
    const found: Delivered[] = []
    for await (const each of readTopic(connection, { topic: name, signal }))
      if (each.headers[RUN_HEADER] === runId) found.push(each)
    return found
  }
  const numbersIn = async (side: Side, name: TopicName): Promise<string[]> =>
    (await messagesOf(side, topic(name))).map(({ key }) => key)

  it('is played on the first cluster', async () => {
    await ensureTopics(old.connection, { revision })
    const identity = { runId, revision, config: JSON.stringify(configSchema.parse({ name: 'a-run' })) }
    const about = { ...identity, configHash: 'ab12', version: '1.2.3' }
    await publishRunState(old.sender, old.codec, about, 'stopped', { now: 1, startedAt: 1 })
    // Another run's records lie between.
    for (let number = 0; number < 40; number += 1)
      await old.sender.send([
        messageOf(old, runId, number),
        ...(number % 3 === 0 ? [messageOf(old, 'other', number)] : []),
      ])
    const fateOf = (number: number): Fate =>
      number % 10 === 3 ? 'hold' : number % 10 === 5 ? 'die' : number % 10 === 7 ? 'reject' : 'emit'
    const stage = start(old, fateOf)
    await through(stage, 36)
    const { sent } = await redrive(old)
    assert.equal(sent.length, 4)
    await through(stage, 40)
    // What the held ones have asked is on the log.
    await until(async () => (await messagesOf(old, 'calls')).filter(({ value }) => value.length > 0).length >= 4)
    await stage.drain(0)
    // A process that was killed between sending and committing.
    const [held] = (await messagesOf(old, topic('problems'))).filter(({ key }) => key === 'p13')
    const origin = { stage: 'screen', topic: topic('problems'), partition: 0, offset: Number(held!.offset) }
    await old.sender.send(
      stampOrigin([{ topic: topic('screened'), key: 'p13', value: held!.value }], { ...origin, runId, revision }),
    )
  })

  const dumpInto = async (out: string) => {
    const records = [...(await readRunRecords(old.connection, old.codec, revision, signal)).values()]
    return await dumpRun({
      ...{ connection: old.connection, schemas: released, records: records.filter((each) => each.runId === runId) },
      ...{ topics: null, folder: out, version: '1.2.3', now: Date.now(), signal },
    })
  }

  it('is not dumped where no folder can be made', async () => {
    const file = join(ground, 'a-file.yaml')
    await writeFile(file, 'name: a-run\n')
    for (const out of [file, join(file, 'below'), '/proc/zz'])
      await assert.rejects(dumpInto(out), (error) => {
        assert.ok(error instanceof UsageFault, String(error))
        assert.ok(error.message.startsWith(`--out ${out}: nothing can be written there (E`), error.message)
        return true
      })
    await rm(file)
  })

  it('says so when the disk is full, and leaves nothing', { skip: whyNoSmallDisk() ?? false }, async () => {
    const out = join(ground, 'small')
    await mkdir(out)
    const whole = await dumpedPages(join(ground, 'whole'))
    // Too small for the first file, for one of the others, for the manifest.
    for (const pages of [1, 6, whole - 1]) {
      const disk = smallDisk(out, 4096 * pages)
      try {
        await assert.rejects(dumpInto(out), (error) => {
          assert.ok(error instanceof Failure, String(error))
          assert.equal(error.code, 'disk-full')
          assert.ok(error.message.startsWith(`cannot write the dump to ${out}: the disk is full: make room (`))
          return true
        })
        assert.deepEqual(await readdir(out), [])
      } finally {
        disk.unmount()
      }
    }
    await rm(out, { recursive: true })
  })

  /** Pages of a small disk that a dump takes. */
  async function dumpedPages(out: string): Promise<number> {
    await dumpInto(out)
    const sizes = (await readdir(out)).map((name) => statSync(join(out, name)).size)
    await rm(out, { recursive: true })
    return sizes.reduce((sum, size) => sum + Math.ceil(size / 4096), 0)
  }

  it('is not loaded under another name, nor with records of another revision', async () => {
    const out = join(ground, 'whole')
    await dumpInto(out)
    const manifest = await readManifest(out)
    const parts = { connection: fresh.connection, schemas: shifted, folder: out, now: Date.now(), signal }
    const before = (await topicNames(fresh.connection)).toSorted()
    for (const changed of [{ run: 'another' }, { revisions: ['another'] }])
      await assert.rejects(loadRun({ ...parts, manifest: { ...manifest, ...changed } }), (error) => {
        assert.ok(error instanceof UsageFault, String(error))
        assert.match(
          error.message,
          /is of run carried-\d+, revision carry\d+, and manifest.json says .*nothing was loaded/,
        )
        return true
      })
    assert.deepEqual((await topicNames(fresh.connection)).toSorted(), before)
    const file = join(out, 'manifest.json')
    for (const run of ['../x', '', 'a/b']) {
      await writeFile(file, JSON.stringify({ ...manifest, run }))
      await assert.rejects(readManifest(out), (error) => {
        assert.ok(error instanceof UsageFault, String(error))
        assert.equal(error.message, `${file}: run: must be letters, digits, ".", "_" or "-", at most 100`)
        return true
      })
    }
    await rm(out, { recursive: true })
  })

  it('is dumped and loaded beside another run, with a break', async () => {
    await dumpInto(folder)
    await ensureTopics(fresh.connection, { revision })
    await fresh.sender.send(Array.from({ length: 7 }, (_, number) => messageOf(fresh, 'other', number)))
    const manifest = await readManifest(folder)
    const parts = { connection: fresh.connection, schemas: shifted, folder, manifest, now: Date.now() }
    const breaking = new AbortController()
    const broken = loadRun({
      ...parts,
      signal: breaking.signal,
      onTopic(name) {
        if (name.startsWith(topic('screened'))) breaking.abort(new Error('broken off'))
      },
    })
    await assert.rejects(broken, /broken off/)
    assert.equal((await readRunRecords(fresh.connection, fresh.codec, revision, signal)).has(runId), false)
    const there = (await messagesOf(fresh, topic('problems'))).length
    assert.ok(there > 0)
    const loaded = await loadRun({ ...parts, signal })
    assert.equal(loaded.outcome, 'loaded')
    assert.equal(loaded.again.size, 0)
    assert.equal((await loadRun({ ...parts, signal })).outcome, 'already')
    for (const name of ['problems', 'screened', 'rejections'] as const) {
      const [here, before] = [await numbersIn(fresh, name), await numbersIn(old, name)]
      assert.deepEqual(here.sort(), before.sort(), name)
    }
    assert.ok((await readRunRecords(fresh.connection, fresh.codec, revision, signal)).has(runId))
  })

  it('has its rejected records, its letters and their records under the ids and places of the new cluster', async () => {
    const [rejection] = await messagesOf(fresh, topic('rejections'))
    const { record } = fresh.codec.decode('Rejection', rejection!.value)
    assert.equal(fresh.codec.decode('Problem', record).runId, runId)
    const letters = (await bookOf(fresh)).letters()
    const before = (await bookOf(old)).letters()
    const told = (all: typeof letters) =>
      all.map((each) => [each.key, each.attempt, each.redrivenAt, each.isMarked]).sort()
    assert.deepEqual(told(letters), told(before))
    const problems = new Map((await messagesOf(fresh, topic('problems'))).map((each) => [Number(each.offset), each]))
    for (const { source, key } of letters) assert.equal(problems.get(source.offset)?.key, key)
    for (const { letter, value } of await readWholeLetters(fresh.connection, letters, signal))
      assert.equal(fresh.codec.decode('Problem', value!).id, letter.key)
  })

  it('goes on where it stood: only what was open is processed, with the answers that it had', async () => {
    seen.length = 0
    asked.length = 0
    const stage = start(fresh, () => 'emit')
    await through(stage, 3)
    const { sent } = await redrive(fresh)
    assert.equal(sent.length, 4)
    await through(stage, 7)
    await stage.drain(5000)
    assert.deepEqual(
      seen.toSorted((one, other) => one - other),
      [3, 5, 15, 23, 25, 33, 35],
    )
    assert.deepEqual(
      asked.filter((number) => number % 10 === 3),
      [],
      'kept answers are not asked for again',
    )
    const screened = await numbersIn(fresh, 'screened')
    assert.equal(new Set(screened).size, screened.length, 'nothing came twice')
    assert.equal(screened.length + (await numbersIn(fresh, 'rejections')).length, 40)
  })

  it('is not loaded over a run that has gone on, nor where a topic has other partitions or keeps too little', async () => {
    const manifest = await readManifest(folder)
    const parts = { connection: fresh.connection, schemas: shifted, folder, signal, now: Date.now() }
    await assert.rejects(
      loadRun({ ...parts, manifest }),
      /was loaded here .* and has gone on since .*nothing was loaded/,
    )
    // To another dump the run that is here is another one of its name.
    await assert.rejects(
      loadRun({ ...parts, manifest: { ...manifest, id: '00000000-0000-4000-8000-000000000000' } }),
      /is on this cluster already .*nothing was loaded; a run keeps its name, so load it into another Kafka/,
    )
    const change = { topic: topic('screened'), name: 'screened', setting: 'retention.ms', has: '-1' } as const
    await applyChanges(fresh.connection, [{ ...change, wants: '86400000' }])
    const settingOf = async (name: string) =>
      (await topicSettings(fresh.connection, [name])).get(name)?.['retention.ms']
    await until(async () => (await settingOf(topic('screened'))) === '86400000')
    await assert.rejects(
      loadRun({ ...parts, manifest, now: Date.now() + 2 * 86_400_000 }),
      /topic screened\S+ keeps records for 86400000 ms here, and the dump has older ones/,
    )
    const topics = manifest.topics.map((each) => (each.name === 'screened' ? { ...each, partitions: 3 } : each))
    await assert.rejects(
      loadRun({ ...parts, manifest: { ...manifest, topics } }),
      /topic screened\S+ has 12 partitions here and 3 in the dump/,
    )
    await assert.rejects(
      loadRun({
        ...parts,
        manifest,
        schemas: shifted.filter(({ subject, version }) => subject !== 'magpie.Problem' || version === 1),
      }),
      /holds magpie.Problem version \d+, which this program does not know/,
    )
  })
})
