// Who of a lane is slow, and what happens when its members change.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock, settle } from './fake-clock.ts'
import { createFakeCluster, createFakeEngine } from './fake-engine.ts'

const answering = (): ReturnType<typeof createFakeEngine> => createFakeEngine(() => Promise.resolve('answer'))

test('an endpoint that needs five times as long as its peers gets what they cannot take, until it has recovered', async () => {
  const cluster = createFakeCluster(
    [
      { engine: answering(), limit: 1 },
      { engine: answering(), limit: 1 },
      { engine: answering(), limit: 100 },
    ],
    createFakeClock(),
  )
  const [a, b, slow] = cluster.endpoints
  const lane = cluster.lane('sampler')
  const times = (slowMs: number): void => {
    for (let answer = 0; answer < 200; answer += 1) {
      lane.answered(a!, 900)
      lane.answered(b!, 1_100)
      lane.answered(slow!, slowMs)
    }
  }
  times(5_000)
  assert.deepEqual(
    [a, b, slow].map((endpoint) => lane.isSlow(endpoint!)),
    [false, false, true],
  )
  assert.match(await cluster.ask(lane), /engine-0/, 'the others have room')
  const signal = new AbortController().signal
  for (const age of [1, 2]) await cluster.pool.acquire(lane, { rank: 0, age, sequences: 1, avoid: null }, signal)
  assert.match(await cluster.ask(lane), /engine-2/, 'the others are full')
  times(1_500)
  assert.equal(lane.isSlow(slow!), false)
})

test('one endpoint alone is never slow', () => {
  const cluster = createFakeCluster([{ engine: answering(), limit: 1 }], createFakeClock())
  const lane = cluster.lane('sampler')
  for (let answer = 0; answer < 200; answer += 1) lane.answered(cluster.endpoints[0]!, 100_000)
  assert.equal(lane.isSlow(cluster.endpoints[0]!), false)
})

test('members come and go: a new one takes what waits, one that left gets nothing more and finishes what it has', async () => {
  const clock = createFakeClock()
  const finish: ((text: string) => void)[] = []
  const old = createFakeEngine(() => new Promise((resolve) => finish.push(resolve)))
  const young = answering()
  const cluster = createFakeCluster(
    [
      { engine: old, limit: 1 },
      { engine: young, limit: 1 },
    ],
    clock,
  )
  const [first, second] = cluster.endpoints
  const lane = cluster.lane('sampler', [{ endpoint: first!, weight: 1 }])
  const calls = [cluster.ask(lane), cluster.ask(lane)]
  await settle()
  assert.deepEqual([old.calls, young.calls], [1, 0])
  lane.setMembers([{ endpoint: second!, weight: 1 }])
  cluster.pool.dispatch()
  assert.match(await calls[1]!, /answer after 1 by .*engine-1/)
  finish[0]!('late')
  assert.match(await calls[0]!, /late after 1 by .*engine-0/)
  await cluster.ask(lane)
  assert.deepEqual([old.calls, young.calls], [1, 2])
})
