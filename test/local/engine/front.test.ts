// The front's own promises: slots and queue, disconnects, streams, JSON, counting, latency. An engine that ends only
// when the test says so stands behind it where time matters.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { startFront } from '../../../local/engine/front.ts'
import type { Front } from '../../../local/engine/front.ts'
import { drawLatency } from '../../../local/engine/front-latency.ts'
import { createInvented } from '../../../local/engine/invented.ts'
import { permanent, UsageFault } from '../../../schemas/failure.ts'
import { silentLogger } from '../../../schemas/logger.ts'
import { heldEngine, post, start, until } from './at-work.ts'
import type { Reply } from './at-work.ts'

describe('slots and queue', () => {
  it('generate so many sequences at once and let the others wait, first come first served', async () => {
    const held = heldEngine()
    const front = await start({ engine: held.engine, slots: 3 })
    const first = post(front, '/v1/completions', { prompt: 'a', n: 2, seed: 10, temperature: 1 })
    await until(() => held.begun.length === 2)
    const second = post(front, '/v1/completions', { prompt: 'a', n: 3, seed: 20, temperature: 1 })
    await until(() => front.stats().waiting === 2)
    const third = post(front, '/v1/completions', { prompt: 'a', seed: 30 })
    await until(() => front.stats().waiting === 3)
    assert.deepEqual([front.stats().running, held.begun], [3, [10, 11, 20]])
    const metrics = await (await fetch(`${front.url}/metrics`)).text()
    assert.match(metrics, /^vllm:num_requests_running\{engine="0",model_name="simulated"\} 3\.0$/m)
    assert.match(metrics, /^vllm:num_requests_waiting\{engine="0",model_name="simulated"\} 3\.0$/m)
    held.finish(11)
    await until(() => held.begun.length === 4)
    held.finish(10)
    assert.equal((await first).status, 200)
    await until(() => held.begun.length === 5)
    held.finish(20)
    await until(() => held.begun.length === 6)
    assert.deepEqual(held.begun, [10, 11, 20, 21, 22, 30])
    for (const seed of [21, 22, 30]) held.finish(seed)
    assert.deepEqual([(await second).status, (await third).status], [200, 200])
    assert.deepEqual([front.stats().running, front.stats().waiting, front.stats().peakWaiting], [0, 0, 3])
  })

  it('are free again as soon as the client goes away, streaming or not, running or waiting', async () => {
    for (const stream of [false, true]) {
      const held = heldEngine()
      const front = await start({ engine: held.engine, slots: 1 })
      const going = new AbortController()
      const waiting = new AbortController()
      const body = { prompt: 'a', n: 2, seed: 1, temperature: 1, stream }
      const calls = [
        post(front, '/v1/completions', body, going.signal),
        post(front, '/v1/chat/completions', { messages: [{ role: 'user', content: 'a' }], seed: 5 }, waiting.signal),
      ]
      const outcomes = Promise.allSettled(calls)
      await until(() => front.stats().running === 1 && front.stats().waiting === 2)
      waiting.abort()
      await until(() => front.stats().waiting === 1)
      going.abort()
      await until(() => front.stats().running === 0 && front.stats().waiting === 0)
      assert.ok((await outcomes).every(({ status }) => status === 'rejected'))
      assert.equal(held.ended.length, 1)
      await until(() => front.stats().total.aborted === 2)
      const after = post(front, '/v1/completions', { prompt: 'a', seed: 9 })
      await until(() => held.begun.includes(9))
      held.finish(9)
      assert.equal((await after).status, 200)
    }
  })
})

describe('what the engine throws', () => {
  it('is a 400 when permanent, a 500 otherwise, and an event inside a stream', async () => {
    const engine = createInvented()
    for (const [error, status, type] of [
      [permanent('context-length', 'too long'), 400, 'BadRequestError'],
      [new Error('broken'), 500, 'InternalServerError'],
    ] as const) {
      const front = await start({ engine: { ...engine, complete: () => Promise.reject(error) } })
      const reply = await post(front, '/v1/completions', { prompt: 'a', n: 3, seed: 1 })
      assert.equal(reply.status, status)
      assert.deepEqual(reply.body['error'], { message: error.message, type, param: null, code: status })
      assert.deepEqual([front.stats().running, front.stats().waiting], [0, 0])
      const response = await fetch(`${front.url}/v1/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"prompt": "a", "stream": true}',
      })
      assert.equal(response.status, 200)
      assert.equal(
        await response.text(),
        `data: ${JSON.stringify({ error: { message: error.message, type, param: null, code: status } })}\n\ndata: [DONE]\n\n`,
      )
    }
  })
})

describe('generation', () => {
  const raw = { prompt: '<|im_start|>user\n', max_tokens: 400, add_special_tokens: false }

  it('gives choice i the seed plus i', async () => {
    const front = await start()
    const many = await post(front, '/v1/completions', { ...raw, n: 64, seed: 7 })
    assert.deepEqual(
      many.body.choices.map(({ index }) => index),
      Array.from({ length: 64 }, (_, index) => index),
    )
    const one = await post(front, '/v1/completions', { ...raw, seed: 10 })
    assert.equal(many.body.choices[3]!.text, one.body.choices[0]!.text)
    assert.equal(new Set(many.body.choices.map(({ text }) => text)).size, 64)
    const unseeded = await Promise.all([1, 2, 3].map(() => post(front, '/v1/completions', raw)))
    assert.ok(new Set(unseeded.map(({ body }) => body.choices[0]!.text)).size > 1, 'without a seed texts differ')
  })

  it('streams the very text that it gives whole, with its usage', async () => {
    const front = await start()
    for (const [path, body] of [
      ['/v1/completions', { ...raw, n: 2, seed: 3 }],
      [
        '/v1/chat/completions',
        {
          messages: [{ role: 'user', content: 'Solve for x: $17x + 205 = 1055$.' }],
          n: 2,
          seed: 3,
          stop: ['answer'],
          include_stop_str_in_output: true,
        },
      ],
    ] as const) {
      const whole = (await post(front, path, body)).body
      const response = await fetch(front.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
      })
      const events = (await response.text()).split('\n\n').filter((event) => event.startsWith('data: {'))
      const texts = ['', '']
      const reasons: (string | null)[] = [null, null]
      for (const event of events) {
        const chunk = JSON.parse(event.slice(6)) as {
          choices: { index: number; text?: string; delta?: { content?: string }; finish_reason: string | null }[]
          usage?: unknown
        }
        for (const choice of chunk.choices) {
          texts[choice.index]! += choice.text ?? choice.delta?.content ?? ''
          reasons[choice.index] = choice.finish_reason
        }
        if (chunk.usage !== undefined) assert.deepEqual({ ...(whole.usage as object), ...chunk.usage }, whole.usage)
      }
      assert.deepEqual(
        texts,
        whole.choices.map((choice) => (path === '/v1/completions' ? choice.text : choice.message.content)),
      )
      assert.deepEqual(
        reasons,
        whole.choices.map((choice) => choice.finish_reason),
      )
    }
  })

  it('stops at strings, ids and limits, and counts what it made', async () => {
    const front = await start()
    const messages = [{ role: 'user', content: 'Solve for x: $17x + 205 = 1055$.' }]
    const whole = (await post(front, '/v1/chat/completions', { messages, seed: 1 })).body
    const text = whole.choices[0]!.message.content
    const short = (await post(front, '/v1/chat/completions', { messages, seed: 1, max_completion_tokens: 5 })).body
    assert.deepEqual([short.choices[0]!.finish_reason, short.usage.completion_tokens], ['length', 5])
    assert.ok(text.startsWith(short.choices[0]!.message.content))
    const exact = (
      await post(front, '/v1/chat/completions', { messages, seed: 1, max_tokens: whole.usage.completion_tokens })
    ).body
    assert.equal(exact.choices[0]!.finish_reason, 'stop')
    const stop = text.slice(20, 26)
    const stopped = (await post(front, '/v1/chat/completions', { messages, seed: 1, stop })).body
      .choices[0] as Reply['body']['choices'][0] & { stop_reason: unknown }
    assert.deepEqual(
      [stopped.message.content, stopped.finish_reason, stopped.stop_reason],
      [text.slice(0, text.indexOf(stop)), 'stop', stop],
    )
  })

  it('continues what the assistant has begun', async () => {
    const front = await start()
    const messages = [{ role: 'user', content: 'Solve for x: $17x + 205 = 1055$.' }]
    const whole = (await post(front, '/v1/chat/completions', { messages, seed: 2 })).body.choices[0]!.message.content
    const begun = { continue_final_message: true, add_generation_prompt: false, seed: 2 }
    const rest = await post(front, '/v1/chat/completions', {
      ...begun,
      messages: [...messages, { role: 'assistant', content: whole.slice(0, 30) }],
    })
    assert.equal(whole.slice(0, 30).trimEnd() + rest.body.choices[0]!.message.content, whole)
    const boxed = await post(front, '/v1/chat/completions', {
      ...begun,
      messages: [...messages, { role: 'assistant', content: 'The answer is $\\boxed{' }],
      stop: ['}'],
    })
    assert.match(boxed.body.choices[0]!.message.content, /^-?\d+$/)
  })

  it('thinks where it is asked to, and where the prompt has opened a thought', async () => {
    const front = await start({ engine: createInvented({ think: true }) })
    const messages = [{ role: 'user', content: 'Solve for x: $17x + 205 = 1055$.' }]
    const thought = (await post(front, '/v1/chat/completions', { messages, seed: 2 })).body.choices[0]!.message.content
    assert.match(thought, /^<think>\n[^]+\n<\/think>\n\n[^]+boxed/)
    const prompt = '<｜begin▁of▁sentence｜><｜User｜>Solve for x: $17x + 205 = 1055$.<｜Assistant｜><think>\n'
    const opened = (await post(await start(), '/v1/completions', { prompt, seed: 2, max_tokens: 2000 })).body
      .choices[0]!.text
    assert.match(opened, /^(?!<think>)[^]+\n<\/think>\n\n/)
  })

  it('answers with JSON that fits the schema', async () => {
    const front = await start()
    const schema = {
      type: 'object',
      properties: {
        difficulty: { enum: ['easy', 'medium', 'hard'] },
        quality: { type: 'integer', minimum: 1, maximum: 5 },
        language: { type: 'string', enum: ['de', 'en', 'ja'] },
        safe: { type: 'boolean' },
        topics: { type: 'array', items: { $ref: '#/$defs/topic' }, minItems: 2, maxItems: 3 },
      },
      required: ['difficulty', 'quality', 'language', 'safe', 'topics'],
      $defs: {
        topic: {
          type: 'object',
          properties: { name: { type: 'string', maxLength: 12 }, weight: { type: 'number', minimum: 0, maximum: 1 } },
        },
      },
    }
    const formats = [
      { response_format: { type: 'json_schema', json_schema: { name: 'tags', schema } } },
      { structured_outputs: { json: schema } },
      { structured_outputs: { json: JSON.stringify(schema) } },
    ]
    const seen = new Set<string>()
    for (let seed = 0; seed < 60; seed += 1) {
      const reply = await post(front, '/v1/chat/completions', {
        messages: [{ role: 'user', content: 'Tag this.' }],
        seed,
        ...formats[seed % 3],
      })
      const value = JSON.parse(reply.body.choices[0]!.message.content) as {
        difficulty: string
        quality: number
        language: string
        safe: boolean
        topics: { name: string; weight: number }[]
      }
      seen.add(value.difficulty)
      assert.ok(
        ['easy', 'medium', 'hard'].includes(value.difficulty) &&
          value.language === 'en' &&
          typeof value.safe === 'boolean',
      )
      assert.ok(Number.isInteger(value.quality) && value.quality >= 1 && value.quality <= 5)
      assert.ok(value.topics.length >= 2 && value.topics.length <= 3)
      assert.ok(value.topics.every(({ name, weight }) => name.length <= 12 && weight >= 0 && weight <= 1))
    }
    assert.equal(seen.size, 3)
    assert.equal(
      (await post(front, '/v1/completions', { prompt: 'a', structured_outputs: { regex: 'a+' } })).status,
      400,
    )
  })
})

describe('rewards', () => {
  const messages = [
    { role: 'user', content: 'Solve for x: $17x + 205 = 1055$.' },
    { role: 'assistant', content: 'It is $\\boxed{50}$.' },
  ]

  it('are one value a token with the reward last, and the same through /classify', async () => {
    const front = await start()
    const pooled = (await post(front, '/pooling', { messages })).body as unknown as {
      data: { data: number[][] }[]
      usage: { prompt_tokens: number }
    }
    const classified = (await post(front, '/classify', { messages, use_activation: false })).body as unknown as {
      data: { probs: number[] }[]
    }
    assert.equal(pooled.data[0]!.data.length, pooled.usage.prompt_tokens)
    assert.deepEqual(pooled.data[0]!.data.at(-1), classified.data[0]!.probs)
    const base64 = (await post(front, '/pooling', { messages, encoding_format: 'base64' })).body as unknown as {
      data: { data: string }[]
    }
    const bytes = Buffer.from(base64.data[0]!.data, 'base64')
    assert.equal(bytes.readFloatLE(bytes.length - 4), pooled.data[0]!.data.at(-1)![0])
  })

  it('of steps are a pair for each mark', async () => {
    const front = await start()
    const steps = [messages[0], { role: 'assistant', content: 'First.<extra_0>Then $\\boxed{50}$.<extra_0>' }]
    const { data } = (await post(front, '/pooling', { messages: steps })).body as unknown as {
      data: { data: number[][] }[]
    }
    assert.equal(data[0]!.data.length, 2)
    for (const [no, yes] of data[0]!.data) assert.ok(Math.abs(no! + yes! - 1) < 1e-7)
  })
})

describe('counting', () => {
  it('tells calls, sequences and repeated bodies, and forgets them on POST', async () => {
    const front = await start()
    const body = { prompt: 'a', n: 2, seed: 1 }
    await post(front, '/v1/completions', body)
    await post(front, '/v1/completions', body)
    await post(front, '/v1/completions', { ...body, seed: 3 })
    await post(front, '/v1/completions', { ...body, n: 0 })
    await post(front, '/tokenize', { prompt: 'a' })
    const read = (await (await fetch(`${front.url}/simulator/stats`)).json()) as ReturnType<Front['stats']>
    const ended = { answered: 3, refused: 1, faulted: 0, aborted: 0 }
    const calls = { calls: 4, sequences: 6, askedAgain: 1, repeated: 1, ...ended }
    assert.deepEqual([read.routes, read.total], [{ '/v1/completions': calls }, calls])
    await fetch(`${front.url}/simulator/stats`, { method: 'POST' })
    assert.deepEqual(front.stats().routes, {})
    await post(front, '/v1/completions', body)
    assert.equal(front.stats().total.askedAgain, 0)
  })

  it('of metrics goes by the names that vLLM has', async () => {
    const front = await start()
    await post(front, '/v1/completions', { prompt: 'a', n: 2, seed: 1, max_tokens: 3 })
    const text = await (await fetch(`${front.url}/metrics`)).text()
    for (const line of [
      'vllm:generation_tokens_total{engine="0",model_name="simulated"} 6.0',
      'vllm:request_success_total{engine="0",finished_reason="length",model_name="simulated"} 2.0',
      'vllm:request_params_n_bucket{engine="0",le="1.0",model_name="simulated"} 0.0',
      'vllm:request_params_n_sum{engine="0",model_name="simulated"} 2.0',
    ]) {
      assert.ok(text.split('\n').includes(line), line)
    }
  })
})

describe('latency', () => {
  it('is log-normal around the median and the same for the same request', () => {
    const draws = Array.from({ length: 4001 }, (_, seed) => drawLatency({ medianMs: 100, sigma: 0.5 }, seed, 7)).sort(
      (left, right) => left - right,
    )
    assert.ok(Math.abs(draws[2000]! - 100) < 5, `median ${draws[2000]}`)
    assert.ok(Math.abs(Math.log(draws[3365]! / 100) - 0.5) < 0.05, `84th percentile ${draws[3365]}`)
    assert.equal(drawLatency({ medianMs: 100, sigma: 0.5 }, 5, 7), drawLatency({ medianMs: 100, sigma: 0.5 }, 5, 7))
    assert.equal(drawLatency({ medianMs: 100, sigma: 0 }, 5, 7), 100)
    assert.equal(drawLatency(undefined, 5, 7), 0)
  })

  it('keeps the slot, and a stream gets all of its text over it', async () => {
    const front = await start({ slots: 1, latency: { medianMs: 400, sigma: 0 } })
    const body = { prompt: '<|im_start|>user\n', seed: 1, max_tokens: 400 }
    const both = Promise.all([post(front, '/v1/completions', body), post(front, '/v1/completions', body)])
    await until(() => front.stats().waiting === 1)
    const [first, second] = await both
    assert.equal(first.body.choices[0]!.text, second.body.choices[0]!.text)
    const response = await fetch(`${front.url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, stream: true }),
    })
    const events = (await response.text()).split('\n\n').filter((event) => event.startsWith('data: {'))
    const text = events.map((event) => (JSON.parse(event.slice(6)) as Reply['body']).choices[0]!.text).join('')
    assert.equal(text, first.body.choices[0]!.text)
  })
})

describe('the server', () => {
  it('says which port is taken', async () => {
    const front = await start()
    await assert.rejects(
      start({ port: front.port }),
      (error) => error instanceof UsageFault && error.message.includes(`Port ${front.port} on 127.0.0.1 is taken`),
    )
  })

  it('closes with work in flight', async () => {
    const held = heldEngine()
    const front = await startFront({ engine: held.engine, port: 0, slots: 1, log: silentLogger })
    const call = post(front, '/v1/completions', { prompt: 'a' }).then(
      () => 'answered',
      () => 'dropped',
    )
    await until(() => held.begun.length === 1)
    await front.close()
    assert.equal(await call, 'dropped')
  })

  it('serves only its models when told so, with the names in the error', async () => {
    const front = await start({ engine: createInvented({ models: ['a', 'b'] }), anyModel: false })
    assert.equal((await post(front, '/v1/completions', { model: 'b', prompt: 'x' })).body['model'], 'b')
    const refused = await post(front, '/v1/completions', { model: 'c', prompt: 'x' })
    assert.deepEqual(
      [refused.status, (refused.body['error'] as { message: string }).message],
      [404, 'The model `c` does not exist. Valid aliases: a, b.'],
    )
  })

  it('outlives a client that sends half a body', async () => {
    const front = await start()
    const socket = connect(front.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.write(
      'POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"prompt":',
    )
    socket.destroy()
    await once(socket, 'close')
    assert.equal((await post(front, '/v1/completions', { prompt: 'x' })).status, 200)
  })
})
