// Reward models of the three shapes behind a real vLLM.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { processScoreContract, sequenceScoreContract, tokenScoreContract } from '../llm/score-contract.ts'
import { noVllm } from './installed.ts'
import { served } from './served.ts'

describe('token rewards: vLLM with Qwen2ForRewardModel', { skip: noVllm }, () => {
  tokenScoreContract(served('rm'))
})

describe('process rewards: vLLM with Qwen2ForProcessRewardModel', { skip: noVllm }, () => {
  const engine = served('prm')
  processScoreContract(engine)

  test('without a mark there is no row', async () => {
    const { client, model } = engine()
    const messages = [{ role: 'user' as const, content: 'What is 2 + 2?' }]
    const { rows } = await client.pool({ model, messages }, new AbortController().signal)
    assert.deepEqual(rows, [])
  })
})

describe('sequence rewards: vLLM with Qwen3ForSequenceClassification', { skip: noVllm }, () => {
  sequenceScoreContract(served('seqcls'))
})
