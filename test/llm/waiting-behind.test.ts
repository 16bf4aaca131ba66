// Calls that asked for a place behind others and are kept waiting by them: that is no fault of theirs, nor of the engine.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EngineClient } from '../../llm/engine-client.ts'
import { Failure } from '../../schemas/failure.ts'
import { createFakeClock } from './fake-clock.ts'
import { createFakeCluster, createFakeEngine, untilAborted } from './fake-engine.ts'

/** An engine that answers at once, but for the first tries of whoever has the place behind others. */
function busyEngine(patience: number) {
  const engine = createFakeEngine(() => Promise.resolve('answer'))
  let tries = 0
  const behind: EngineClient = {
    ...engine.client,
    complete: (call, signal) => {
      tries += 1
      return tries <= patience ? untilAborted(signal) : engine.client.complete(call, signal)
    },
  }
  const places: number[] = []
  const at = (priority: number): EngineClient => {
    places.push(priority)
    return behind
  }
  return { engine, places, client: { ...engine.client, at }, tries: () => tries }
}

test('its time-outs while others wait there are not held against a call; while nobody waits they are', async () => {
  // One that waits, or two, may be its own; after 32 time-outs it may be the call that is too long.
  for (const { waiting, patience } of [
    { waiting: 4, patience: 32 },
    { waiting: 4, patience: 36 },
    { waiting: 2, patience: 6 },
    { waiting: 0, patience: 6 },
  ]) {
    const clock = createFakeClock()
    const busy = busyEngine(patience)
    busy.engine.metrics = `vllm:num_requests_running 1\nvllm:num_requests_waiting ${waiting}\n`
    const cluster = createFakeCluster([{ engine: busy, limit: 4, priority: 10 }], clock)
    const asking = clock.runUntil(cluster.ask(cluster.lane('sampler'), { timeoutMs: 60_000 }))
    if (waiting === 4 && patience === 32) assert.equal(await asking, 'answer after 33 by http://engine-0')
    else await assert.rejects(asking, (error: unknown) => error instanceof Failure && error.code === 'timeout')
    assert.deepEqual(busy.places, [10])
  }
})

test('an engine that keeps it waiting does not hang: the small call that asks waits behind nobody', async () => {
  const clock = createFakeClock()
  const busy = busyEngine(Infinity)
  const cluster = createFakeCluster([{ engine: busy, limit: 4, priority: 10 }], clock)
  const stop = new AbortController()
  const asking = cluster.ask(cluster.lane('sampler'), { signal: stop.signal, timeoutMs: 86_400_000 })
  asking.catch(() => undefined)
  await clock.advance(3_600_000)
  assert.equal(cluster.endpoints[0]!.health.downSince(), null)
  assert.ok(busy.engine.calls > 0, 'it was asked')
  assert.equal(busy.tries(), 1)
  stop.abort(new Error('enough'))
})
