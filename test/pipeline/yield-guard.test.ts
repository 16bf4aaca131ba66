// Holds pipeline/yield-guard.ts: a start that gives too few rows is found after its probe, and the end says why.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { configSchema } from '../../configs/schema.ts'
import { hopeless, openYieldGuard } from '../../pipeline/yield-guard.ts'
import { topicFor } from '../../schemas/topics.ts'
import { stamp } from '../../stream/outgoing.ts'
import { ensureTopics } from '../../stream/topics-admin.ts'
import { rejection, sft } from '../support/rows.ts'
import { CONFIG, openRunBench } from './run-bench.ts'
import type { RunBench } from './run-bench.ts'

async function guard(accept: object | null) {
  const state = { sft: 7, preference: 0, ended: 500 }
  const look = await openYieldGuard({
    accept: configSchema.parse({ name: 'a-run', accept }).accept,
    counts: () => ({ sft: state.sft, preference: state.preference }),
    ended: () => Promise.resolve(state.ended),
  })
  return { state, look }
}

describe('the yield guard', () => {
  it('waits for the probe of this start, whatever earlier ones gave', async () => {
    const { state, look } = await guard({ sft: 100, floor: 0.1, probe: 50 })
    state.ended += 49
    assert.equal(await look(), null)
    state.ended += 1
    assert.deepEqual(await look(), { type: 'sft', rows: 0, ended: 50, floor: 0.1 })
  })

  it('lets a run go on that gives enough, and looks at what is asked for only', async () => {
    const { state, look } = await guard({ sft: 100, floor: 0.1, probe: 50 })
    state.ended += 50
    state.sft += 5
    assert.equal(await look(), null)
    state.ended += 1
    assert.equal((await look())?.rows, 5)
    state.sft = 100
    assert.equal(await look(), null, 'all rows are there')
  })

  it('is off without a floor, and where no rows are asked for', async () => {
    for (const accept of [null, { sft: 100, floor: 0, probe: 1 }]) {
      const { state, look } = await guard(accept)
      state.ended += 10_000
      assert.equal(await look(), null)
    }
  })
})

describe('the end of a hopeless run', () => {
  let bench: RunBench
  before(async () => {
    bench = await openRunBench()
    const { connection, revision } = bench
    const names = ['sft', 'preferences', 'rejections'] as const
    await ensureTopics(connection, { revision, names, topics: CONFIG.kafka.topics })
  })
  after(async () => {
    await bench.close()
  })

  it('names the stage that refused most, repeats counted once, and its reasons', async () => {
    const { connection, codec, revision, sender } = bench
    const run = { connection, codec, runId: 'poor', revision }
    const refused = [
      ...[0, 1, 2, 2].map((slot) => rejection(slot, { stage: 'screen', reason: 'no-question' })),
      rejection(3, { stage: 'screen', reason: 'fragment' }),
      rejection(4, { stage: 'curate', reason: 'no-majority' }),
    ]
    const rows = [5, 6].map((slot) => sft(slot, { pairRefusal: 'no-wrong-answer' }))
    await sender.send(
      [
        ...refused.map((record) => ({
          topic: 'rejections' as const,
          key: record.problemId,
          value: codec.encode('Rejection', record),
        })),
        ...rows.map((record) => ({
          topic: 'sft' as const,
          key: record.problemId,
          value: codec.encode('SftRecord', record),
        })),
      ].map((message) => stamp({ ...message, topic: topicFor(message.topic, revision) }, run)),
    )
    const low = { type: 'preference', rows: 0, ended: 7, floor: 0.5 } as const
    const failure = await hopeless(run, low, AbortSignal.timeout(20_000))
    assert.deepEqual([failure.code, failure.retry], ['hopeless-yield', 'permanent'])
    assert.match(failure.message, /^7 problems gave 0 preference rows, less than the floor of 0\.5 for each/)
    assert.match(failure.message, /Stage screen refused most, 4: no-question 3, fragment 1\./)
    const none = await hopeless({ ...run, runId: 'silent' }, low, AbortSignal.timeout(20_000))
    assert.match(none.message, /No stage has refused them/)
  })
})
