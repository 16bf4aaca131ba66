// Records of foreign producers on the inputs of stages and sinks, on a real broker: each ends as a dead letter with its
// bytes (or with the place where they lie), and nothing else stops.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import kafkajs from 'kafkajs'
import type { IHeaders, Message } from 'kafkajs'
import { silentLogger } from '../../schemas/logger.ts'
import type { Problem } from '../../schemas/records.ts'
import { headerTexts, toMessage } from '../../stream/arrival.ts'
import { deadLetter, letterWithoutRecord, originalHeaders } from '../../stream/dead-letters.ts'
import { openLetterBook, readWholeLetters } from '../../stream/letters.ts'
import type { KafkaConnection } from '../../stream/kafka.ts'
import { headerText } from '../../stream/outgoing.ts'
import { type RunningSink, startSink } from '../../stream/sink-consumer.ts'
import { type RunningStage, startStage } from '../../stream/stage.ts'
import { beginTenure } from '../../stream/tenure.ts'
import { deleteTopics } from '../../stream/topics-admin.ts'
import { MAX_DEAD_LETTER_BYTES, MAX_MESSAGE_BYTES } from '../../stream/keeping.ts'
import { type Bench, openBench, problemMessages, until } from '../support/stream.ts'

const MIB = 1024 * 1024

describe('poison records', () => {
  let bench: Bench
  const started: (RunningStage | RunningSink)[] = []
  before(async () => {
    bench = await openBench()
    await bench.createTopics({ 'dead-letters': 4 })
  })
  after(async () => {
    await Promise.all(
      started.map(async (part) => {
        await part.drain(0)
      }),
    )
    await bench.close()
  })

  /** Somebody else's producer, with limits of its own. */
  async function produce(topic: string, messages: Message[], compression = kafkajs.CompressionTypes.GZIP) {
    const producer = bench.connection.client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
    await producer.connect()
    for (const message of messages) await producer.send({ topic, messages: [message], compression, acks: -1 })
    await producer.disconnect()
  }

  function stageOn(from: string, runId: string, to: string): RunningStage {
    const stage = startStage<'Problem', Problem>({
      ...{ connection: bench.connection, sender: bench.sender, codec: bench.codec, log: silentLogger },
      ...{ name: 'test', group: bench.name('group'), from, reads: 'Problem', runId, revision: 'main' },
      inFlight: () => 8,
      process: (problem) => Promise.resolve({ emit: problem }),
      route: (problem) => [{ topic: to, key: problem.id, value: bench.codec.encode('Problem', problem) }],
      deadLetterShare: 1,
    })
    started.push(stage)
    return stage
  }

  const lettersOf = async (runId: string, connection = bench.connection) => {
    const signal = AbortSignal.timeout(300_000)
    const book = await openLetterBook(connection, signal, (run) => run === runId)
    return await readWholeLetters(connection, book.letters(), signal)
  }

  it('leave a stage at work, whatever they are', async () => {
    const runId = bench.name('run')
    const [from, to] = [await bench.topic(1, 'from'), await bench.topic(1, 'to')]
    const headers: IHeaders = { 'magpie.run': runId }
    const unknownSchema = Buffer.concat([Buffer.from([0, 0, 0x7f, 0xff, 0xff]), Buffer.from('x'.repeat(40))])
    const large = Buffer.alloc(17 * MIB, 'compressible ')
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`h${index}`, 'v'.repeat(200)]))
    const poison: Message[] = [
      { key: 'undecodable', value: Buffer.from([1, 2, 3]), headers },
      { key: 'unknown-schema', value: unknownSchema, headers },
      { key: 'empty', value: Buffer.alloc(0), headers },
      { key: null, value: null, headers },
      { key: 'large', value: large, headers },
      { key: 'headers', value: Buffer.from('x'), headers: { ...headers, ...many, 'magpie.attempt': 'no number' } },
      { key: 'old', value: Buffer.from('x'), headers, timestamp: '0' },
      { key: 'another', value: Buffer.from('x'), headers: { 'magpie.run': 'another run' } },
    ]
    await produce(from, poison)
    await bench.sender.send(problemMessages(bench.codec, from, runId, 3))
    const stage = stageOn(from, runId, to)
    await until(
      () => stage.state().emitted + stage.state().dead === 10,
      () => JSON.stringify(stage.state()),
      180,
    )
    assert.equal(stage.state().emitted, 3)
    const letters = new Map((await lettersOf(runId)).map((letter) => [letter.letter.key, letter]))
    assert.deepEqual([...letters.keys()].sort(), [
      '',
      'empty',
      'headers',
      'large',
      'old',
      'undecodable',
      'unknown-schema',
    ])
    for (const { letter, isLost } of letters.values())
      assert.deepEqual([letter.code, letter.attempt, letter.isApart, isLost], ['undecodable', 1, false, false])
    assert.equal(letters.get('')!.value, null)
    assert.deepEqual(letters.get('empty')!.value, Buffer.alloc(0))
    assert.deepEqual(letters.get('unknown-schema')!.value, unknownSchema)
    assert.ok(letters.get('large')!.value!.equals(large))
    assert.equal(headerText(letters.get('headers')!.headers, 'h299'), 'v'.repeat(200))
    assert.equal(letters.get('old')!.timestamp, 0)
  })

  it('take nothing from the record whose key they bear, before it or behind it', async () => {
    const runId = bench.name('run')
    const [from, to] = [await bench.topic(1, 'from'), await bench.topic(1, 'to')]
    const poison: Message[] = [
      { key: 'p0', value: Buffer.from([1, 2, 3]) },
      { key: 'p0', value: Buffer.from([1, 2, 3]), headers: { 'magpie.run': runId } },
    ]
    await produce(from, poison)
    await bench.sender.send(problemMessages(bench.codec, from, runId, 1))
    await produce(from, poison)
    // Sent again because an answer was lost.
    await bench.sender.send(problemMessages(bench.codec, from, runId, 1))
    await bench.sender.send(problemMessages(bench.codec, from, runId, 1, 1))
    const stage = stageOn(from, runId, to)
    const ends = () => [stage.state().emitted, stage.state().dead]
    await until(
      () => ends().join() === '2,4',
      () => JSON.stringify(stage.state()),
    )
    assert.deepEqual(
      (await bench.read(to)).map(({ key }) => key),
      ['p0', 'p1'],
    )
    assert.equal((await lettersOf(runId)).length, 4)
  })

  it('become a letter that points to them where no letter can hold them', async () => {
    const runId = bench.name('run')
    const from = bench.name('from')
    const limit = String(20 * MIB)
    await bench.connection.ask(
      'creating a topic of larger messages',
      async (admin) =>
        await admin.createTopics({
          waitForLeaders: true,
          topics: [{ topic: from, numPartitions: 1, configEntries: [{ name: 'max.message.bytes', value: limit }] }],
        }),
    )
    const value = randomBytes(17 * MIB)
    await produce(
      from,
      [{ key: 'huge', value, headers: { 'magpie.run': runId, own: 'kept' } }],
      kafkajs.CompressionTypes.None,
    )
    await bench.sender.send(problemMessages(bench.codec, from, runId, 1))
    const stage = stageOn(from, runId, await bench.topic(1, 'to'))
    await until(
      () => stage.state().emitted + stage.state().dead === 2,
      () => JSON.stringify(stage.state()),
      180,
    )
    const [huge, ...others] = await lettersOf(runId)
    assert.equal(others.length, 0)
    assert.deepEqual([huge!.letter.key, huge!.letter.isApart, huge!.letter.bytes], ['huge', true, 17 * MIB])
    assert.ok(huge!.value!.equals(value), 'read at the place where it failed')
    assert.equal(headerText(originalHeaders(huge!.headers), 'own'), 'kept')

    // Where its topic is dropped at that moment, its record is lost with it.
    await stage.drain(0)
    const dropped: KafkaConnection = {
      ...bench.connection,
      async ask(doing, question) {
        if (doing.includes(from)) await deleteTopics(bench.connection, [from])
        return await bench.connection.ask(doing, question)
      },
    }
    const [left] = await lettersOf(runId, dropped)
    assert.deepEqual([left?.letter.key, left?.isLost], ['huge', true])
  })

  it('leave a sink at work as well', async () => {
    const runId = bench.name('run')
    const from = await bench.topic(1, 'from')
    const written: string[] = []
    await produce(from, [
      { key: 'bad', value: Buffer.from('bad'), headers: { 'magpie.run': runId } },
      { key: 'none', value: null, headers: { 'magpie.run': runId } },
      { key: 'large', value: Buffer.alloc(17 * MIB, 'x'), headers: { 'magpie.run': runId } },
    ])
    await bench.sender.send(problemMessages(bench.codec, from, runId, 5))
    const sink = await startSink({
      ...{ connection: bench.connection, sender: bench.sender, log: silentLogger, runId, deadLetterShare: 1 },
      ...{ name: 'test-sink', group: bench.name('group'), topics: [from] },
      batch: { rows: 100, bytes: 64 * MIB, seconds: 0.05 },
      sink: {
        open: () => Promise.resolve(),
        // eslint-disable-next-line @typescript-eslint/require-await -- the contract of a sink is a promise
        async write(batch) {
          for (const { value } of batch) bench.codec.decode('Problem', value)
          for (const { key } of batch) written.push(key)
        },
        close: () => Promise.resolve(),
      },
    })
    started.push(sink)
    await until(
      () => sink.state().written + sink.state().dead === 8,
      () => JSON.stringify(sink.state()),
      180,
    )
    assert.deepEqual(written.sort(), ['p0', 'p1', 'p2', 'p3', 'p4'])
    const letters = await lettersOf(runId)
    assert.deepEqual(letters.map(({ letter }) => [letter.key, letter.stage, letter.bytes]).sort(), [
      ['bad', 'test-sink', 3],
      ['large', 'test-sink', 17 * MIB],
      ['none', 'test-sink', 0],
    ])
  })

  it('may have headers without a value, as no client of ours can write them', () => {
    const message = {
      ...{ key: null, value: null, timestamp: '1', attributes: 0, offset: '7' },
      headers: { none: null, some: [Buffer.from('a'), null], 'magpie.run': null } as unknown as IHeaders,
    }
    const arrival = { tenure: beginTenure('from', 0), offset: 7, ...toMessage(message) }
    assert.deepEqual(headerTexts(arrival.headers), { none: '', some: 'a', 'magpie.run': '' })
    assert.equal(headerText(message.headers, 'magpie.run'), null)
    assert.deepEqual(arrival.headers['some'], [Buffer.from('a'), Buffer.alloc(0)])
  })

  it('fit the topic of the letters, headers and all, where they fit their own', () => {
    const value = Buffer.alloc(16 * MIB)
    const headers = { own: 'x'.repeat(200 * 1024) }
    const arrival = { tenure: beginTenure('from', 0), offset: 7, timestamp: 1, key: Buffer.from('k'), value, headers }
    const worst = new Error('\u{1f4a5}'.repeat(5000))
    const details = { stage: 'test', attempts: 1, runId: 'r', revision: 'main' }
    const letter = deadLetter(arrival, worst, details)
    const added = Object.entries(letter.headers ?? {}).reduce(
      (sum, [name, text]) => sum + name.length + Buffer.byteLength(String(text)),
      0,
    )
    assert.ok(MAX_MESSAGE_BYTES + added - headers.own.length < MAX_DEAD_LETTER_BYTES)
    assert.equal(letterWithoutRecord(arrival, worst, details).headers?.['magpie.bytes'], String(value.length))
  })
})
