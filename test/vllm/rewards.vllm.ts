// Reward models of the three shapes behind a real vLLM.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { processScoreContract, sequenceScoreContract, tokenScoreContract } from '../llm/score-contract.ts'
import { noVllm } from './installed.ts'
import { served } from './served.ts'

const signal = new AbortController().signal
const messages = [
  { role: 'user' as const, content: 'What is 2 + 2?' },
  { role: 'assistant' as const, content: 'The answer is 4.' },
]

describe('token rewards: vLLM with Qwen2ForRewardModel', { skip: noVllm }, () => {
  const engine = served('rm')
  tokenScoreContract(engine)

  test('base64 is the same values as little-endian float32', async () => {
    const { server, client, model } = engine()
    const { rows } = await client.pool({ model, messages }, signal)
    const reply = await post(`${server.url}/pooling`, { model, messages, encoding_format: 'base64' })
    const bytes = Buffer.from((reply as { data: { data: string }[] }).data[0]!.data, 'base64')
    const values = Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(4 * index))
    assert.deepEqual(
      values,
      rows.map(([value]) => Math.fround(value!)),
    )
  })
})

describe('process rewards: vLLM with Qwen2ForProcessRewardModel', { skip: noVllm }, () => {
  const engine = served('prm')
  processScoreContract(engine)

  test('without a mark there is no row', async () => {
    const { client, model } = engine()
    assert.deepEqual((await client.pool({ model, messages }, signal)).rows, [])
  })
})

describe('sequence rewards: vLLM with Qwen3ForSequenceClassification', { skip: noVllm }, () => {
  const engine = served('seqcls')
  sequenceScoreContract(engine)

  test('what we ask for is raw: the unasked reply is its sigmoid', async () => {
    const { server, client, model } = engine()
    const raw = (await client.classify({ model, messages }, signal)).rows[0]![0]!
    const reply = await post(`${server.url}/classify`, { model, messages })
    const unasked = (reply as { data: { probs: number[] }[] }).data[0]!.probs[0]!
    assert.ok(Math.abs(unasked - 1 / (1 + Math.exp(-raw))) < 1e-5, `${unasked} against ${raw}`)
    assert.ok(raw < 0 || raw > 1, 'a raw value that could not be a chance')
  })
})

async function post(url: string, body: object): Promise<unknown> {
  const headers = { 'content-type': 'application/json' }
  const reply = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  return await reply.json()
}
