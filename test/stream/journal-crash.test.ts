// The journal on a real broker: kill -9 in the middle of a record of 64 calls, a rebalance, and what is left in the end.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { silentLogger } from '../../schemas/logger.ts'
import type { Problem } from '../../schemas/records.ts'
import { createJournal } from '../../stream/journal.ts'
import { journalTopic } from '../../stream/read-calls.ts'
import { type RunningStage, startStage } from '../../stream/stage.ts'
import { type Bench, createGate, openBench, problemMessages, until } from '../support/stream.ts'

const CALLS = 64
const ANSWERED = 40

describe('journal', () => {
  let bench: Bench
  before(async () => {
    bench = await openBench()
  })
  after(async () => {
    await bench.close()
  })

  /** Keys on the journal that are not taken away. */
  async function live(topic: string): Promise<string[]> {
    const keys = new Set<string>()
    for (const { key, value } of await bench.read(topic)) {
      if (value.length === 0) keys.delete(key)
      else keys.add(key)
    }
    return [...keys]
  }

  async function setUp(partitions: number) {
    const names = { runId: bench.name('run'), group: bench.name('group') }
    const [from, to, journal] = [bench.name('from'), bench.name('to'), bench.name('calls')]
    await bench.createTopics({ [from]: partitions, [to]: partitions, [journal]: partitions })
    return { ...names, from, to, journal }
  }

  it('after kill -9 repeats only the calls without an answer, and is empty when the record is done', async () => {
    const names = await setUp(3)
    await bench.sender.send(problemMessages(bench.codec, names.from, names.runId, 1))
    const given = { ...names, brokers: bench.connection.brokers.join(','), calls: CALLS }
    const run = (holdFrom?: number) => {
      const child = spawn(
        process.execPath,
        [join(import.meta.dirname, '../support/journal-process.ts'), JSON.stringify({ ...given, holdFrom })],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
      const made: string[] = []
      child.stdout.setEncoding('utf8').on('data', (text: string) => made.push(...text.trimEnd().split('\n')))
      return { child, made, closed: once(child, 'close') }
    }
    const first = run(ANSWERED)
    await until(async () => (await live(names.journal)).length === ANSWERED)
    first.child.kill('SIGKILL')
    await first.closed
    assert.equal(first.made.length, CALLS)

    const second = run()
    try {
      await until(async () => (await bench.read(names.to)).length === 1)
      assert.deepEqual(
        second.made,
        Array.from({ length: CALLS - ANSWERED }, (_, index) => `p0/${ANSWERED + index}`),
      )
      const emitted = bench.codec.decode('Problem', (await bench.read(names.to))[0]!.value)
      const saidBy = emitted.text.split('\n').map((line) => Number.parseInt(line, 10))
      assert.deepEqual(
        saidBy,
        Array.from({ length: CALLS }, (_, index) => (index < ANSWERED ? first : second).child.pid),
      )
      await until(async () => (await live(names.journal)).length === 0)
    } finally {
      second.child.kill('SIGKILL')
      await second.closed
    }
  })

  it('hands a partition over with its finished calls; what stays goes on undisturbed', async () => {
    const names = await setUp(2)
    const gate = createGate()
    const made: string[] = []
    const start = (): RunningStage =>
      startStage<'Problem', Problem>({
        ...names,
        ...bench,
        name: 'test',
        reads: 'Problem',
        revision: 'main',
        inFlight: () => 16,
        log: silentLogger,
        journal: createJournal({
          topic: journalTopic(bench.connection, names.journal),
          ...{ sender: bench.sender, codec: bench.codec, log: silentLogger, now: Date.now },
        }),
        async process(problem, { signal, calls }) {
          await Promise.all(
            Array.from({ length: 8 }, (_, index) =>
              calls.run(`call ${index}`, async () => {
                made.push(`${problem.id}/${index}`)
                if (index >= 5) await gate.wait(signal)
                return index
              }),
            ),
          )
          return { emit: problem }
        },
        route: (problem) => [{ topic: names.to, key: problem.id, value: bench.codec.encode('Problem', problem) }],
      })
    const first = start()
    let second: RunningStage | null = null
    try {
      await bench.sender.send(problemMessages(bench.codec, names.from, names.runId, 8))
      await until(async () => (await live(names.journal)).length === 8 * 5)
      const partitions = new Map((await bench.read(names.from)).map(({ key, partition }) => [key, partition]))
      assert.equal(new Set(partitions.values()).size, 2)
      second = start()
      await until(() => second!.state().running > 0)
      gate.open()
      await until(async () => new Set((await bench.read(names.to)).map(({ key }) => key)).size === 8)
      const moved = made.slice(8 * 8).map((name) => name.split('/')[0]!)
      const times = Map.groupBy(made, (name) => name)
      for (const [name, { length }] of times) {
        const [id, index] = name.split('/')
        const isAgain = moved.includes(id!) && Number(index) >= 5
        assert.equal(length, isAgain ? 2 : 1, name)
      }
      assert.equal(new Set(moved.map((id) => partitions.get(id))).size, 1, 'one partition has moved')
      await until(async () => (await live(names.journal)).length === 0)
    } finally {
      await Promise.all([first.drain(0), second?.drain(0)])
    }
  })
})
