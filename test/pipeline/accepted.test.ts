// Holds pipeline/accepted.ts: accepted rows of earlier processes and of this one, and when they are enough.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { configSchema } from '../../configs/schema.ts'
import { countAccepted } from '../../pipeline/accepted.ts'
import { topicFor } from '../../schemas/topics.ts'
import { preferenceId } from '../../schemas/ids.ts'
import { permanent } from '../../schemas/failure.ts'
import { stamp } from '../../stream/outgoing.ts'
import type { Outgoing } from '../../stream/outgoing.ts'
import type { Sender } from '../../stream/sender.ts'
import { ensureTopics } from '../../stream/topics-admin.ts'
import { preference, problem, rejection, sft } from '../support/rows.ts'
import { CONFIG, openRunBench } from './run-bench.ts'
import type { RunBench } from './run-bench.ts'

let bench: RunBench
before(async () => {
  bench = await openRunBench()
  const { connection, revision } = bench
  await ensureTopics(connection, { revision, names: ['sft', 'preferences'], topics: CONFIG.kafka.topics })
})
after(async () => {
  await bench.close()
})

/** A sender that only remembers, or that refuses everything. */
function fakeSender(refuses = false): Sender {
  return {
    send: () => (refuses ? Promise.reject(permanent('record-too-large', 'too large')) : Promise.resolve()),
    acknowledged: () => null,
    state: () => ({ sent: 0, waiting: 0, downSince: null, lastError: null }),
    close: () => Promise.resolve(),
  }
}

async function rowsOf(runId: string, accept: object | null, sender = fakeSender()) {
  const config = configSchema.parse({ name: 'a-run', accept })
  const signal = new AbortController().signal
  const rows = await countAccepted(
    { ...bench, runId },
    { sender, accept: config.accept, topics: { has: () => true } },
    signal,
  )
  return { sender: rows.sender, counts: () => rows.counts(), isEnough: (made: number) => rows.isEnough(made) }
}

/** A row of a data set; those of one problem have its key. */
const message = (topic: 'sft' | 'preferences' | 'rejections', slot = 0, pair = 0) => {
  const { codec } = bench
  const value = {
    sft: () => codec.encode('SftRecord', sft(slot)),
    preferences: () => codec.encode('PreferenceRecord', preference(slot, { id: preferenceId(problem(slot).id, pair) })),
    rejections: () => codec.encode('Rejection', rejection(slot)),
  }[topic]()
  return { topic: topicFor(topic, bench.revision), key: problem(slot).id, value }
}

describe('countAccepted', () => {
  it('begins with what the topics hold of the run', async () => {
    const stamped = (runId: string, messages: Outgoing[]) =>
      messages.map((each) => stamp(each, { runId, revision: bench.revision }))
    await bench.sender.send([
      ...stamped('earlier', [message('sft'), message('sft', 1), message('sft', 1), message('preferences')]),
      ...stamped('other', [message('sft', 5)]),
    ])
    assert.deepEqual((await rowsOf('earlier', null)).counts(), { sft: 2, preference: 1 })
    assert.deepEqual((await rowsOf('fresh', null)).counts(), { sft: 0, preference: 0 })
  })

  it('adds what its sender has sent, and only rows of the two data sets of this revision', async () => {
    const { sender, counts } = await rowsOf('sending', null)
    await sender.send([message('sft'), message('preferences'), message('rejections'), message('sft', 1)])
    await sender.send([message('sft')])
    await sender.send([{ ...message('sft'), topic: 'sft' }])
    assert.deepEqual(counts(), { sft: 2, preference: 1 })
  })

  it('counts each of several pairs of a problem', async () => {
    const { sender, counts } = await rowsOf('pairs', null)
    await sender.send([message('preferences', 3, 0), message('preferences', 3, 1), message('preferences', 3, 1)])
    assert.deepEqual(counts(), { sft: 0, preference: 2 })
  })

  it('does not count what was not acknowledged', async () => {
    const { sender, counts } = await rowsOf('refused', null, fakeSender(true))
    await assert.rejects(sender.send([message('sft')]), { code: 'record-too-large' })
    assert.deepEqual(counts(), { sft: 0, preference: 0 })
  })
})

describe('isEnough', () => {
  it('never is without numbers in the config', async () => {
    const { isEnough } = await rowsOf('endless', null)
    assert.equal(isEnough(1_000_000), false)
  })

  it('is when every number is reached and the minimum made', async () => {
    const { sender, isEnough } = await rowsOf('numbers', { sft: 2, preference: 1, minimum: 12 })
    await sender.send([message('sft'), message('preferences')])
    assert.equal(isEnough(12), false)
    await sender.send([message('sft', 1)])
    assert.equal(isEnough(11), false)
    assert.equal(isEnough(12), true)
  })

  it('asks for nothing that the config does not name', async () => {
    const { sender, isEnough } = await rowsOf('one-number', { preference: 1 })
    assert.equal(isEnough(0), false)
    await sender.send([message('preferences')])
    assert.equal(isEnough(0), true)
  })
})
