// A full server and a gateway before it, and routes and gauges that are missing or go by other names.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { GATEWAY_HIDES } from '../../../local/engine/front-trouble.ts'
import type { Front } from '../../../local/engine/front.ts'
import { noRecordings } from '../../support/recorded-vllm.ts'
import { heldEngine, post, start, until } from './at-work.ts'

const RECORDED = new URL('../../../../shared/data/vllm/behaviour_queue_limit_smol.json', import.meta.url)
const MESSAGES = [
  { role: 'user', content: 'One plus one?' },
  { role: 'assistant', content: 'Two.' },
]

/** Asks for n choices; a stream where said. */
function ask(front: Front, n: number, seed: number, stream = false): Promise<Response> {
  return fetch(`${front.url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'a', n, seed, stream }),
  })
}

/** A front with so many sequences in it, which end at `finish`. */
async function filled(
  sequences: number,
  trouble: { queueLimit?: number; gatewayLimit?: number },
): Promise<{ front: Front; finish: () => Promise<void> }> {
  const held = heldEngine()
  const front = await start({ engine: held.engine, slots: 8, trouble })
  const calls = Array.from({ length: sequences }, (_, seed) => ask(front, 1, seed))
  await until(() => front.stats().running + front.stats().waiting === sequences)
  return {
    front,
    finish: async () => {
      let finished = 0
      await until(() => {
        for (; finished < held.begun.length; finished += 1) held.finish(held.begun[finished]!)
        return front.stats().running === 0
      })
      assert.ok((await Promise.all(calls)).every(({ status }) => status === 200))
    },
  }
}

describe('a limit of the queue', () => {
  it('refuses what a vLLM with --max-num-queued-reqs 10 refuses, in its words', { skip: noRecordings }, async () => {
    const recorded = JSON.parse(readFileSync(RECORDED, 'utf8')) as Record<string, { status: number; body: string }>
    for (const [name, inside, n, stream] of [
      ['n8_running_then_n4', 8, 4, false],
      ['8_singles_then_n4', 8, 4, false],
      ['8_singles_then_n2', 8, 2, false],
      ['10_singles_then_plain_0', 10, 1, false],
      ['10_singles_then_stream_0', 10, 1, true],
      ['idle_n11_stream', 0, 11, true],
    ] as const) {
      const { front, finish } = await filled(inside, { queueLimit: 10 })
      const call = ask(front, n, 100, stream)
      await until(() => front.stats().running + front.stats().waiting > inside || front.stats().total.refused === 1)
      assert.equal((await fetch(`${front.url}/health`)).status, 200)
      await finish()
      const response = await call
      assert.equal(response.status, recorded[name]!.status, name)
      assert.equal(response.headers.get('retry-after'), null)
      const text = await response.text()
      if (response.status !== 200) assert.equal(text, recorded[name]!.body, name)
    }
  })

  it('counts scores like sequences, each text of a request', async () => {
    const { front, finish } = await filled(8, { queueLimit: 9 })
    const input = ['a', 'b']
    assert.equal((await post(front, '/pooling', { input })).status, 503)
    assert.equal(front.stats().waiting, 0)
    await finish()
    assert.equal((await post(front, '/pooling', { input })).status, 200)
    assert.equal((await post(front, '/classify', { messages: MESSAGES })).status, 200)
  })
})

describe('a gateway', () => {
  it('answers 429 with Retry-After above its limit', async () => {
    const { front, finish } = await filled(3, { gatewayLimit: 4, queueLimit: 4 })
    const refused = await ask(front, 2, 100)
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '1'])
    const taken = ask(front, 1, 100)
    await until(() => front.stats().running === 4)
    await finish()
    assert.equal((await taken).status, 200)
  })

  it('passes the routes on that a gateway passes on', async () => {
    const front = await start({ trouble: { hiddenRoutes: GATEWAY_HIDES } })
    for (const path of ['/health', '/metrics', '/v1/models', '/version'])
      assert.equal((await fetch(front.url + path)).status, 404, path)
    assert.equal((await post(front, '/tokenize', { prompt: 'a' })).status, 404)
    assert.equal((await ask(front, 1, 1)).status, 200)
    assert.equal((await fetch(`${front.url}/simulator/stats`)).status, 200)
  })
})

describe('metrics', () => {
  it('have the old name of the cache gauge where asked, and only that', async () => {
    const { front, finish } = await filled(4, {})
    const old = await start({ trouble: { oldMetrics: true } })
    const [now, before] = await Promise.all([front, old].map(async ({ url }) => (await fetch(`${url}/metrics`)).text()))
    assert.match(now!, /^vllm:kv_cache_usage_perc\{.*\} 0\.5$/m)
    assert.match(before!, /^vllm:gpu_cache_usage_perc\{.*\} 0\.0$/m)
    assert.ok(!now!.includes('gpu_cache') && !before!.includes('kv_cache'))
    await finish()
  })

  it('may be missing', async () => {
    const front = await start({ trouble: { hiddenRoutes: ['/metrics'] } })
    assert.equal((await fetch(`${front.url}/metrics`)).status, 404)
    assert.equal((await fetch(`${front.url}/health`)).status, 200)
  })
})
