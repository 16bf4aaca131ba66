// What an engine may send down the line: replies of a real server, changed byte by byte, whole event streams, cut
// connections. Every call ends: with a reply that has the shape, or as an EngineFailure.

import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { systemClock } from '../../llm/clock.ts'
import { createEngineClient } from '../../llm/engine-client.ts'
import type { EngineCall } from '../../llm/engine-client.ts'
import { EngineFailure } from '../../llm/engine-failure.ts'
import { readLoad } from '../../llm/load.ts'
import { Failure } from '../../schemas/failure.ts'
import { noRecordings, recorded } from '../support/recorded-vllm.ts'
import { mutated } from './mutations.ts'

const TOKENS = ['\r\n', '\r\n\r\n', 'content-length: 99999999999\r\n', 'transfer-encoding: chunked\r\n', 'content-encoding: gzip\r\n', 'HTTP/1.1 100 Continue\r\n\r\n', 'retry-after: 1e9\r\n', 'ffffffffffffffff\r\n', 'null', '[]', '1e999', '"\\ud800"', 'data: [DONE]\n\n', '"finish_reason":null', '"index":-1', 'NaN'] // prettier-ignore

const bodies = [
  '{"choices":[{"index":0,"text":"a","finish_reason":"stop","stop_reason":null}],"usage":{"prompt_tokens":3,"completion_tokens":2}}',
  '{"choices":[{"index":0,"message":{"role":"assistant","content":"a","reasoning":"b"},"finish_reason":"stop"}],"usage":null}',
  '{"error":{"message":"maximum context length is 8 tokens","code":400}}',
  '{"detail":[{"loc":["body"],"msg":"field required"}]}',
  '{"data":[{"index":0,"data":[[0.5],[1]]}],"usage":{"prompt_tokens":1}}',
  '{"data":[{"index":0,"data":"AAAAPw==","embedding":[0.6,0.8]}]}',
  'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: [DONE]\n\n',
  '# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running{engine="0"} 3.0\nvllm:num_requests_waiting{engine="0"} 0.0\n',
  ...(noRecordings === false ? ['chat_plain', 'chat_stream', 'cls_classify_list'].map((name) => textOf(recorded(name).body)) : []),
] // prettier-ignore

function textOf(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body)
}

const replies = bodies.flatMap((body) =>
  ['200 OK', '400 Bad Request', '503 Service Unavailable'].map((status) => {
    const type = body.startsWith('data: ')
      ? 'text/event-stream'
      : body.startsWith('{')
        ? 'application/json'
        : 'text/plain'
    return Buffer.from(
      `HTTP/1.1 ${status}\r\ncontent-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
  }),
)

let reply: Buffer = Buffer.alloc(0)
let ending: 'end' | 'reset' = 'end'
const server = createServer((socket) => {
  socket.on('error', () => undefined)
  socket.once('data', () => {
    socket.write(reply, () => {
      if (ending === 'end') socket.end()
      else socket.resetAndDestroy()
    })
  })
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
server.unref()
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

const sampling = { temperature: 1, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1, maxTokens: 8 }
const call: EngineCall = { model: 'm', input: { prompt: 'p' }, n: 1, seed: 1, sampling, stop: [], stopTokenIds: [] }
const messages = [{ role: 'user', content: 'q' }] as const
const ROUTES = [
  'raw',
  'chat',
  'pool',
  'classify',
  'embed',
  'models',
  'tokenize',
  'health',
  'metrics',
  'version',
] as const

/** A call that never ends is a fault; the server has closed its side long before. */
const NEVER_MS = 20_000

export const httpReplies = fc.asyncProperty(
  mutated(replies, TOKENS),
  fc.constantFrom(...ROUTES),
  fc.constantFrom('end', 'reset'),
  async (bytes, route, how) => {
    reply = bytes
    ending = how
    const client = createEngineClient({ url, key: null, clock: systemClock })
    const signal = AbortSignal.timeout(NEVER_MS)
    const embedding = { model: 'm', texts: ['t'], maxTokens: null, dimensions: null }
    try {
      switch (route) {
        case 'raw':
        case 'chat': {
          const input = route === 'raw' ? call.input : { messages }
          const { choices } = await client.complete({ ...call, input }, signal)
          assert.ok(choices.length === 1 && typeof choices[0]!.text === 'string' && choices[0]!.finishReason !== '')
          break
        }
        case 'pool':
          await client.pool({ model: 'm', messages }, signal)
          break
        case 'classify':
          await client.classify({ model: 'm', messages }, signal)
          break
        case 'embed':
          await client.embed(embedding, signal)
          break
        case 'models':
          await client.models(signal)
          break
        case 'tokenize':
          await client.tokenize({ model: 'm', prompt: 'p', addSpecialTokens: false }, signal)
          break
        case 'health':
          await client.health(signal)
          break
        case 'version':
          await client.version(signal)
          break
        case 'metrics': {
          const page = await client.metrics(signal)
          if (page !== null) readLoad(page)
        }
      }
    } catch (error) {
      // A list for each token is the config's fault, said so at once.
      if (error instanceof Failure && error.code === 'embedding-shape') return
      assert.ok(error instanceof EngineFailure, error instanceof Error ? error.stack : String(error))
      assert.ok(error.message.length < 10_000 && error.retryAfterMs !== Number.POSITIVE_INFINITY)
    } finally {
      await client.close()
    }
  },
) // prettier-ignore
