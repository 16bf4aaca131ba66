// The engine's contract against a real vLLM with a real model, SmolLM2-135M-Instruct.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { promptPrefix, requireTemplate } from '../../llm/templates.ts'
import * as contract from '../llm/engine-contract.ts'
import { severalCallsContract } from '../llm/several-calls-contract.ts'
import { noVllm } from './installed.ts'
import { served } from './served.ts'

const template = requireTemplate('smollm2')
const capital = { messages: [{ role: 'user' as const, content: 'What is the capital of France?' }] }

describe('small model: vLLM with SmolLM2-135M-Instruct', { skip: noVllm }, () => {
  const engine = served('smol')
  contract.tokenContract(engine, template)
  contract.choiceContract(engine)
  contract.samplingContract(engine)
  severalCallsContract(engine)
  contract.endContract(engine, (it) =>
    contract.callOf(it, { input: capital, sampling: { ...contract.PLAIN, temperature: 0, maxTokens: 64 } }),
  )

  test('a chat is answered with sense, and the raw prefix has the model write a question of its own', async () => {
    const signal = new AbortController().signal
    const { client } = engine()
    const greedy = { ...contract.PLAIN, temperature: 0, maxTokens: 48 }
    const answer = await client.complete(contract.callOf(engine(), { input: capital, sampling: greedy }), signal)
    assert.match(answer.choices[0]!.text, /Paris/)
    const { stop, stopTokenIds } = template
    const call = { input: { prompt: promptPrefix(template, {}).prompt }, stop, stopTokenIds, n: 4, maxTokens: 48 }
    const { choices } = await client.complete(contract.callOf(engine(), call), signal)
    for (const { text } of choices) assert.ok(text.trim().length > 0 && !text.includes('<|im_'), text)
  })
})
