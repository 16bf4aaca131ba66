// One engine, spoken to as a real vLLM answers: recorded replies, and every way to fail.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { systemClock } from '../../llm/clock.ts'
import { createEngineClient, type EngineCall, type EngineClient } from '../../llm/engine-client.ts'
import { EngineFailure, serverMessage } from '../../llm/engine-failure.ts'
import { tokenReward } from '../../llm/rewards.ts'
import { type Answer, noRecordings, recorded, startServer, type TestServer } from '../support/recorded-vllm.ts'

const call: EngineCall = {
  model: 'toy',
  input: { prompt: 'Let x be a real number' },
  n: 1,
  seed: 7,
  sampling: { temperature: 1, topP: 0.9, topK: 0, minP: 0.05, repetitionPenalty: 1.1, maxTokens: 8 },
  stop: ['</s>'],
  stopTokenIds: [2],
}
const chat: EngineCall = {
  ...call,
  input: { messages: [{ role: 'user', content: 'Hello world' }] },
  stop: [],
  stopTokenIds: [],
}
const live = new AbortController().signal

async function withServer<T>(
  answer: Answer | (() => Answer),
  use: (client: EngineClient, server: TestServer) => Promise<T>,
  key: string | null = null,
): Promise<T> {
  const server = await startServer(() => (typeof answer === 'function' ? answer() : answer))
  const client = createEngineClient({ url: server.url, key, clock: systemClock })
  try {
    return await use(client, server)
  } finally {
    await client.close()
    await server.close()
  }
}

async function failureOf(work: Promise<unknown>): Promise<EngineFailure> {
  try {
    await work
  } catch (error) {
    assert.ok(error instanceof EngineFailure, String(error))
    return error
  }
  assert.fail('it did not fail')
}

const plain = {
  choices: [{ index: 0, text: 'a', finish_reason: 'stop', stop_reason: null }],
  usage: { prompt_tokens: 3, completion_tokens: 2 },
}

describe('what is sent', () => {
  test('a raw prefix with every sampling parameter, and no second BOS', async () => {
    await withServer({ body: plain }, async (client, server) => {
      await client.complete(call, live)
      assert.equal(server.requests[0]?.path, '/v1/completions')
      assert.equal(server.requests[0].headers.authorization, undefined)
      assert.deepEqual(server.requests[0].body, {
        model: 'toy',
        prompt: 'Let x be a real number',
        add_special_tokens: false,
        n: 1,
        seed: 7,
        temperature: 1,
        top_p: 0.9,
        top_k: -1,
        min_p: 0.05,
        repetition_penalty: 1.1,
        max_tokens: 8,
        stream: false,
        stop: ['</s>'],
        stop_token_ids: [2],
      })
    })
  })

  test('a chat with a JSON schema and a key', async () => {
    const reply = { choices: [{ index: 0, message: { content: '{}' }, finish_reason: 'stop' }] }
    const jsonSchema = { name: 'tags', schema: { type: 'object' } }
    await withServer(
      { body: reply },
      async (client, server) => {
        await client.complete({ ...chat, jsonSchema }, live)
        const sent = server.requests[0]
        assert.equal(sent?.path, '/v1/chat/completions')
        assert.equal(sent.headers.authorization, 'Bearer secret')
        assert.deepEqual(sent.body.messages, [{ role: 'user', content: 'Hello world' }])
        assert.deepEqual(sent.body.response_format, {
          type: 'json_schema',
          json_schema: { name: 'tags', schema: { type: 'object' }, strict: true },
        })
        assert.equal('add_special_tokens' in sent.body, false)
      },
      'secret',
    )
  })
})

describe('recorded replies', { skip: noRecordings }, () => {
  test('n choices of a raw completion', async () => {
    const recording = recorded('completion_n4_seed')
    await withServer(recording, async (client) => {
      const { choices, promptTokens, completionTokens } = await client.complete({ ...call, n: 4 }, live)
      const said = (recording.body as { choices: { text: string }[] }).choices.map(({ text }) => text)
      assert.deepEqual(
        choices.map(({ text }) => text),
        said,
      )
      assert.deepEqual(
        choices.map(({ finishReason }) => finishReason),
        ['length', 'length', 'stop', 'length'],
      )
      assert.equal(promptTokens, 6)
      assert.equal(completionTokens, 26)
    })
  })

  test('stop strings and ids are kept as text', async () => {
    await withServer(recorded('completion_stop_string_think'), async (client) => {
      assert.equal((await client.complete(call, live)).choices[0]?.stopReason, '</think>')
    })
    const recording = recorded('completion_stop_token_ids')
    const { choices } = recording.body as { choices: { stop_reason: number }[] }
    await withServer(recording, async (client) => {
      assert.equal((await client.complete(call, live)).choices[0]?.stopReason, String(choices[0]?.stop_reason))
    })
  })

  test('reasoning from the new field; a thought that was cut has an empty text', async () => {
    await withServer(recorded('reasoning_chat'), async (client) => {
      const { choices } = await client.complete(chat, live)
      const { tokenIds, ...said } = choices[0]!
      assert.deepEqual(said, { text: 'cdcadb d', reasoning: 'dbad', finishReason: 'stop', stopReason: null })
      assert.equal(tokenIds?.length, 14)
    })
    await withServer(recorded('reasoning_chat_truncated'), async (client) => {
      const { choices } = await client.complete(chat, live)
      const said = { text: '', reasoning: 'cba', finishReason: 'length', stopReason: null, tokenIds: null }
      assert.deepEqual(choices[0], said)
    })
  })

  for (const [name, engine, code, words] of [
    ['err_context_prompt', 'none', 'context-length', /maximum context length is 2048/],
    ['err_context_full', 'none', 'context-length', /max_tokens must be at least 1, got 0/],
    ['err_context_sum_big', 'none', 'context-length', /max_tokens/],
    ['err_malformed', 'none', 'bad-request', /JSON decode error/],
    ['err_top_k_bad', 'none', 'bad-request', /top_k must be 0/],
    ['err_stop_many', 'none', 'bad-request', /at most 4 items/],
    ['completion_n4_temp0', 'none', 'bad-request', /n must be 1 when using greedy/],
    ['err_model', 'refusing', 'model-not-found', /`nope` does not exist/],
    ['auth_missing_completions', 'refusing', 'unauthorized', /Unauthorized/],
    ['err_404', 'refusing', 'route-not-found', /Not Found/],
    ['err_405', 'refusing', 'route-not-found', /Method Not Allowed/],
  ] as const) {
    test(`error ${name} is ${code}, in the server's words`, async () => {
      await withServer(recorded(name), async (client) => {
        const failure = await failureOf(client.complete(call, live))
        assert.equal(failure.engine, engine)
        assert.equal(failure.code, code)
        assert.equal(failure.retry, engine === 'none' ? 'permanent' : 'transient')
        assert.match(failure.message, words)
      })
    })
  }

  test('rewards: the last token of a token model; other shapes are named', async () => {
    const messages = [{ role: 'user' as const, content: 'What is 2+2?' }]
    const pooled = (name: string): Promise<number> =>
      withServer(recorded(name), async (client, server) => {
        const rows = await client.pool({ model: 'rm', messages }, live)
        assert.equal(server.requests[0]?.path, '/pooling')
        assert.deepEqual(server.requests[0].body, { model: 'rm', messages })
        return tokenReward(rows)
      })
    assert.equal(await pooled('rm_pooling_messages'), -3.8305158615112305)
    await assert.rejects(pooled('prm_pooling_messages'), /rows of 2 values.*process/)
    await assert.rejects(pooled('prm_pooling_nostep'), /no values/)
    await assert.rejects(pooled('cls_pooling_messages'), /one value for 48 tokens.*sequence/)
    await withServer(recorded('rm_pooling_long'), async (client) => {
      assert.equal((await failureOf(client.pool({ model: 'rm', messages }, live))).code, 'context-length')
    })
    await withServer(recorded('rm_pooling_model'), async (client) => {
      assert.equal((await failureOf(client.pool({ model: 'nope', messages }, live))).code, 'model-not-found')
    })
  })

  test("what a server quotes of the request is not in the failure's words", async () => {
    const secret = 'Find all primes p with p < 10.'
    const quoted = `2 validation errors:\n  {'type': 'x', 'loc': 'body.stop', 'msg': 'Too many', 'input': "${secret} it's", 'ctx': {'max_length': 4}}\n  {'type': 'y', 'loc': 'body', 'msg': 'Bad', 'input': '${secret}'}`
    for (const body of [
      { error: { message: quoted, type: 'Bad Request', param: null, code: 400 } },
      { detail: [{ type: 'x', loc: ['body', 'stop'], msg: 'Too many', input: secret }] },
    ]) {
      await withServer({ status: 400, body }, async (client) => {
        const { message } = await failureOf(client.complete(chat, live))
        assert.match(message, /Too many/)
        assert.ok(!message.includes('primes'), message)
      })
    }
  })

  test('models and health', async () => {
    await withServer(recorded('models'), async (client) => {
      assert.deepEqual(await client.models(live), [{ id: 'toy', maxModelLen: 2048 }])
    })
    await withServer(recorded('health'), async (client) => {
      assert.equal(await client.health(live), null)
    })
    await withServer(recorded('auth_missing_models'), async (client) => {
      assert.equal((await failureOf(client.models(live))).code, 'unauthorized')
    })
  })
})

describe('faults', () => {
  const expectations: [string, Answer, string, string][] = [
    [
      '429 with Retry-After',
      { status: 429, headers: { 'retry-after': '7' }, body: 'slow down' },
      'busy',
      'too-many-requests',
    ],
    [
      '503',
      { status: 503, body: { error: { message: 'busy', type: 'Service Unavailable', param: null, code: 503 } } },
      'busy',
      'overloaded',
    ],
    ['500 with an empty body', { status: 500 }, 'doubtful', 'http-500'],
    ['408', { status: 408 }, 'doubtful', 'http-408'],
    ['502 of a proxy', { status: 502, body: '<html><h1>Bad Gateway</h1></html>' }, 'doubtful', 'http-502'],
    ['reset before the head', { fault: 'reset' }, 'doubtful', 'connection-lost'],
    ['reset in the body', { fault: 'reset-in-body', body: plain }, 'doubtful', 'connection-lost'],
    ['half a JSON', { fault: 'half-json', body: plain }, 'doubtful', 'unreadable-reply'],
    ['200 with a page of HTML', { body: '<html></html>' }, 'doubtful', 'unreadable-reply'],
    [
      '200 with an empty body',
      { headers: { 'content-type': 'application/json' }, body: '' },
      'doubtful',
      'unreadable-reply',
    ],
    [
      'finish_reason null',
      { body: { choices: [{ index: 0, text: 'a', finish_reason: null }] } },
      'doubtful',
      'unfinished-choice',
    ],
    [
      'finish_reason abort',
      { body: { choices: [{ index: 0, text: 'a', finish_reason: 'abort' }] } },
      'doubtful',
      'unfinished-choice',
    ],
    ['no choice', { body: { choices: [] } }, 'doubtful', 'missing-choices'],
    ['a redirect', { status: 308, headers: { location: 'https://elsewhere/v1' } }, 'refusing', 'redirected'],
    [
      'old flat body',
      { status: 400, body: { object: 'error', message: 'maximum context length is 4096 tokens', code: 40303 } },
      'none',
      'context-length',
    ],
    ['422', { status: 422, body: { detail: [{ loc: ['body'], msg: 'field required' }] } }, 'none', 'unprocessable'],
  ]
  for (const [name, answer, engine, code] of expectations) {
    test(name, async () => {
      await withServer(answer, async (client) => {
        const failure = await failureOf(client.complete(call, live))
        assert.deepEqual([failure.engine, failure.code], [engine, code], failure.message)
        assert.equal(failure.retryAfterMs, name.includes('Retry-After') ? 7000 : null)
      })
    })
  }

  test('a missing choice among n is found, in any order of the others', async () => {
    const choices = [2, 0, 2].map((index) => ({ index, text: 'a', finish_reason: 'stop' }))
    await withServer({ body: { choices } }, async (client) => {
      assert.equal((await failureOf(client.complete({ ...call, n: 3 }, live))).code, 'missing-choices')
    })
  })

  test('choices come in the order of their index', async () => {
    const choices = [1, 0].map((index) => ({ index, text: `choice ${index}`, finish_reason: 'stop' }))
    await withServer({ body: { choices } }, async (client) => {
      const read = await client.complete({ ...call, n: 2 }, live)
      assert.deepEqual(
        read.choices.map(({ text }) => text),
        ['choice 0', 'choice 1'],
      )
    })
  })

  test('reasoning_content, the older name, is read too', async () => {
    const message = { content: 'so 4', reasoning_content: 'two and two' }
    await withServer({ body: { choices: [{ index: 0, message, finish_reason: 'stop' }] } }, async (client) => {
      assert.equal((await client.complete(chat, live)).choices[0]?.reasoning, 'two and two')
    })
  })

  test('nobody listens', async () => {
    const server = await startServer(() => ({}))
    await server.close()
    const client = createEngineClient({ url: server.url, key: null, clock: systemClock })
    const failure = await failureOf(client.complete(call, live))
    assert.deepEqual([failure.engine, failure.code], ['unreachable', 'unreachable'])
    assert.match(await client.health(live).then(String), /ECONNREFUSED/)
    await client.close()
  })

  test('an abort rejects with its reason and closes the connection, which frees the slot', async () => {
    await withServer({ fault: 'hang' }, async (client, server) => {
      const stop = new AbortController()
      const asking = client.complete(call, stop.signal)
      while (server.requests.length === 0) await new Promise(setImmediate)
      const reason = new Error('shutting down')
      stop.abort(reason)
      await assert.rejects(asking, (error) => error === reason)
      await server.requests[0]?.gone
      await assert.rejects(client.complete(call, stop.signal), (error) => error === reason)
      assert.equal(server.requests.length, 1)
    })
  })

  test('health: 503 and 500 are not alive, a gateway without the route is', async () => {
    for (const [status, alive] of [
      [200, true],
      [404, true],
      [401, true],
      [429, true],
      [503, false],
      [500, false],
    ] as const)
      await withServer({ status, body: 'x' }, async (client) => {
        assert.equal((await client.health(live)) === null, alive, String(status))
      })
  })

  test('the message of any shape of body, clipped', () => {
    assert.equal(serverMessage('{"error":"Unauthorized"}'), 'Unauthorized')
    assert.equal(serverMessage('{"detail":"Not Found"}'), 'Not Found')
    assert.equal(serverMessage('<html><h1>Bad\nGateway</h1></html>'), 'Bad Gateway')
    assert.equal(serverMessage(''), '')
    assert.ok(serverMessage('x'.repeat(10_000)).length < 700)
  })
})
