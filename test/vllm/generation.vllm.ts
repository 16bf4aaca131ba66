// The engine's contract against a real vLLM with a random model: everything but sense in the texts.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { chatmlWithoutSystem } from '../llm/engine-templates.ts'
import * as contract from '../llm/engine-contract.ts'
import { abortContract } from '../llm/engine-load-contract.ts'
import { noVllm } from './installed.ts'
import { served } from './served.ts'

const signal = new AbortController().signal

describe('generation: vLLM with a random Qwen2', { skip: noVllm }, () => {
  const engine = served('toy')
  contract.identityContract(engine)
  contract.tokenContract(engine, chatmlWithoutSystem)
  contract.choiceContract(engine)
  contract.samplingContract(engine)
  contract.contextContract(engine)
  abortContract(engine, (it) => contract.callOf(it, { n: 4, maxTokens: 1900 }))

  test('the end token ends a text without a reason, the other end token of the model with its id', async () => {
    const { client, model } = engine()
    for (const [mark, reason] of [
      ['<|im_end|>', null],
      ['<|endoftext|>', 'its id'],
    ] as const) {
      const { tokens } = await client.tokenize({ model, prompt: mark, addSpecialTokens: false }, signal)
      const call = contract.callOf(engine(), { logitBias: { [tokens[0]!]: 100 } })
      const choice = (await client.complete(call, signal)).choices[0]!
      const expected = reason === null ? null : String(tokens[0])
      assert.deepEqual([choice.finishReason, choice.stopReason, choice.text], ['stop', expected, ''], mark)
      assert.deepEqual(choice.tokenIds, tokens)
    }
  })

  test("the model's own generation_config has no part in what we ask", async () => {
    const { server, client, model } = engine()
    const call = contract.callOf(engine())
    const ours = (await client.complete(call, signal)).choices[0]!.tokenIds
    // Its generation_config (top_k 1, a penalty) fills in what a request leaves out: our plain sampling must not be it.
    const body = {
      model,
      prompt: 'prompt' in call.input ? call.input.prompt : '',
      add_special_tokens: false,
      max_tokens: 24,
      seed: 7,
      return_token_ids: true,
    }
    assert.notDeepEqual(
      await rawIds(server.url, body),
      ours,
      'a request that says nothing gets the defaults of the model',
    )
    const said = { temperature: 1, top_p: 1, top_k: -1, min_p: 0, repetition_penalty: 1 }
    assert.deepEqual(await rawIds(server.url, { ...body, ...said }), ours)
  })
})

async function rawIds(url: string, body: object): Promise<number[] | undefined> {
  const headers = { 'content-type': 'application/json' }
  const reply = await fetch(`${url}/v1/completions`, { method: 'POST', headers, body: JSON.stringify(body) })
  return ((await reply.json()) as { choices: { token_ids: number[] }[] }).choices[0]?.token_ids
}
