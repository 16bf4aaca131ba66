// Embedding models behind Llm.embed, by recorded replies of a real vLLM.

import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { embedderConfig } from '../../llm/config.ts'
import type { Embedding, Llm } from '../../llm/contract.ts'
import { createLlm } from '../../llm/llm.ts'
import { Failure } from '../../schemas/failure.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { recordedEmbedding } from '../support/recorded-embeddings.ts'
import { type Answer, type Request, startServer, type TestServer } from '../support/recorded-vllm.ts'

const ending: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end()
})

const TEXTS = ['What is 17 + 25?', 'A farmer has 12 cows.']
const NOT_FOUND = { status: 404, body: { detail: 'Not Found' } }

interface Setting {
  readonly llm: Llm
  readonly server: TestServer
  /** Bodies of the requests for vectors, in order. */
  readonly asked: () => Request['body'][]
  readonly embed: (texts: readonly string[], signal?: AbortSignal) => Promise<Embedding[]>
}

async function serve(answer: (request: Request) => Answer | Promise<Answer>, settings: object = {}): Promise<Setting> {
  const server = await startServer((request) =>
    request.path === '/v1/embeddings' || request.path === '/pooling' ? answer(request) : NOT_FOUND,
  )
  const embedder = embedderConfig.parse({ endpoints: [{ url: server.url }], model: 'toy-embed', ...settings })
  const llm = createLlm({ roles: {}, rewarders: {}, embedder, log: silentLogger })
  ending.push(
    () => server.close(),
    () => llm.close(),
  )
  return {
    llm,
    server,
    asked: () => server.requests.filter(({ method }) => method === 'POST').map(({ body }) => body),
    embed: (texts, signal = new AbortController().signal) =>
      Promise.all(texts.map((text) => llm.embed(text, { rank: 0, signal }))),
  }
}

const inputOf = ({ body }: Request): string[] => body['input'] as string[]
const sizeOf = ({ vector }: Embedding): number => Math.hypot(...(vector ?? []))
/** A reply as vLLM's with a vector for each text, made by a function. */
function reply(request: Request, vectorOf: (text: string) => readonly number[]): Answer {
  const data = inputOf(request).map((text, index) => ({ index, object: 'embedding', embedding: vectorOf(text) }))
  return { body: { object: 'list', data, usage: { prompt_tokens: 10 * data.length } } }
}

describe('embedding models', () => {
  it('sends what is asked for at once in one request, and normalises what comes', async () => {
    const { embed, asked, llm } = await serve(() => recordedEmbedding('embed_base64'), { prefix: 'query: ' })
    const vectors = await embed(TEXTS)
    assert.deepEqual(asked(), [
      { model: 'toy-embed', input: TEXTS.map((text) => `query: ${text}`), encoding_format: 'base64' },
    ])
    for (const each of vectors) {
      assert.equal(each.vector?.length, 128)
      assert.ok(Math.abs(sizeOf(each) - 1) < 1e-6)
      assert.deepEqual([each.error, each.model, each.attempts], [null, 'toy-embed', 1])
    }
    assert.ok(Math.abs(vectors[0]!.vector![0]! - 0.015181244350969791) < 1e-7, 'the first number of the first text')
    assert.equal(vectors[0]!.tokens + vectors[1]!.tokens, 29)
    const usage = llm.state().usage['embedder']
    assert.deepEqual([usage?.calls, usage?.promptTokens, usage?.completionTokens], [1, 29, 0])
  })

  it('parts what is more than a request takes, and hands each text its own vector', async () => {
    const { embed, asked } = await serve((request) => reply(request, (text) => [Number(text), 1]), { batch: 4 })
    const texts = Array.from({ length: 10 }, (_, index) => String(index))
    const vectors = await embed(texts)
    assert.deepEqual(
      asked().map((body) => (body['input'] as string[]).length),
      [4, 4, 2],
    )
    for (const [index, { vector }] of vectors.entries())
      assert.ok(Math.abs(vector![0]! / vector![1]! - index) < 1e-5, `${index} has its own`)
  })

  it('reads lists of numbers as well as base64, and /pooling where there is no /v1/embeddings', async () => {
    const plain = await serve(() => recordedEmbedding('embed_one'))
    const [listed] = await plain.embed([TEXTS[0]!])
    for (const name of ['embed_pooling', 'embed_pooling_base64']) {
      const { embed, server, asked } = await serve(({ path }) =>
        path === '/pooling' ? recordedEmbedding(name) : NOT_FOUND,
      )
      for (let times = 0; times < 2; times += 1) {
        const [pooled] = await embed(TEXTS)
        assert.deepEqual(pooled!.vector, listed!.vector, name)
      }
      const paths = server.requests.filter(({ method }) => method === 'POST').map(({ path }) => path)
      assert.deepEqual(paths, ['/v1/embeddings', '/pooling', '/pooling'], 'the missing route is asked for once')
      assert.equal(asked().at(-1)?.['task'], 'embed')
    }
  })

  it('asks for cut texts and shorter vectors where the config does', async () => {
    const { embed, asked } = await serve(() => recordedEmbedding('embed_truncate'), { maxTokens: 4, dimensions: 64 })
    await embed(['a long text'])
    assert.deepEqual([asked()[0]?.['truncate_prompt_tokens'], asked()[0]?.['dimensions']], [4, 64])
  })

  it('finds the text that the server refuses among others, which get their vectors', async () => {
    const { embed, asked } = await serve((request) =>
      inputOf(request).includes('too long')
        ? recordedEmbedding('embed_long_among')
        : inputOf(request).includes('')
          ? recordedEmbedding('embed_empty')
          : reply(request, () => [3, 4]),
    )
    const vectors = await embed(['a', 'b', 'c', 'too long', 'd', '', 'e', 'f'])
    assert.deepEqual(
      vectors.map(({ error }) => error),
      [null, null, null, 'context-too-long', null, 'refused', null, null],
    )
    assert.deepEqual(Array.from(vectors[0]!.vector!), Array.from(Float32Array.of(0.6, 0.8)))
    assert.match(vectors[3]!.detail!, /maximum context length is 2048 tokens/)
    assert.equal(vectors[3]!.vector, null)
    assert.ok(asked().length <= 11, `${asked().length} requests`)
  })

  it('takes a vector without a direction for none', async () => {
    const { embed } = await serve((request) => reply(request, (text) => (text === 'zero' ? [0, 0] : [1, 0])))
    const vectors = await embed(['zero', 'one'])
    assert.deepEqual(
      vectors.map(({ error }) => error),
      ['not-finite', null],
    )
  })

  it('refuses for good a vector of another dimension, and rows of a token model', async () => {
    const isShape = (error: unknown): boolean =>
      error instanceof Failure && error.retry === 'permanent' && error.code === 'embedding-shape'
    const { embed } = await serve((request) => reply(request, (text) => (text === 'other' ? [1, 2, 3] : [1, 2])))
    await embed(['one'])
    await assert.rejects(
      embed(['other']),
      (error) => isShape(error) && /3 numbers after others of 2/.test(String(error)),
    )
    const tokens = await serve((request) => ({
      body: { data: inputOf(request).map((_, index) => ({ index, data: [[1], [2]] })), usage: null },
    }))
    await assert.rejects(tokens.embed(['one']), isShape)
  })

  it('tries a reply with too few vectors again', async () => {
    let calls = 0
    const { embed } = await serve((request) => {
      calls += 1
      return calls === 1 ? recordedEmbedding('embed_one') : reply(request, () => [1, 0])
    })
    const [first, second] = await embed(TEXTS)
    assert.deepEqual([first!.attempts, second!.error], [2, null])
  })

  it('closes the connection when nobody waits for it any more', async () => {
    const arrived = Promise.withResolvers<Request>()
    const { embed } = await serve((request) => {
      arrived.resolve(request)
      return { fault: 'hang' }
    })
    const [one, two] = [new AbortController(), new AbortController()]
    const ended = Promise.allSettled([embed(['a'], one.signal), embed(['b'], two.signal)])
    const { gone } = await arrived.promise
    one.abort(new Error('no more'))
    two.abort(new Error('no more either'))
    await gone
    assert.deepEqual(
      (await ended).map((each) => (each.status === 'rejected' ? String(each.reason) : '')),
      ['Error: no more', 'Error: no more either'],
    )
  })
})
