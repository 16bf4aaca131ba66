// Holds pipeline/run-overview.ts and run-starts.ts on a real log: how runs stand for whoever asks, what is lost, who
// worked at them under which config.

import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { after, before, describe, it } from 'node:test'
import { openRun } from '../../pipeline/open-run.ts'
import { readRuns, standingOf } from '../../pipeline/run-overview.ts'
import { publishRunRecord, readRunRecords, SILENT_MS } from '../../pipeline/run-records.ts'
import { openSpending, sumOf } from '../../pipeline/spending.ts'
import { transient } from '../../schemas/failure.ts'
import type { RunRecord } from '../../schemas/records.ts'
import { topicFor } from '../../schemas/topics.ts'
import type { KafkaConnection } from '../../stream/kafka.ts'
import { readTopic } from '../../stream/read-topic.ts'
import { stamp } from '../../stream/outgoing.ts'
import { deleteTopics } from '../../stream/topics-admin.ts'
import { problemOf } from '../support/stream.ts'
import { CONFIG, NOW, openRunBench } from './run-bench.ts'
import type { RunBench } from './run-bench.ts'

const SIGNAL = new AbortController().signal
const alive = () => true
const dead = () => false

describe('the overview of runs', () => {
  let bench: RunBench
  before(async () => {
    bench = await openRunBench()
  })
  after(async () => {
    await bench.close()
  })

  const overview = async (runId: string, { now = NOW, isAlive = alive } = {}) => {
    const runs = await readRuns({ ...bench, now, isAlive, signal: SIGNAL })
    return runs.find(({ run, revision }) => run === runId && revision === bench.revision)
  }

  it('tells each start with its config, what was done in it, and who is at work', async () => {
    const first = await openRun(bench.parts('told'), SIGNAL)
    const own = { ...sumOf([]), leadMilliseconds: 1, done: { produce: 5, answer: 3 }, passed: { answer: 2 } }
    const book = await openSpending({ run: first, own: () => own, now: () => NOW + 1000 }, SIGNAL)
    await book.publish()
    await first.publish('stopped')
    await first.close()
    const json = JSON.stringify({ ...CONFIG, total: 7 })
    const changed = { config: CONFIG, file: 'a.yaml', hash: 'ef56', json }
    const second = await openRun(bench.parts('told', { loaded: changed, now: () => NOW + 2000 }), SIGNAL)
    // Of this process it says that nobody holds it: a process does not wait for itself.
    const found = await overview('told', { now: NOW + 3000 })
    assert.deepEqual(
      [found?.pid, found?.host, found?.problems, found?.startedAt, found?.lastWordAt],
      [process.pid, hostname(), 5, NOW, NOW + 2000],
    )
    assert.deepEqual(
      found?.processes.map(({ configHash, beganAt, done }) => [configHash, beganAt, done]),
      [
        ['ab12', NOW, { produce: 5, answer: 3 }],
        ['ef56', NOW + 2000, {}],
      ],
    )
    assert.equal(found.processes[1]?.config, json)
    await second.publish('finished')
    await second.close()
    const ended = await overview('told', { now: NOW + 3000 })
    assert.equal(ended?.state, 'finished')
    assert.ok(ended.processes.every(({ isAtWork }) => !isAtWork))
  })

  it('takes a worker for one at work while nobody leads, until the run has ended or it is silent', async () => {
    const { codec, sender, revision } = bench
    const run = await openRun(bench.parts('led'), SIGNAL)
    const of = { runId: 'led', revision, host: 'elsewhere', version: '1.2.3', clickhouse: null }
    const said = { ...of, configHash: 'ab12', config: '{}', createdAt: NOW }
    for (const [pid, parts] of [
      [7, ['answer']],
      [8, ['produce', 'answer']],
    ] as const) {
      const id = `led/${revision}/elsewhere-${pid}`
      const value = codec.encode('RunStart', { ...said, id, pid, parts: [...parts] })
      await sender.send([stamp({ topic: 'starts', key: id, value }, of)])
    }
    const atWork = async (now = NOW) =>
      (await overview('led', { now }))?.processes.filter(({ isAtWork }) => isAtWork).map(({ pid }) => pid)
    // The other one that leads has lost the lead: the state names who has it.
    assert.deepEqual(await atWork(), [7])
    const newest = (await readRunRecords(bench.connection, codec, revision, SIGNAL)).get('led')!
    // A leader has claimed the run before it leaves its start, and has said no more yet.
    await publishRunRecord(sender, codec, { ...newest, host: 'elsewhere', pid: 8, createdAt: NOW - 2000 })
    assert.deepEqual(await atWork(), [7, 8])
    await run.publish('stopped')
    assert.deepEqual(await atWork(), [7])
    // A clock that is behind the worker's.
    assert.deepEqual(await atWork(NOW - 5000), [7])
    assert.deepEqual(await atWork(NOW + SILENT_MS), [])
    await run.publish('finished')
    assert.deepEqual(await atWork(), [])
    await run.close()
  })

  it('puts the hash of its config on everything that a process sends', async () => {
    const run = await openRun(bench.parts('marked'), SIGNAL)
    const value = bench.codec.encode('Problem', { ...problemOf(1, 'marked') })
    await run.sender.send([{ topic: `problems.${bench.revision}`, key: 'marked-problem', value }])
    await run.publish('stopped')
    await run.close()
    const hashes: (string | undefined)[] = []
    for await (const message of readTopic(bench.connection, { topic: `problems.${bench.revision}`, signal: SIGNAL }))
      if (message.key === 'marked-problem') hashes.push(message.headers['magpie.config'])
    assert.deepEqual(hashes, ['ab12'])
  })

  it('calls a run lost whose process is gone or silent, and no run that has ended', async () => {
    const other = (await overview('told'))!
    const record: RunRecord = {
      ...{
        id: `killed/${bench.revision}`,
        runId: 'killed',
        revision: bench.revision,
        createdAt: NOW,
        state: 'running',
      },
      ...{ config: '{}', configHash: 'ab12', startedAt: NOW, finishedAt: null, host: hostname(), pid: process.pid + 1 },
      ...{ version: '1.2.3', endedBy: null },
    }
    await publishRunRecord(bench.sender, bench.codec, record)
    assert.equal((await overview('killed'))?.state, 'running')
    assert.equal((await overview('killed', { isAlive: dead }))?.state, 'lost')
    assert.equal((await overview('killed', { now: NOW + 45_000 }))?.state, 'lost')
    assert.equal(standingOf({ ...record, host: `not-${hostname()}` }, NOW + 44_999, dead), 'running')
    // A word that was written while the topic was read.
    assert.equal(standingOf({ ...record, host: `not-${hostname()}` }, NOW - 3000, dead), 'running')
    assert.equal(standingOf({ ...record, state: 'draining' }, NOW, dead), 'lost')
    assert.equal(standingOf({ ...record, state: 'failed' }, NOW + 1_000_000, dead), 'failed')
    assert.equal(other.state, 'finished')
  })

  it('passes over a revision that is dropped while it looks, and fails where Kafka does', async () => {
    const { connection } = bench
    const spendingTopic = topicFor('spending', bench.revision)
    const meanwhile = (act: (doing: string) => Promise<void>): KafkaConnection => ({
      ...connection,
      async ask(doing, question) {
        if (doing.includes(spendingTopic)) await act(doing)
        return await connection.ask(doing, question)
      },
    })
    const look = { ...bench, now: NOW, isAlive: alive, signal: SIGNAL }
    const away = transient('kafka-unavailable', 'away')
    await assert.rejects(readRuns({ ...look, connection: meanwhile(() => Promise.reject(away)) }), away)
    const dropped = meanwhile(async () => {
      await deleteTopics(connection, [spendingTopic])
    })
    const left = (await readRuns({ ...look, connection: dropped })).find(({ run }) => run === 'told')
    assert.deepEqual([left?.state, left?.problems], ['finished', 0])
  })
})
