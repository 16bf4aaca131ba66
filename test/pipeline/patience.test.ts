// Holds pipeline/patience.ts: an outage delays a question, nothing else does.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { untilAnswered } from '../../pipeline/patience.ts'
import { permanent, transient } from '../../schemas/failure.ts'

const SIGNAL = new AbortController().signal

/** Fails with each of these in turn, then answers. */
function answering(...failures: readonly Error[]) {
  let calls = 0
  return {
    calls: () => calls,
    ask: async (): Promise<string> => {
      await Promise.resolve()
      const failure = failures[calls++]
      if (failure !== undefined) throw failure
      return 'answer'
    },
  }
}

describe('untilAnswered', () => {
  it('asks once where there is an answer', async () => {
    const { ask, calls } = answering()
    assert.equal(await untilAnswered(ask, SIGNAL), 'answer')
    assert.equal(calls(), 1)
  })

  it('waits out an outage', async () => {
    const { ask, calls } = answering(transient('kafka-unavailable', 'away'), transient('kafka-unavailable', 'away'))
    assert.equal(await untilAnswered(ask, SIGNAL), 'answer')
    assert.equal(calls(), 3)
  })

  it('throws at once what no waiting mends', async () => {
    for (const failure of [permanent('kafka-refused', 'no'), new TypeError('a bug')]) {
      const { ask, calls } = answering(failure)
      await assert.rejects(untilAnswered(ask, SIGNAL), failure)
      assert.equal(calls(), 1)
    }
  })

  it('does not ask when it is stopped already', async () => {
    const { ask, calls } = answering()
    const reason = new Error('stopped')
    await assert.rejects(untilAnswered(ask, AbortSignal.abort(reason)), reason)
    assert.equal(calls(), 0)
  })

  it('ends with the reason when it is stopped while it asks or waits', async () => {
    const reason = new Error('stopped')
    const asking = new AbortController()
    const whileAsking = untilAnswered(async () => {
      await Promise.resolve()
      asking.abort(reason)
      throw transient('kafka-unavailable', 'away')
    }, asking.signal)
    await assert.rejects(whileAsking, reason)

    const waiting = new AbortController()
    let calls = 0
    const whileWaiting = untilAnswered(async () => {
      calls += 1
      // Runs when the failure has been taken and the wait has begun.
      setImmediate(() => {
        waiting.abort(reason)
      })
      await Promise.resolve()
      throw transient('kafka-unavailable', 'away')
    }, waiting.signal)
    await assert.rejects(whileWaiting, reason)
    assert.equal(calls, 1)
  })
})
