// Holds pipeline/yield-guard.ts: a start that gives too few rows is found after its probe, and the end says why.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { configSchema } from '../../configs/schema.ts'
import { planStages } from '../../pipeline.ts'
import { hopeless, createYieldGuard } from '../../pipeline/yield-guard.ts'
import { topicFor } from '../../schemas/topics.ts'
import { stamp } from '../../stream/outgoing.ts'
import { ensureTopics } from '../../stream/topics-admin.ts'
import { EPOCH, rejection, sft } from '../support/rows.ts'
import { CONFIG, openRunBench } from './run-bench.ts'
import type { RunBench } from './run-bench.ts'

const planned = planStages(configSchema.parse({ name: 'a-run' }))

/** A start whose stages, all of them or none, run here. */
function guard(accept: object | null, { elsewhere = false } = {}) {
  const rows = { sft: 7, preference: 0 }
  const curated = { done: 500 }
  const rest = { running: 0, waiting: 0, queued: 0, paused: false, seconds: 0, lastError: null }
  const stages = planned.map(({ name }) => ({ name, received: 0, redriven: 0, emitted: 0, rejected: 0, dead: 0 }))
  const look = createYieldGuard({
    accept: configSchema.parse({ name: 'a-run', accept }).accept,
    planned,
    running: elsewhere
      ? []
      : stages.map((each) => ({
          state: () => ({ ...each, ...rest }),
          drain: () => Promise.resolve(),
          stopped: Promise.resolve(),
        })),
    counts: () => ({ ...rows }),
    most: { sft: 1, preference: 1 },
    sent: () => ({ sft: rows.sft - 7, preference: 0 }),
    curated: () => curated.done,
  })
  /** So many problems go as far as this stage, which refuses them. */
  const refuse = (count: number, by: string): void => {
    if (by === 'curate') curated.done += count
    for (const stage of stages) {
      stage.received += count
      if (stage.name === by) {
        stage.rejected += count
        return
      }
      stage.emitted += count
    }
  }
  const pass = (count: number): void => {
    curated.done += count
    rows.sft += count
    for (const stage of stages) {
      stage.received += count
      stage.emitted += count
    }
  }
  /** So many are being answered. */
  const answer = (count: number): void => {
    stages[0]!.received += count
    stages[0]!.emitted += count
    stages[1]!.received += count
  }
  return { look, refuse, pass, answer, rows }
}

describe('the yield guard', () => {
  it('waits for the probe of this start, whatever earlier ones gave', () => {
    const { look, refuse } = guard({ sft: 100, floor: 0.1, probe: 50 })
    refuse(49, 'curate')
    assert.equal(look(), null)
    refuse(1, 'curate')
    assert.deepEqual(look(), { type: 'sft', rows: 0, ended: 50, floor: 0.1 })
  })

  it('lets a run go on that gives enough, and looks at what is asked for only', () => {
    const { look, refuse, pass, rows } = guard({ sft: 100, floor: 0.1, probe: 50 })
    refuse(45, 'curate')
    pass(5)
    assert.equal(look(), null)
    refuse(60, 'curate')
    assert.equal(look()?.rows, 5)
    rows.sft = 100
    assert.equal(look(), null, 'all rows are there')
  })

  it('does not take early refusals for the fate of the answers that are being written', () => {
    const { look, refuse, answer } = guard({ sft: 300 })
    answer(48)
    refuse(266, 'screen')
    assert.equal(look(), null)
    refuse(10_000, 'screen')
    assert.equal(look()?.ended, 10_266)
  })

  it('goes by what reached curation where stages run elsewhere', () => {
    const { look, refuse, pass } = guard({ sft: 300 }, { elsewhere: true })
    refuse(4000, 'screen')
    refuse(199, 'curate')
    assert.equal(look(), null)
    pass(1)
    assert.equal(look()?.rows, 1)
    pass(20)
    assert.equal(look(), null)
  })

  it('is off without a floor, and where no rows are asked for', () => {
    for (const accept of [null, { sft: 100, floor: 0, probe: 1 }]) {
      const { look, refuse } = guard(accept)
      refuse(10_000, 'screen')
      assert.equal(look(), null)
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
      rejection(7, { stage: 'tag', reason: 'of an earlier start', createdAt: EPOCH - 1 }),
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
    const failure = await hopeless(run, low, EPOCH, AbortSignal.timeout(120_000))
    assert.deepEqual([failure.code, failure.retry], ['hopeless-yield', 'permanent'])
    assert.match(failure.message, /^7 problems gave 0 preference rows, less than the floor of 0\.5 for each/)
    assert.match(failure.message, /Stage screen refused most, 4: no-question 3, fragment 1\./)
    const none = await hopeless({ ...run, runId: 'silent' }, low, EPOCH, AbortSignal.timeout(120_000))
    assert.match(none.message, /No stage has refused them/)
  })
})
