// Holds pipeline/spending.ts: the sum over processes, and the book on a real log.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { openSpending, spendingOf, sumOf } from '../../pipeline/spending.ts'
import type { OwnSpending } from '../../pipeline/spending.ts'
import { ensureTopics } from '../../stream/topics-admin.ts'
import { usage } from '../cli/run-snapshot.ts'
import { processName } from '../../pipeline/run-starts.ts'
import { CONFIG, NOW, openRunBench } from './run-bench.ts'
import type { RunBench } from './run-bench.ts'

const SIGNAL = new AbortController().signal

const spending = (tokens: number, usd: number | null = null): OwnSpending => ({
  leadMilliseconds: 1000,
  roles: spendingOf({ sampler: usage(tokens, usd) }),
  done: { sample: 2 },
  passed: { sample: 1 },
})

describe('sumOf', () => {
  it('adds tokens, money, time and records', () => {
    const { roles, ...sum } = sumOf([spending(5, 0.5), spending(7), { ...spending(1), roles: {} }])
    assert.deepEqual(sum, {
      usd: 0.5,
      tokens: 5 + 7 + 20,
      unmeasured: 0,
      leadMilliseconds: 3000,
      done: { sample: 6 },
      passed: { sample: 3 },
    })
    assert.equal(roles['sampler']?.calls, 2)
  })

  it('knows no money without prices', () => {
    assert.equal(sumOf([spending(5), spending(7)]).usd, null)
  })
})

describe('the book', () => {
  let bench: RunBench
  before(async () => {
    bench = await openRunBench()
    const { connection, revision } = bench
    await ensureTopics(connection, { revision, names: ['spending'], topics: CONFIG.kafka.topics })
  })
  after(async () => {
    await bench.close()
  })

  it('knows what the others of the run have spent, each once, and its own by now', async () => {
    const open = (runId: string, own: () => OwnSpending, started: number) =>
      openSpending(
        {
          run: { ...bench, runId, processId: processName({ ...bench, runId }, started) },
          own,
          now: () => NOW + started,
        },
        SIGNAL,
      )
    const state = { tokens: 5 }
    const first = await open('a-run', () => spending(state.tokens), 0)
    await first.publish()
    state.tokens = 50
    await first.publish()
    const stranger = await open('another', () => spending(1000), 0)
    await stranger.publish()
    const second = await open('a-run', () => spending(7), 1)
    assert.equal(second.total().tokens, 50 + 7 + 20)
    state.tokens = 90
    await first.publish()
    assert.equal(second.total().tokens, 50 + 7 + 20)
    await second.look(SIGNAL)
    assert.equal(second.total().tokens, 90 + 7 + 20)
    assert.equal(first.total().tokens, 90 + 10, 'its own record is not another’s')
  })

  it('tells each process what the others have done by their own words, so that it can make up for what is missing', async () => {
    const open = (started: number, own: (others: OwnSpending['done']) => OwnSpending) =>
      openSpending(
        {
          ...{ own, now: () => NOW + started },
          run: { ...bench, runId: 'killed', processId: processName({ ...bench, runId: 'killed' }, started) },
        },
        SIGNAL,
      )
    const done = (produce: number) => ({ ...spending(1), done: { produce } })
    await (await open(1, () => done(30))).publish()
    // On the log are 37 of the first and 3 more.
    const second = await open(2, ({ produce = 0 }) => done(40 - produce))
    assert.equal(second.total().done['produce'], 40)
    await second.publish()
    const third = await open(3, ({ produce = 0 }) => done(40 - produce))
    assert.equal(third.total().done['produce'], 40)
  })
})
