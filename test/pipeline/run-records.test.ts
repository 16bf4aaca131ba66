// Holds pipeline/run-records.ts: who holds a run, and the state of runs on a real log.

import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { after, before, describe, it } from 'node:test'
import { holdOf, publishRunState, readRunRecords } from '../../pipeline/run-records.ts'
import type { RunRecord, RunState } from '../../schemas/records.ts'
import { ensureTopics } from '../../stream/topics-admin.ts'
import { openBench } from '../support/stream.ts'
import type { Bench } from '../support/stream.ts'

const NOW = 1_800_000_000_000
const SIGNAL = new AbortController().signal

function record(over: Partial<RunRecord>): RunRecord {
  return {
    id: 'a-run/main',
    runId: 'a-run',
    revision: 'main',
    createdAt: NOW,
    state: 'running',
    config: '{}',
    configHash: 'ab',
    startedAt: NOW,
    finishedAt: null,
    host: hostname(),
    pid: process.pid + 1,
    version: '0.0.0',
    endedBy: null,
    ...over,
  }
}

describe('holdOf', () => {
  const alive = () => true
  const dead = () => false

  it('holds while the process of this host is alive and speaks; an old word may be of a number that is used again', () => {
    assert.equal(holdOf(record({}), NOW, alive), 'held')
    assert.equal(holdOf(record({ state: 'draining' }), NOW, alive), 'held')
    assert.equal(holdOf(record({ createdAt: NOW - 44_999 }), NOW, alive), 'held')
    assert.equal(holdOf(record({ createdAt: NOW - 45_000 }), NOW, alive), 'unclear')
    // Its machine's clock is ahead of this one's.
    assert.equal(holdOf(record({ createdAt: NOW + 1 }), NOW, alive), 'unclear')
  })

  it('lets go at once when the process of this host is gone', () => {
    assert.equal(holdOf(record({}), NOW, dead), 'free')
    assert.equal(holdOf(record({ state: 'draining' }), NOW, dead), 'free')
  })

  it('asks about the process that wrote it, and never about itself', () => {
    const asked: number[] = []
    const note = (pid: number) => {
      asked.push(pid)
      return true
    }
    holdOf(record({ pid: 4711 }), NOW, note)
    assert.deepEqual(asked, [4711])
    assert.equal(holdOf(record({ pid: process.pid }), NOW, alive), 'free')
  })

  it('believes another host for 45 seconds of silence, and then has it watched', () => {
    const elsewhere = { host: `not-${hostname()}`, pid: process.pid }
    assert.equal(holdOf(record(elsewhere), NOW + 44_999, dead), 'held')
    assert.equal(holdOf(record(elsewhere), NOW + 45_000, alive), 'unclear')
  })

  it('holds no run that has ended', () => {
    for (const state of ['stopped', 'finished', 'failed'] satisfies RunState[]) {
      assert.equal(holdOf(record({ state }), NOW, alive), 'free', state)
      assert.equal(holdOf(record({ state, host: 'elsewhere' }), NOW, alive), 'free', state)
    }
  })
})

describe('the state of runs on the log', () => {
  let bench: Bench
  before(async () => {
    bench = await openBench()
    await ensureTopics(bench.connection, { revision: 'main', names: ['runs'] })
  })
  after(async () => {
    await bench.close()
  })

  it('is the newest of each run, of one revision', async () => {
    const { connection, sender, codec } = bench
    const [one, other, revision] = [bench.name('one'), bench.name('other'), bench.name('strict')]
    const identity = { revision: 'main', config: '{"total":5}', configHash: 'cd', version: '1.2.3' }
    const say = async (runId: string, state: RunState, now: number, over: { revision?: string } = {}) =>
      publishRunState(sender, codec, { ...identity, runId, ...over }, state, { now, startedAt: NOW })
    await say(one, 'running', NOW)
    await say(other, 'running', NOW + 1)
    const finished = await say(one, 'finished', NOW + 2)
    await say(one, 'draining', NOW + 3, { revision })

    const main = await readRunRecords(connection, codec, 'main', SIGNAL)
    assert.deepEqual({ ...main.get(one) }, finished)
    assert.deepEqual(
      [finished.startedAt, finished.finishedAt, finished.pid, finished.host, finished.config],
      [NOW, NOW + 2, process.pid, hostname(), '{"total":5}'],
    )
    assert.equal(main.get(other)?.state, 'running')
    assert.equal(main.get(other)?.finishedAt, null)
    const strict = await readRunRecords(connection, codec, revision, SIGNAL)
    assert.deepEqual([...strict.keys()], [one])
    assert.equal(strict.get(one)?.state, 'draining')
  })

  it('is keyed by run and revision, so that the compacted topic keeps one of each, and says whose it is', async () => {
    const { sender, codec } = bench
    const runId = bench.name('keyed')
    const identity = { runId, revision: 'strict', config: '{}', configHash: '', version: '' }
    await publishRunState(sender, codec, identity, 'stopped', { now: NOW, startedAt: NOW })
    const [message] = (await bench.read('runs')).filter(({ key }) => key === `${runId}/strict`)
    assert.equal(message?.headers['magpie.run'], runId)
    assert.equal(message.headers['magpie.revision'], 'strict')
  })
})
