// The stand-in's embedding model against recorded replies of a real vLLM: the same status, fields and error bodies; and
// vectors that mean what they should.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { embedWords } from '../../../local/engine/word-bag.ts'
import { recordedEmbedding, recordedEmbeddings } from '../../support/recorded-embeddings.ts'
import { post, serve } from './served.ts'

/** Messages that name numbers of another tokenizer. */
const OTHER_WORDS = /_long/

/** Kinds of the values at every depth; of lists the kind of their first. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])]
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, each]) => [name, shapeOf(each)]),
  )
}

const cosine = (left: readonly number[], right: readonly number[]): number =>
  left.reduce((sum, value, at) => sum + value * right[at]!, 0)

describe('the embedding model of the stand-in', () => {
  // Left out: the list of models, and ids of another tokenizer.
  for (const name of recordedEmbeddings.filter((each) => !/_models$|_ids$/.test(each))) {
    it(`answers ${name} as vLLM does`, async () => {
      const { request, status, body } = recordedEmbedding(name)
      const model = name.startsWith('minilm') ? 'all-MiniLM-L6-v2' : 'toy-embed'
      const options = { models: [model], maxModelLen: name.startsWith('minilm') ? 256 : 2048 }
      const front = await serve(options, { runner: 'pooling' }, 64, false)
      const reply = await post(front, request.path, request.body)
      assert.equal(reply.status, status)
      if (status === 200) assert.deepEqual(shapeOf(reply.body), shapeOf(body))
      else if (OTHER_WORDS.test(name)) assert.deepEqual(shapeOf(reply.body), shapeOf(body))
      else assert.deepEqual(reply.body, body)
    })
  }

  it('says the same in numbers and in base64, and by both routes', async () => {
    const front = await serve()
    const body = { model: 'an-embedder', input: ['What is 17 + 25?'] }
    const listed = (await post(front, '/v1/embeddings', body)).body.data[0]!.embedding as number[]
    const packed = (await post(front, '/v1/embeddings', { ...body, encoding_format: 'base64' })).body.data[0]!
    const pooled = (await post(front, '/pooling', { ...body, task: 'embed' })).body.data[0]!
    const bytes = Buffer.from(packed.embedding as string, 'base64')
    assert.deepEqual(
      listed.map((_, at) => bytes.readFloatLE(4 * at)),
      listed,
    )
    assert.deepEqual(pooled.data, listed)
    assert.deepEqual(listed, embedWords('What is 17 + 25?'))
  })

  it('is none where rewards are served by name, or texts are written alone', async () => {
    const both = await serve()
    assert.equal((await post(both, '/v1/embeddings', { model: 'Qwen2.5-Math-RM-72B', input: 'a' })).status, 404)
    assert.equal((await post(both, '/v1/embeddings', { model: 'nameless', input: 'a' })).status, 200)
    const writing = await serve({}, { runner: 'generate' })
    assert.equal((await post(writing, '/v1/embeddings', { model: 'e5-small', input: 'a' })).status, 404)
  })

  it('brings texts of the same words near, and of others not', () => {
    const text = embedWords('A farmer has 12 cows and 7 goats. How many animals does he have?')
    assert.ok(cosine(text, embedWords('How many animals does a farmer have who has 7 goats and 12 cows?')) > 0.95)
    assert.ok(cosine(text, embedWords('A train travels at 60 miles per hour. How far does it go in 3 hours?')) < 0.4)
  })
})
