// Holds llm/totals.ts: what calls cost over all their tries, with engines and a clock that the test moves.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Price } from '../../llm/prices.ts'
import { createTotals } from '../../llm/totals.ts'
import { createFakeClock } from './fake-clock.ts'
import { createFakeEngine } from './fake-engine.ts'

const HOUR: Price = { per: 'gpu-hour', usd: 3600, gpus: 2 }
const TOKENS: Price = { per: 'million-tokens', prompt: 1e6, cached: 1e5, completion: 2e6 }
const SIGNAL = new AbortController().signal

describe('totals', () => {
  it('give an answer its own try’s share, and the role the failed tries too', async () => {
    const clock = createFakeClock()
    const totals = createTotals(clock)
    const { client } = createFakeEngine(() => Promise.resolve(''))
    const meter = totals.meter('sampler', 1, HOUR)
    const fails = meter.around(async () => {
      await clock.advance(3000)
      throw new Error('lost')
    })
    await assert.rejects(fails(client, SIGNAL))
    meter.retried()
    const answers = meter.around(async () => {
      await clock.advance(2000)
      return 'text'
    })
    assert.equal(await answers(client, SIGNAL), 'text')
    // Two dollars a second for the two GPUs.
    assert.equal(meter.answered({ prompt: 5, cached: 1, completion: 7 }, 2000), 4)
    assert.deepEqual(totals.all(), {
      sampler: {
        ...{ calls: 1, promptTokens: 5, cachedTokens: 1, completionTokens: 7, retries: 1, unmeasured: 0 },
        ...{ seconds: 2, sequenceSeconds: 2, engineSeconds: 5, usd: 10 },
      },
    })
  })

  it('share one engine between roles, and leave another alone', async () => {
    const clock = createFakeClock()
    const totals = createTotals(clock)
    const [shared, other] = [createFakeEngine(() => Promise.resolve('')), createFakeEngine(() => Promise.resolve(''))]
    const waits = (milliseconds: number) => () =>
      new Promise<void>((resolve) => {
        clock.after(milliseconds, resolve)
      })
    const calls = [
      totals.meter('answerer', 1, HOUR).around(waits(4000))(shared.client, SIGNAL),
      totals.meter('sampler', 3, HOUR).around(waits(4000))(shared.client, SIGNAL),
      totals.meter('sampler', 1, HOUR).around(waits(1000))(other.client, SIGNAL),
    ]
    await clock.runUntil(Promise.all(calls))
    const { answerer, sampler } = totals.all()
    assert.equal(answerer?.engineSeconds, 1)
    assert.equal(sampler?.engineSeconds, 3 + 1)
  })

  it('price tokens, and say where a server counted none', () => {
    const totals = createTotals(createFakeClock())
    assert.equal(totals.meter('a', 1, TOKENS).answered({ prompt: 10, cached: 4, completion: 3 }, 1), 6 + 0.4 + 6)
    assert.equal(totals.meter('b', 1, undefined).answered({ prompt: 0, cached: 0, completion: 0 }, 1), null)
    assert.equal(totals.meter('c', 1, TOKENS).answered(null, 1), 0)
    const { a, b, c } = totals.all()
    assert.deepEqual([a?.unmeasured, b?.unmeasured, c?.unmeasured], [0, 1, 0])
    assert.deepEqual([a?.usd, b?.usd, c?.usd], [12.4, null, 0])
  })
})
