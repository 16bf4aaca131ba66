// A real vLLM with a reasoning parser, a tokenizer that writes a BOS, and a bounded queue.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { chatmlWithoutSystem } from '../llm/engine-templates.ts'
import * as contract from '../llm/engine-contract.ts'
import { queueContract } from '../llm/engine-load-contract.ts'
import { reasoningContract } from '../llm/reasoning-contract.ts'
import { noVllm } from './installed.ts'
import { served, type ServedEngine } from './served.ts'

const signal = new AbortController().signal
const template = { ...chatmlWithoutSystem, name: 'chatml with a BOS', bos: '<|bos|>' }
const input = { messages: [{ role: 'user' as const, content: 'What is the value of x?' }] }
/** More sequences than this are refused. */
const QUEUE = 12

describe('thoughts: vLLM with a reasoning parser and a BOS', { skip: noVllm }, () => {
  const engine = served('toy-bos', ['--reasoning-parser', 'deepseek_r1', '--max-num-queued-reqs', String(QUEUE)])
  const ids: Record<'close' | 'end' | 'a' | 'b', number> = { close: 0, end: 0, a: 0, b: 0 }

  test('the ids of the marks', async () => {
    for (const [name, text] of [
      ['close', '</think>'],
      ['end', '<|im_end|>'],
      ['a', 'a'],
      ['b', 'b'],
    ] as const) {
      const { tokens } = await tokensOf(engine(), text)
      assert.equal(tokens.length, 1, text)
      ids[name] = tokens[0]!
    }
  })
  contract.tokenContract(engine, template)

  contract.bosContract(engine, template)

  // Of all tokens only these have a chance: letters, and now and then the end of the thought or of the text.
  const chances = (more: Record<string, number>): Record<string, number> => ({ [ids.a]: 100, [ids.b]: 100, ...more })
  reasoningContract(engine, {
    parser: true,
    closed: (it) =>
      contract.callOf(it, { input, n: 8, maxTokens: 40, logitBias: chances({ [ids.close]: 99.5, [ids.end]: 98 }) }),
    cut: (it) => contract.callOf(it, { input, n: 4, maxTokens: 6, logitBias: chances({}) }),
  })

  test('a raw completion keeps the tags in its text, parser or not', async () => {
    const call = contract.callOf(engine(), { logitBias: chances({ [ids.close]: 99.5 }), n: 4, maxTokens: 40 })
    const { choices } = await engine().client.complete(call, signal)
    assert.ok(choices.some(({ text }) => text.includes('</think>')))
    assert.ok(choices.every(({ reasoning }) => reasoning === null))
  })

  queueContract(engine, {
    limit: QUEUE,
    long: (it, n) => contract.callOf(it, { n, maxTokens: 1900, logitBias: chances({}) }),
  })
})

async function tokensOf({ client, model }: ServedEngine, prompt: string): ReturnType<typeof client.tokenize> {
  return await client.tokenize({ model, prompt, addSpecialTokens: false }, signal)
}
