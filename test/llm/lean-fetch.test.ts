// The contract between the openai client and the fetch under it, held by the lean one and by Node's own, so that
// the first can stand for the second.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import OpenAI, { APIConnectionError, APIError, APIUserAbortError } from 'openai'
import { createLeanFetch, type Fetch } from '../../llm/lean-fetch.ts'
import { type Answer, startServer, type TestServer } from '../support/recorded-vllm.ts'

const reply = { id: 'a', choices: [{ index: 0, text: 'π ≈ 3.14159', finish_reason: 'stop' }] }
const stream = `data: ${JSON.stringify({ ...reply, choices: [{ index: 0, text: 'π', finish_reason: null }] })}\n\n: keep-alive\n\ndata: ${JSON.stringify(reply)}\n\ndata: [DONE]\n\n`

const answers: Record<string, Answer> = {
  json: { body: reply, headers: { 'x-request-id': 'r-1' } },
  flat: { status: 400, body: { object: 'error', message: 'old flat body', code: 40001 } },
  text: { status: 502, body: '<html>Bad Gateway</html>' },
  empty: { status: 500, body: '' },
  stream: { headers: { 'content-type': 'text/event-stream' }, body: stream },
  reset: { fault: 'reset' },
  'reset-in-body': { fault: 'reset-in-body', body: reply },
  'half-json': { fault: 'half-json', body: reply },
  hang: { fault: 'hang' },
}

for (const name of ['lean', 'node'] as const) {
  describe(`${name} fetch under the openai client`, () => {
    let server: TestServer
    let openai: OpenAI
    let lean: { fetch: Fetch; close(): Promise<void> }
    before(async () => {
      server = await startServer(({ body }) => answers[String(body.prompt)] ?? { status: 404 })
      lean = createLeanFetch(server.url)
      const fetch: Fetch = name === 'lean' ? lean.fetch : globalThis.fetch
      openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'k', maxRetries: 0, logLevel: 'off', fetch })
    })
    after(async () => {
      await lean.close()
      await server.close()
    })
    const ask = (prompt: string, signal?: AbortSignal): Promise<OpenAI.Completion> =>
      openai.completions.create({ model: 'm', prompt }, signal === undefined ? {} : { signal })

    test('a JSON reply, its headers and what was sent', async () => {
      const { data, response, request_id } = await openai.completions
        .create({ model: 'm', prompt: 'json' })
        .withResponse()
      assert.equal(data.choices[0]?.text, 'π ≈ 3.14159')
      assert.equal(request_id, 'r-1')
      assert.equal(response.status, 200)
      const sent = server.requests.at(-1)
      assert.equal(sent?.path, '/v1/completions')
      assert.equal(sent.method, 'POST')
      assert.equal(sent.headers.authorization, 'Bearer k')
      assert.deepEqual(sent.body, { model: 'm', prompt: 'json' })
    })

    test('error statuses with flat, text and empty bodies', async () => {
      for (const [prompt, status] of [
        ['flat', 400],
        ['text', 502],
        ['empty', 500],
      ] as const)
        await assert.rejects(ask(prompt), (error: unknown) => error instanceof APIError && error.status === status)
    })

    test('a stream of events', async () => {
      const texts: string[] = []
      for await (const event of await openai.completions.create({ model: 'm', prompt: 'stream', stream: true }))
        texts.push(event.choices[0]?.text ?? '')
      assert.deepEqual(texts, ['π', 'π ≈ 3.14159'])
    })

    test('a connection that is reset before the head is a connection error', async () => {
      await assert.rejects(ask('reset'), APIConnectionError)
    })

    test('a connection that is reset inside the body rejects', async () => {
      await assert.rejects(
        ask('reset-in-body'),
        (error: unknown) => error instanceof Error && !(error instanceof SyntaxError),
      )
    })

    test('a body that ends in the middle of its JSON rejects as such', async () => {
      await assert.rejects(ask('half-json'), SyntaxError)
    })

    test('an abort closes the connection', async () => {
      const controller = new AbortController()
      const asking = ask('hang', controller.signal)
      const before = server.requests.length
      while (server.requests.length === before) await new Promise(setImmediate)
      controller.abort()
      await assert.rejects(asking, APIUserAbortError)
      await server.requests.at(-1)?.gone
    })
  })
}

test('nobody listening is ECONNREFUSED', async () => {
  const server = await startServer(() => ({}))
  await server.close()
  const lean = createLeanFetch(server.url)
  await assert.rejects(lean.fetch(`${server.url}/v1/models`), { code: 'ECONNREFUSED' })
  await lean.close()
})

test('it serves its own origin only and sends strings only', async () => {
  const lean = createLeanFetch('http://127.0.0.1:9')
  await assert.rejects(lean.fetch('http://127.0.0.2:9/x'), TypeError)
  await assert.rejects(lean.fetch('http://127.0.0.1:9/x', { method: 'POST', body: new Uint8Array(1) }), TypeError)
  await lean.close()
})
