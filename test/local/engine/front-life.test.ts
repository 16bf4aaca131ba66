// Death in two manners and return to the same port, a slow start, a wedged engine, and the orders over HTTP.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { describe, it } from 'node:test'
import type { Front } from '../../../local/engine/front.ts'
import { createFakeClock } from '../../llm/fake-clock.ts'
import { heldEngine, post, start, until } from './at-work.ts'

const BODY = { prompt: '<|im_start|>user\n', seed: 1, max_tokens: 50 }

/** A connection of its own on which one request has been sent. */
async function ask(front: Front, body: object): Promise<Socket> {
  const socket = connect(front.port, '127.0.0.1')
  await once(socket, 'connect')
  const text = JSON.stringify(body)
  const head = `POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${text.length}`
  socket.write(`${head}\r\n\r\n${text}`)
  return socket
}

/** How a new connection to the port goes: 'open', or the error's code. */
async function knock(front: Front): Promise<string> {
  const socket = connect(front.port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return 'open'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown'
  } finally {
    socket.destroy()
  }
}

/** Resolves when the socket is closed, in peace or not. */
function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on('error', () => undefined)
    socket.on('close', () => {
      resolve()
    })
    socket.resume()
  })
}

/** Kills the front and brings it back; resolves when fetch has found out that its kept connections are gone. */
async function restart(front: Front): Promise<void> {
  front.die('killed')
  await front.revive()
  for (;;) {
    const status = await statusOf(front, '/simulator/stats').catch(() => null)
    if (status === 200) return
  }
}

function statusOf(front: Front, path: string): Promise<number> {
  return fetch(front.url + path).then(({ status }) => status)
}

describe('a server that is killed', () => {
  it('resets its connections, refuses new ones, frees its slots, and comes back on the same port', async () => {
    const held = heldEngine()
    const front = await start({ engine: held.engine, slots: 1 })
    const sockets = [await ask(front, BODY), await ask(front, BODY)]
    await until(() => front.stats().running === 1 && front.stats().waiting === 1)
    const gone = sockets.map(closing)
    front.die('killed')
    await Promise.all(gone)
    assert.equal(await knock(front), 'ECONNREFUSED')
    await until(() => front.stats().total.aborted === 2)
    assert.deepEqual([front.stats().running, front.stats().waiting], [0, 0])
    front.die('silent')
    await front.revive()
    await front.revive()
    assert.equal(await statusOf(front, '/health'), 200)
    const call = post(front, '/v1/completions', { ...BODY, seed: 9 })
    await until(() => held.begun.includes(9))
    held.finish(9)
    assert.equal((await call).status, 200)
  })

  it('comes back with counters at zero in /metrics, and with what it did in /simulator/stats', async () => {
    const front = await start()
    await post(front, '/v1/completions', { ...BODY, max_tokens: 3 })
    await restart(front)
    const metrics = await (await fetch(`${front.url}/metrics`)).text()
    assert.match(metrics, /^vllm:generation_tokens_total\{engine="0",model_name="simulated"\} 0\.0$/m)
    assert.equal(front.stats().generationTokens, 3)
    assert.equal(front.stats().total.calls, 1)
  })
})

describe('a server that falls silent', () => {
  it('refuses new connections and says nothing on the busy ones, not even an end', async () => {
    const clock = createFakeClock()
    const front = await start({ clock, slots: 2, latency: { medianMs: 1000, sigma: 0 } })
    const plain = await ask(front, BODY)
    const stream = await ask(front, { ...BODY, stream: true })
    const waiting = await ask(front, BODY)
    await until(() => front.stats().running === 2 && front.stats().waiting === 1)
    const idle = connect(front.port, '127.0.0.1')
    await once(idle, 'connect')
    const heard: string[] = []
    stream.on('data', () => heard.push('stream')).on('end', () => heard.push('stream ends'))
    plain.on('data', () => heard.push('plain')).on('end', () => heard.push('plain ends'))
    await clock.advance(500)
    await until(() => heard.includes('stream'))
    front.die('silent')
    assert.equal(await knock(front), 'ECONNREFUSED')
    // What was written before the death has been read by now.
    heard.length = 0
    await clock.advance(60_000)
    await until(() => front.stats().running === 0 && front.stats().waiting === 0)
    await front.revive()
    await clock.advance(60_000)
    const call = post(front, '/v1/completions', BODY)
    await until(() => front.stats().running === 1)
    await clock.advance(1000)
    assert.equal((await call).status, 200)
    assert.deepEqual([heard, plain.readyState, stream.readyState], [[], 'open', 'open'])
    for (const socket of [plain, stream, waiting, idle]) socket.destroy()
  })

  it('can still be closed', async () => {
    const held = heldEngine()
    const front = await start({ engine: held.engine })
    const socket = await ask(front, BODY)
    await until(() => front.stats().running === 1)
    front.die('silent')
    const closed = closing(socket)
    await front.close()
    await closed
  })
})

describe('a slow start', () => {
  it('answers 503 after the start and after each return, for so long', async () => {
    const clock = createFakeClock()
    const front = await start({ clock, trouble: { slowStartMs: 30_000 } })
    for (let life = 0; life < 2; life += 1) {
      const statuses = await Promise.all(['/health', '/metrics', '/v1/models'].map((path) => statusOf(front, path)))
      assert.deepEqual(statuses, [503, 503, 503])
      const refused = await post(front, '/v1/completions', BODY)
      assert.deepEqual(
        [refused.status, refused.body['error']],
        [503, { message: 'The model is still loading.', type: 'Service Unavailable', param: null, code: 503 }],
      )
      assert.equal(await statusOf(front, '/simulator/stats'), 200)
      await clock.advance(29_999)
      assert.equal(await statusOf(front, '/health'), 503)
      await clock.advance(1)
      assert.equal(await statusOf(front, '/health'), 200)
      assert.equal((await post(front, '/v1/completions', BODY)).status, 200)
      await restart(front)
    }
    assert.equal(front.stats().total.calls, 2)
  })
})

describe('outages by the clock', () => {
  it('come and go when they are due', async () => {
    const clock = createFakeClock()
    const front = await start({
      clock,
      trouble: {
        outages: [
          { kind: 'killed', fromMs: 10_000, forMs: 5000 },
          { kind: 'silent', fromMs: 20_000, forMs: 1000 },
          { kind: 'wedged', fromMs: 30_000, forMs: 2000 },
        ],
      },
    })
    const states: string[] = []
    for (const milliseconds of [9999, 1, 4999, 1, 5000, 1000]) {
      await clock.advance(milliseconds)
      states.push(await knock(front))
    }
    assert.deepEqual(states, ['open', 'ECONNREFUSED', 'ECONNREFUSED', 'open', 'ECONNREFUSED', 'open'])
    await clock.advance(9000)
    const call = post(front, '/v1/completions', BODY)
    await until(() => front.stats().waiting === 1)
    await clock.advance(2000)
    assert.equal((await call).status, 200)
  })

  it('that end by hand are not ended again, and do not end what came after', async () => {
    const clock = createFakeClock()
    const front = await start({ clock })
    front.die('killed', 1000)
    await front.revive()
    front.die('killed')
    await clock.advance(5000)
    assert.equal(await knock(front), 'ECONNREFUSED')
    await front.revive()
    front.hang(1000)
    front.die('killed')
    await front.revive()
    assert.equal((await post(front, '/v1/completions', BODY)).status, 200)
  })
})

describe('a wedged engine', () => {
  it('generates nothing while /health and /metrics answer, its gauges and its token counter standing still', async () => {
    const clock = createFakeClock()
    const front = await start({ clock, slots: 2, latency: { medianMs: 1000, sigma: 0 } })
    const calls = [1, 2, 3].map((seed) => post(front, '/v1/completions', { ...BODY, seed }))
    await until(() => front.stats().running === 2 && front.stats().waiting === 1)
    front.hang()
    const gauges = async (): Promise<string[]> => {
      const text = await (await fetch(`${front.url}/metrics`)).text()
      return text.split('\n').filter((line) => /^vllm:(num_requests_running|generation_tokens_total)/.test(line))
    }
    const before = await gauges()
    await clock.advance(60_000)
    assert.equal(await statusOf(front, '/health'), 200)
    assert.deepEqual(await gauges(), before)
    assert.match(before[0]!, / 2\.0$/)
    await front.revive()
    await until(() => front.stats().running === 1)
    await clock.advance(1000)
    assert.ok((await Promise.all(calls)).every(({ status }) => status === 200))
    assert.deepEqual([front.stats().running, front.stats().waiting], [0, 0])
  })
})

describe('orders over HTTP', () => {
  it('kill it for a time, after the reply', async () => {
    const clock = createFakeClock()
    const front = await start({ clock })
    const reply = await post(front, '/simulator/die', { manner: 'killed', forMs: 3000 })
    assert.deepEqual([reply.status, reply.body], [200, { state: 'dead', manner: 'killed', forMs: 3000 }])
    while ((await knock(front)) === 'open');
    await clock.advance(3000)
    while ((await knock(front)) !== 'open');
    assert.equal((await post(front, '/v1/completions', BODY)).status, 200)
  })

  it('wedge it for a time', async () => {
    const clock = createFakeClock()
    const front = await start({ clock })
    assert.deepEqual((await post(front, '/simulator/hang', { forMs: 10 })).body, { state: 'wedged', forMs: 10 })
    const call = post(front, '/v1/completions', BODY)
    await until(() => front.stats().waiting === 1)
    await clock.advance(10)
    assert.equal((await call).status, 200)
  })

  it('are refused with what is possible', async () => {
    const front = await start()
    const manner = await post(front, '/simulator/die', { manner: 'gently' })
    assert.equal(manner.status, 400)
    assert.match((manner.body['error'] as { message: string }).message, /'killed' or 'silent'/)
    assert.equal((await post(front, '/simulator/hang', { forMs: -1 })).status, 400)
    assert.equal(await statusOf(front, '/health'), 200)
  })
})
