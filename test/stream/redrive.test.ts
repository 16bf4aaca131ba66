// Dead letters sent again, on a real broker: what goes back is what came, once, whoever is killed and whoever else
// tries; a letter says so; a record that fails again is a letter of the next attempt.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { permanent } from '../../schemas/failure.ts'
import { silentLogger } from '../../schemas/logger.ts'
import type { Problem } from '../../schemas/records.ts'
import { deadLetter } from '../../stream/dead-letters.ts'
import type { Marker } from '../../stream/letter-marks.ts'
import { CLAIM_MS } from '../../stream/letter-marks.ts'
import { openLetterBook } from '../../stream/letters.ts'
import type { LetterBook } from '../../stream/letters.ts'
import { attemptOf, isMeantFor } from '../../stream/outgoing.ts'
import { readMessages } from '../../stream/read-topic.ts'
import type { PlacedMessage } from '../../stream/read-topic.ts'
import { mendMarks, redriveLetters } from '../../stream/redrive.ts'
import type { Redriven } from '../../stream/redrive.ts'
import type { Sender } from '../../stream/sender.ts'
import { type RunningStage, type StageOptions, startStage } from '../../stream/stage.ts'
import { beginTenure } from '../../stream/tenure.ts'
import { type Bench, openBench, problemMessages, until } from '../support/stream.ts'

const redriveProcess = join(import.meta.dirname, '../support/redrive-process.ts')

/** A redrive of another machine: nobody can ask whether its process lives. */
const elsewhere = (by: string): Marker => ({ by, host: `${by}.example`, pid: 1 })
/** An earlier one of this process id on this machine: it has ended. */
const ended = (by: string): Marker => ({ by, host: hostname(), pid: process.pid })

describe('redrive', () => {
  let bench: Bench
  const started: RunningStage[] = []
  before(async () => {
    bench = await openBench()
    await bench.createTopics({ 'dead-letters': 4 })
  })
  after(async () => {
    await Promise.all(
      started.map(async (stage) => {
        await stage.drain(0)
      }),
    )
    await bench.close()
  })

  /** A run with one stage, whose process fails as long as it is broken. */
  async function setUp(partitions = 3) {
    const runId = bench.name('run')
    const revision = bench.name('r')
    const from = await bench.topic(partitions, 'from')
    const to = await bench.topic(1, 'to')
    await bench.createTopics({ [`rejections.${revision}`]: 1 })
    const world = { isBroken: true }
    const group = bench.name('group')
    const start = (name = 'test', more: Partial<StageOptions<'Problem', Problem>> = {}): RunningStage => {
      const stage = startStage<'Problem', Problem>({
        connection: bench.connection,
        sender: bench.sender,
        codec: bench.codec,
        name,
        group: `${group}-${name}-${more.revision ?? ''}`,
        ...{ from, reads: 'Problem', runId, revision },
        inFlight: () => 16,
        process: (problem) => {
          if (world.isBroken) throw permanent('bad-request', 'the server refuses it')
          return Promise.resolve({ emit: problem })
        },
        route: (problem) => [{ topic: to, key: problem.id, value: bench.codec.encode('Problem', problem) }],
        deadLetterShare: 1,
        log: silentLogger,
        ...more,
      })
      started.push(stage)
      return stage
    }
    const through = async (stage: RunningStage, count: number) => {
      const done = () => stage.state().emitted + stage.state().rejected + stage.state().dead
      await until(
        () => done() >= count,
        () => JSON.stringify(stage.state()),
      )
    }
    const book = () => openLetterBook(bench.connection, AbortSignal.timeout(120_000), (run) => run === runId)
    const redrive = async (given: { book?: LetterBook; marker?: Marker; sender?: Sender; now?: () => number } = {}) => {
      const read = given.book ?? (await book())
      const parts = {
        ...{ connection: bench.connection, sender: bench.sender, marker: elsewhere(bench.name('one')), now: Date.now },
        ...given,
        ...{ book: read, signal: AbortSignal.timeout(120_000) },
      }
      const waiting = read.letters().filter(({ redrivenAt }) => redrivenAt === null)
      return await redriveLetters(parts, waiting)
    }
    const inputs = async (): Promise<PlacedMessage[]> => {
      const found: PlacedMessage[] = []
      for await (const each of readMessages(bench.connection, { topic: from, signal: AbortSignal.timeout(120_000) }))
        found.push(each)
      return found
    }
    const copies = async () => (await inputs()).filter(({ headers }) => attemptOf(headers) > 1)
    const feed = async (count: number) => {
      await bench.sender.send(problemMessages(bench.codec, from, runId, count).map((each) => ({ ...each })))
    }
    /** So many letters wait. */
    const buried = async (count: number): Promise<RunningStage> => {
      await feed(count)
      const stage = start()
      await through(stage, count)
      return stage
    }
    const dead = async () => (await bench.read('dead-letters')).filter(({ headers }) => headers['magpie.run'] === runId)
    return { runId, from, to, world, start, through, book, redrive, inputs, copies, feed, buried, dead }
  }

  /** A sender whose process is killed before it sends what `when` names. */
  function killedBefore(when: (mark: string | undefined) => boolean): Sender {
    return {
      ...bench.sender,
      async send(messages) {
        if (messages.some(({ headers }) => when(headers?.['magpie.mark']?.toString()))) throw new Error('killed')
        await bench.sender.send(messages)
      },
    }
  }

  const numbers = ({ sent, found, left }: Redriven) => [sent.length, found.length, left.length]

  it('gives the stage the same bytes, key, time and headers as another attempt, and marks the letter', async () => {
    const { from, runId, world, start, through, book, redrive, inputs, dead } = await setUp()
    const key = Buffer.from([0xff, 0, 0x80, 7])
    const [problem] = problemMessages(bench.codec, from, runId, 1)
    const headers = {
      ...problem!.headers,
      plain: 'text',
      twice: ['one', 'two'],
      binary: Buffer.from([0, 0xfe, 0xff]),
      empty: '',
      __proto__: undefined,
      ['magpie.code']: 'a header of the record itself',
      ['magpie.stack']: ['and', 'two'],
    }
    await bench.sender.send([{ ...problem!, key, headers, timestamp: 1_700_000_000_123 }])
    const stage = start()
    await through(stage, 1)
    const [letter] = (await book()).letters()
    assert.equal(letter?.code, 'bad-request')
    assert.equal(letter.attempt, 1)

    world.isBroken = false
    assert.deepEqual(numbers(await redrive()), [1, 0, 0])
    await through(stage, 2)
    const [first, second] = await inputs()
    assert.ok(first !== undefined && second !== undefined)
    const { headers: firstHeaders, offset } = first
    const { headers: secondHeaders } = second
    assert.deepEqual({ ...second, headers: firstHeaders, offset }, first)
    const added = {
      'magpie.attempt': '2',
      'magpie.redriven-from': letter.place,
      'magpie.redriven-to': 'test',
      'magpie.redriven-revision': letter.revision,
    }
    const bytes = Object.fromEntries(Object.entries(added).map(([name, text]) => [name, Buffer.from(text)]))
    assert.deepEqual(
      { ...secondHeaders },
      { ...firstHeaders, ...bytes, 'magpie.revision': secondHeaders['magpie.revision'] },
    )
    assert.deepEqual([stage.state().emitted, stage.state().dead, stage.state().redriven], [1, 1, 1])

    const [after] = (await book()).letters()
    assert.ok(after?.redrivenAt != null && after.isMarked)
    const mark = (await dead()).find((each) => each.headers['magpie.mark'] === 'redriven')
    assert.equal(mark?.headers['magpie.letter'], String(letter.offset))
    assert.equal(mark.partition, letter.partition)
    assert.equal(mark.headers['__connect.errors.stage'], 'test')
    assert.deepEqual(numbers(await redrive()), [0, 0, 0])
  })

  it('is for the reader that failed alone', async () => {
    const { world, start, through, buried, redrive } = await setUp()
    const stage = await buried(2)
    world.isBroken = false
    const other = start('other')
    await through(other, 2)
    await redrive()
    await through(stage, 4)
    assert.deepEqual([stage.state().emitted, other.state().received], [2, 2])
  })

  it('makes of a record that fails again a letter of the next attempt, which alone waits', async () => {
    const { runId, buried, through, redrive, book, dead } = await setUp()
    const stage = await buried(3)
    await redrive()
    await through(stage, 6)
    const letters = (await book()).letters()
    assert.deepEqual(letters.map(({ attempt, redrivenAt }) => [attempt, redrivenAt === null]).sort(), [
      [1, false],
      [1, false],
      [1, false],
      [2, true],
      [2, true],
      [2, true],
    ])
    await redrive()
    await through(stage, 9)
    const third = (await book()).letters().filter(({ redrivenAt }) => redrivenAt === null)
    assert.deepEqual(
      third.map(({ attempt, attempts }) => [attempt, attempts]),
      [
        [3, 1],
        [3, 1],
        [3, 1],
      ],
    )
    assert.ok(
      (await dead()).every(({ headers }) => isMeantFor({ part: 'clickhouse', runId, revision: 'main' }, headers)),
    )
  })

  it('goes to the stage of its own revision alone, behind the end of what that one reads too', async () => {
    const { feed, start, through, redrive, copies, world, to } = await setUp(1)
    await feed(4)
    const strict = bench.name('strict')
    const replay = start('test', { revision: strict, takes: ({ offset }) => offset < 2 })
    const run = start('test', { process: (problem) => Promise.resolve({ emit: problem }) })
    await through(replay, 2)
    await through(run, 4)
    world.isBroken = false
    assert.deepEqual(numbers(await redrive()), [2, 0, 0])
    await through(replay, 4)
    assert.deepEqual([replay.state().received, replay.state().emitted, replay.state().dead], [4, 2, 2])
    assert.deepEqual([run.state().received, run.state().emitted], [4, 4])
    for (const { headers } of await copies()) {
      for (const [revision, isMeant] of [
        [strict, true],
        ['main', false],
      ] as const)
        assert.equal(isMeantFor({ part: 'test', runId: String(headers['magpie.run']), revision }, headers), isMeant)
    }
    const made = (await bench.read(to)).filter(({ headers }) => headers['magpie.revision'] === strict)
    assert.deepEqual(
      made.map(({ value }) => bench.codec.decode('Problem', value).revision),
      [strict, strict],
      'what it takes is of its revision',
    )
  })

  it('sends nothing twice when it is killed between sending and marking', async () => {
    const { buried, redrive, copies, book, world } = await setUp()
    await buried(5)
    world.isBroken = false
    const killed = redrive({ marker: ended('killed'), sender: killedBefore((mark) => mark === 'redriven') })
    await assert.rejects(killed, /killed/)
    assert.equal((await copies()).length, 5)
    assert.ok((await book()).letters().every(({ isMarked }) => !isMarked))

    // The process that claimed is known to be gone, so nobody has to wait.
    assert.deepEqual(numbers(await redrive()), [0, 5, 0])
    assert.equal((await copies()).length, 5)
    assert.ok((await book()).letters().every(({ isMarked, redrivenAt }) => isMarked && redrivenAt !== null))
  })

  it('sends everything when it was killed between claiming and sending', async () => {
    const { buried, redrive, copies } = await setUp()
    await buried(5)
    const killed = redrive({ marker: elsewhere('killed'), sender: killedBefore((mark) => mark === undefined) })
    await assert.rejects(killed, /killed/)
    assert.equal((await copies()).length, 0)
    // While the claim may still be acted on, nobody else acts on it.
    const tooEarly = await redrive()
    assert.deepEqual(numbers(tooEarly), [0, 0, 5])
    assert.match(tooEarly.left[0]!.why, /another redrive has it \(process 1 on killed\.example\)/)
    assert.deepEqual(numbers(await redrive({ now: () => Date.now() + 2 * CLAIM_MS })), [5, 0, 0])
    assert.equal((await copies()).length, 5)
  })

  it('sends each record once when many redrive at the same time', async () => {
    const { buried, redrive, copies, book } = await setUp()
    await buried(40)
    const books = await Promise.all(Array.from({ length: 4 }, book))
    const all = await Promise.all(books.map((each, index) => redrive({ book: each, marker: elsewhere(`m${index}`) })))
    assert.equal(
      all.reduce((sum, { sent }) => sum + sent.length, 0),
      40,
    )
    const places = (await copies()).map(({ headers }) => headers['magpie.redriven-from']!.toString())
    assert.equal(places.length, 40)
    assert.equal(new Set(places).size, 40)
  })

  it('learns from the next letter that a record was sent, and makes up for the mark that is missing', async () => {
    const { buried, through, redrive, book, dead } = await setUp()
    const stage = await buried(1)
    await assert.rejects(redrive({ sender: killedBefore((mark) => mark === 'redriven') }), /killed/)
    await through(stage, 2)
    const read = await book()
    assert.deepEqual(
      read
        .letters()
        .map(({ redrivenAt, isMarked }) => [redrivenAt === null, isMarked])
        .sort(),
      [
        [false, false],
        [true, false],
      ],
    )
    const signal = AbortSignal.timeout(120_000)
    const parts = { connection: bench.connection, sender: bench.sender, book: read, now: Date.now, signal }
    assert.equal(await mendMarks({ ...parts, marker: elsewhere('mender') }), 1)
    const marks = (await dead()).filter(({ headers }) => headers['magpie.mark'] === 'redriven')
    assert.equal(marks.length, 1)
  })

  it('stops before it sends when it stood still after its claim', async () => {
    const { buried, redrive, copies } = await setUp()
    await buried(1)
    let calls = 0
    const now = () => Date.now() + (calls++ === 0 ? 0 : CLAIM_MS - 1)
    await assert.rejects(redrive({ now, marker: elsewhere('slow') }), { code: 'redrive-stalled' })
    assert.equal((await copies()).length, 0)
  })

  it('counts a pass that was told twice as one letter', async () => {
    const { buried, redrive, dead, copies, book, world } = await setUp()
    await buried(1)
    world.isBroken = false
    const [letter] = await dead()
    await bench.sender.send([
      { topic: 'dead-letters', key: letter!.key, value: letter!.value, headers: letter!.headers },
    ])
    assert.equal((await book()).letters().length, 1)
    await redrive()
    await redrive()
    assert.equal((await copies()).length, 1)
  })

  it('sends each record once through kills at any moment', async () => {
    const { runId, from, redrive, copies, book, feed, inputs } = await setUp(2)
    await feed(1000)
    const letters = (await inputs()).map((record) =>
      deadLetter(
        { ...record, tenure: beginTenure(from, record.partition) },
        permanent('bad-request', 'the server refuses it'),
        { stage: 'test', attempts: 1, runId, revision: 'main' },
      ),
    )
    await bench.sender.send(letters)
    const ends = new Set<string>()
    for (let kill = 0; kill < 8; kill += 1) {
      const child = spawn(process.execPath, [redriveProcess, bench.connection.brokers.join(','), runId])
      const ended = once(child, 'close')
      let said = ''
      for await (const words of child.stdout) {
        said += String(words)
        if (!said.includes('ready')) continue
        // Each time later, so that claims, records and marks of different rounds are cut off.
        setTimeout(() => child.kill('SIGKILL'), 15 * kill)
      }
      await ended
      ends.add(said.includes('done') ? 'done' : 'killed')
    }
    assert.ok(ends.has('killed'), 'no process was killed at work')
    await redrive()
    const places = (await copies()).map(({ headers }) => headers['magpie.redriven-from']!.toString())
    assert.equal(new Set(places).size, 1000)
    assert.equal(places.length, 1000)
    assert.ok((await book()).letters().every(({ isMarked }) => isMarked))
  })
})
