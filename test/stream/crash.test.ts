// Ends that nobody asked for: kill -9 of a process in the middle of its work, and a broker that goes and comes.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { startKafka } from '../../local/kafka.ts'
import { createCodec } from '../../schemas/codec.ts'
import { silentLogger } from '../../schemas/logger.ts'
import type { Problem } from '../../schemas/records.ts'
import { groupPosition } from '../../stream/groups-admin.ts'
import { connectKafka } from '../../stream/kafka.ts'
import { readTopic } from '../../stream/read-topic.ts'
import { createSender } from '../../stream/sender.ts'
import { startStage } from '../../stream/stage.ts'
import { ensureTopics } from '../../stream/topics-admin.ts'
import { type Bench, createGate, openBench, problemMessages, until } from '../support/stream.ts'

const COUNT = 400

describe('kill -9', () => {
  let bench: Bench
  before(async () => {
    bench = await openBench()
  })
  after(async () => {
    await bench.close()
  })

  it('loses nothing, and the next process begins at once and repeats little', async () => {
    const runId = bench.name('run')
    const from = await bench.topic(4, 'from')
    const to = await bench.topic(4, 'to')
    const group = bench.name('group')
    await bench.sender.send(problemMessages(bench.codec, from, runId, COUNT))
    const given = { brokers: bench.connection.brokers.join(','), runId, from, to, group, milliseconds: 40 }
    const calls: string[] = []
    const run = (holdFrom?: number) => {
      const child = spawn(
        process.execPath,
        [join(import.meta.dirname, '../support/stage-process.ts'), JSON.stringify({ ...given, holdFrom })],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      )
      child.stdout.setEncoding('utf8').on('data', (text: string) => calls.push(...text.trimEnd().split('\n')))
      return child
    }
    const emitted = async () => new Set((await bench.read(to)).map(({ key }) => key))

    // What it holds on to keeps it from coming to the end before it is killed, however slow this machine is.
    const first = run(COUNT - 100)
    const closed = once(first, 'close')
    // Past the first commits and well before the end.
    await until(async () =>
      (await groupPosition(bench.connection, group, [from])).some(
        ({ committed, doneAbove }) => (committed ?? 0) > 0 || doneAbove > 0,
      ),
    )
    first.kill('SIGKILL')
    await closed
    const before = calls.length
    const positions = await groupPosition(bench.connection, group, [from])
    const done = positions.reduce(
      (sum, { committed, low, doneAbove }) => sum + ((committed ?? low) - low) + doneAbove,
      0,
    )
    assert.ok(done > 0 && done < before)
    assert.ok(before < COUNT, 'killed before the end')

    const second = run()
    try {
      // The session of the dead member lasts 45 s; it is dismissed instead.
      await until(() => calls.length > before, undefined, 40)
      await until(
        async () => (await emitted()).size === COUNT,
        () => `${calls.length} calls`,
      )
    } finally {
      second.kill('SIGKILL')
      await once(second, 'close')
    }
    assert.equal(new Set(calls).size, COUNT)
    assert.equal(calls.length - before, COUNT - done, 'exactly what the last commit does not call done is repeated')
  })
})

describe('a broker that restarts', () => {
  it('is waited for by sender and stage, and nothing is lost', async () => {
    const stateDir = await mkdtemp(join(tmpdir(), 'magpie-restart-'))
    const start = async () => await startKafka({ stateDir, log: silentLogger, heapMegabytes: 256 })
    let kafka = await start()
    const connection = connectKafka({ brokers: [kafka.brokers], log: silentLogger })
    const sender = await createSender(connection, silentLogger)
    const codec = await createCodec()
    await ensureTopics(connection, { revision: 'main', names: ['problems', 'screened', 'dead-letters', 'rejections'] })
    const gate = createGate()
    const calls: string[] = []
    const stage = startStage<'Problem', Problem>({
      connection,
      sender,
      codec,
      name: 'test',
      group: 'restart',
      from: 'problems',
      reads: 'Problem',
      runId: 'a run',
      revision: 'main',
      inFlight: () => 16,
      log: silentLogger,
      async process(problem, { signal }) {
        calls.push(problem.id)
        if (problem.slot === 99) await gate.wait(signal)
        return { emit: problem }
      },
      route: (problem) => [{ topic: 'screened', key: problem.id, value: codec.encode('Problem', problem) }],
    })
    try {
      await sender.send(problemMessages(codec, 'problems', 'a run', 100))
      await until(
        () => stage.state().emitted === 99,
        () => JSON.stringify(stage.state()),
      )
      await kafka.stop()
      const late = sender.send(problemMessages(codec, 'problems', 'a run', 100, 100))
      await until(
        () => sender.state().downSince !== null && stage.state().lastError !== null,
        () => JSON.stringify([sender.state(), stage.state()]),
      )
      assert.equal(sender.state().waiting, 100)
      kafka = await start()
      await late
      assert.equal(sender.state().downSince, null)
      await until(
        () => stage.state().emitted >= 199,
        () => JSON.stringify([sender.state(), stage.state()]),
        180,
      )
      gate.open()
      await until(() => stage.state().running === 0)
      await stage.drain(1000)
      await stage.stopped
      assert.equal(calls.filter((id) => id === 'p99').length, 1, 'what was at work went on through the outage')
      const ids = new Set<string>()
      for await (const { key } of readTopic(connection, { topic: 'screened', signal: AbortSignal.timeout(120_000) }))
        ids.add(key)
      assert.equal(ids.size, 200)
      const lag = await groupPosition(connection, 'restart', ['problems'])
      assert.deepEqual(
        lag.map((each) => each.lag),
        [0],
      )
    } finally {
      await stage.drain(0)
      await sender.close(1000)
      await connection.close()
      await kafka.stop()
      await rm(stateDir, { recursive: true, force: true })
    }
  })
})
