// The switches of a server that change what a request means: defaults of generation_config, a token that begins every
// text, cached tokens, the render routes.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rewardShapeOf } from '../../../local/engine/front-protocol.ts'
import { createPrefixCache } from '../../../local/engine/prefix-cache.ts'
import { choiceOf, post, serve } from './served.ts'

describe('generation_config', () => {
  const raw = { prompt: '<|im_start|>user\n', max_tokens: 1 }

  it('leaks into what a request leaves out, and into nothing that it says', async () => {
    const greedy = await serve({ firstTokens: true }, { generationConfig: { temperature: 0 } })
    const firsts = async (extra: object): Promise<Set<string>> => {
      const seeds = Array.from({ length: 30 }, (_, seed) => seed)
      const choices = await Promise.all(
        seeds.map((seed) => choiceOf(greedy, '/v1/completions', { ...raw, seed, ...extra })),
      )
      return new Set(choices.map(({ text }) => text))
    }
    assert.equal((await firsts({})).size, 1)
    assert.ok((await firsts({ temperature: 1 })).size > 3)
    const several = await post(greedy, '/v1/completions', { ...raw, n: 2 })
    assert.equal(several.status, 400, 'greedy sampling that the request did not ask for')
  })

  it('is told by the render routes, where they are served', async () => {
    const generationConfig = { temperature: 0.6, top_p: 0.95, top_k: 20 }
    const front = await serve({}, { generationConfig, scaleOut: true })
    const [left] = (await post(front, '/v1/completions/render', raw)).body as unknown as Rendered[]
    assert.deepEqual(pick(left!), { temperature: 0.6, top_p: 0.95, top_k: 20 })
    const said = { ...raw, temperature: 1, top_p: 1, top_k: 0 }
    const [given] = (await post(front, '/v1/completions/render', said)).body as unknown as Rendered[]
    assert.deepEqual(pick(given!), { temperature: 1, top_p: 1, top_k: undefined })
    const messages = [{ role: 'user', content: 'Hi' }]
    const chat = (await post(front, '/v1/chat/completions/render', { messages })).body as unknown as Rendered
    assert.deepEqual(chat.token_ids, (await post(front, '/tokenize', { messages })).body.tokens)
    assert.equal((await post(await serve(), '/v1/completions/render', raw)).status, 403)
  })

  interface Rendered {
    readonly token_ids: number[]
    readonly sampling_params: { temperature: number; top_p: number; top_k?: number }
  }

  function pick({ sampling_params: params }: Rendered): object {
    return { temperature: params.temperature, top_p: params.top_p, top_k: params.top_k }
  }
})

describe('a token that begins every text', () => {
  it('is doubled before a prompt that spells it, unless special tokens are refused', async () => {
    const front = await serve({ bos: '<|begin_of_text|>' })
    const prompt = '<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n'
    const beginning = async (body: object): Promise<number> => {
      const { tokens } = (await post(front, '/tokenize', body)).body
      return tokens.findIndex((token) => token !== 128000)
    }
    assert.equal(await beginning({ prompt: 'Hello' }), 1)
    assert.equal(await beginning({ prompt }), 2)
    assert.equal(await beginning({ prompt, add_special_tokens: false }), 1)
    assert.equal(await beginning({ messages: [{ role: 'user', content: 'Hi' }] }), 1)
    const { usage } = (await post(front, '/v1/completions', { prompt, max_tokens: 1 })).body
    const single = await post(front, '/v1/completions', { prompt, max_tokens: 1, add_special_tokens: false })
    assert.equal(usage['prompt_tokens'], Number(single.body.usage['prompt_tokens']) + 1)
  })
})

describe('cached tokens', () => {
  const messages = [{ role: 'user', content: 'Solve for x: $17x + 205 = 1055$. Show each step of the way.' }]

  it('are told of a prompt that came before, in blocks of 16 and short of the last token', async () => {
    const front = await serve({}, { promptTokensDetails: true })
    const first = (await post(front, '/v1/chat/completions', { messages, seed: 1 })).body.usage
    assert.equal(first['prompt_tokens_details'], null, 'as vLLM: nothing is told of none')
    const again = (await post(front, '/v1/chat/completions', { messages, seed: 2 })).body.usage
    const whole = Math.floor((Number(again['prompt_tokens']) - 1) / 16) * 16
    assert.ok(whole > 0)
    assert.deepEqual(again['prompt_tokens_details'], { cached_tokens: whole })
    const prompt = (await post(front, '/tokenize', { messages })).body.tokens
    const part = await choiceOf(front, '/v1/completions', { prompt, seed: 3, max_tokens: 40, return_token_ids: true })
    const going = await post(front, '/v1/completions', { prompt: [...prompt, ...part.token_ids], seed: 3 })
    const expected = Math.floor((prompt.length + 40 - 1) / 16) * 16
    assert.deepEqual(going.body.usage['prompt_tokens_details'], { cached_tokens: expected })
  })

  it('are not told by a stock server', async () => {
    const front = await serve()
    for (let time = 0; time < 2; time += 1) {
      const { usage } = (await post(front, '/v1/chat/completions', { messages, seed: 1 })).body
      assert.equal(usage['prompt_tokens_details'], null)
    }
  })

  it('are known by all that stands before them, and the oldest are forgotten', () => {
    const tokens = (start: number, count: number): number[] => Array.from({ length: count }, (_, at) => start + at)
    const cache = createPrefixCache(4)
    cache.remember(tokens(0, 48))
    assert.equal(cache.cached(tokens(0, 48)), 32, 'the last token is always computed')
    assert.equal(cache.cached(tokens(0, 49)), 48)
    assert.equal(cache.cached(tokens(16, 33)), 0, 'the same block after another beginning')
    assert.equal(cache.cached([...tokens(0, 16), ...tokens(99, 17)]), 16)
    cache.remember(tokens(1000, 32))
    assert.equal(cache.cached(tokens(1000, 33)), 32)
    assert.equal(cache.cached(tokens(0, 49)), 16, 'its other blocks were not used for longest')
  })
})

describe('the shape of a reward model', () => {
  it('follows from its name, or from what the server was told', () => {
    const names = {
      'Qwen/Qwen2.5-Math-PRM-7B': 'process',
      'Skywork/Skywork-Reward-V2-Llama-3.1-8B': 'sequence',
      'Qwen/Qwen2.5-Math-RM-72B': 'token',
      'internlm/internlm2-7b-reward': 'token',
      'Qwen/Qwen2.5-Math-7B-Instruct': null,
      simulated: null,
    }
    for (const [name, shape] of Object.entries(names)) assert.equal(rewardShapeOf({}, name), shape, name)
    assert.equal(rewardShapeOf({ rewardShape: 'sequence' }, 'Qwen/Qwen2.5-Math-PRM-7B'), 'sequence')
  })
})
