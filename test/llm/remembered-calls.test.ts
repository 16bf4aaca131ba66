// Calls that a stage's memory knows: not made, not paid, as they were; and what makes a call another one.

import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { rewarderConfig, roleConfig } from '../../llm/config.ts'
import type { CompletionRequest } from '../../llm/contract.ts'
import { createLlm } from '../../llm/llm.ts'
import type { CallMemory } from '../../schemas/call-memory.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { type Answer, type Request, startServer, type TestServer } from '../support/recorded-vllm.ts'

const { signal } = new AbortController()
const ending: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end()
})

/** Keeps everything, as JSON. */
function createMemory() {
  const kept = new Map<string, string>()
  const calls: CallMemory = {
    async run<Result>(call: string, make: () => Promise<Result>): Promise<Result> {
      if (!kept.has(call)) kept.set(call, JSON.stringify(await make()))
      return JSON.parse(kept.get(call)!) as Result
    },
  }
  return { kept, calls }
}

/** A server that says something new each time, and counts. */
async function serve(reply: (request: Request, times: number) => Answer) {
  let times = 0
  const server: TestServer = await startServer((request) => {
    // Health and load are asked too.
    if (!['/v1/chat/completions', '/classify'].includes(request.path)) return { status: 404, body: {} }
    times += 1
    return reply(request, times)
  })
  ending.push(() => server.close())
  return { url: server.url, times: () => times }
}

const chat = (_: Request, times: number): Answer => ({
  body: {
    choices: [{ index: 0, message: { content: `text ${times}` }, finish_reason: 'stop', stop_reason: null }],
    usage: { prompt_tokens: 5, completion_tokens: 7 },
  },
})

const request: CompletionRequest = { input: { messages: [{ role: 'user', content: '1 + 1?' }] }, seed: 3 }

function make(url: string, role: Record<string, unknown> = {}, reward: Record<string, unknown> = {}) {
  const endpoints = [{ url }]
  const price = { per: 'million-tokens', prompt: 1, completion: 2 }
  const sampler = roleConfig.parse({ endpoints, model: 'some/model', price, ...role })
  const rm = { ...rewarderConfig.parse({ endpoints, model: 'a/rm' }), kind: 'sequence-rm' as const, ...reward }
  const llm = createLlm({
    roles: { sampler },
    rewarders: { rm },
    ...{ log: silentLogger, random: () => 0, environment: {} },
  })
  ending.push(() => llm.close())
  return llm
}

describe('a remembered call', () => {
  test('is not made and not counted again, and gives what it gave', async () => {
    const server = await serve(chat)
    const { calls } = createMemory()
    const context = { role: 'sampler', signal, rank: 1, calls } as const
    const first = make(server.url)
    const before = await first.complete(request, context)
    assert.equal(first.state().usage['sampler']?.calls, 1)
    const second = make(server.url)
    assert.deepEqual(await second.complete(request, context), before)
    assert.equal(server.times(), 1)
    assert.equal(second.state().usage['sampler'], undefined)
    assert.ok(before[0]!.generation.usd !== null, 'what it cost stays with it')
  })

  test('is the same on another endpoint, and another one for another model, sampling, seed, text or shape', async () => {
    const server = await serve(chat)
    const elsewhere = await serve(chat)
    const { calls } = createMemory()
    const ask = async (llm: ReturnType<typeof make>, more: Partial<CompletionRequest> = {}) => {
      const [completion] = await llm.complete({ ...request, ...more }, { role: 'sampler', signal, rank: 1, calls })
      return completion!.text
    }
    assert.equal(await ask(make(server.url)), 'text 1')
    assert.equal(await ask(make(elsewhere.url, { timeoutSeconds: 60 })), 'text 1')
    assert.equal(elsewhere.times(), 0)
    const texts = [
      await ask(make(server.url, { model: 'other/model' })),
      await ask(make(server.url, { sampling: { temperature: 0.123 } })),
      await ask(make(server.url, { stop: ['END'] })),
      await ask(make(server.url), { seed: 4 }),
      await ask(make(server.url), { sampling: { maxTokens: 9 } }),
      await ask(make(server.url), { input: { messages: [{ role: 'user', content: '1 + 2?' }] } }),
      await ask(make(server.url), { jsonSchema: { name: 'shape', schema: { type: 'object' } } }),
    ]
    assert.deepEqual(
      texts,
      [2, 3, 4, 5, 6, 7, 8].map((times) => `text ${times}`),
    )
  })

  test('is not made while its stage holds it, a known one given all the same', async () => {
    const server = await serve(chat)
    const { calls } = createMemory()
    const news = Promise.withResolvers<undefined>()
    const isHeld = { value: false }
    const held: CallMemory = { ...calls, hold: () => (isHeld.value ? news.promise : null) }
    const llm = make(server.url)
    const ask = async (seed: number) =>
      (await llm.complete({ ...request, seed }, { role: 'sampler', signal, rank: 1, calls: held }))[0]!.text
    assert.equal(await ask(1), 'text 1')
    isHeld.value = true
    const waiting = ask(2)
    assert.deepEqual([await ask(1), server.times()], ['text 1', 1])
    isHeld.value = false
    news.resolve(undefined)
    assert.equal(await waiting, 'text 2')
  })

  test('is made by each that has no memory', async () => {
    const server = await serve(chat)
    const llm = make(server.url)
    for (const text of ['text 1', 'text 2'])
      assert.equal((await llm.complete(request, { role: 'sampler', signal, rank: 1 }))[0]!.text, text)
  })

  test('may be a score; another reward is another question', async () => {
    const server = await serve((_, times) => ({
      body: { data: [{ probs: [5 + times] }], usage: { prompt_tokens: 3 } },
    }))
    const { calls, kept } = createMemory()
    const messages = [{ role: 'user', content: '2?' }] as const
    const score = async (llm: ReturnType<typeof make>) =>
      await llm.score(messages, { role: 'reward:rm', signal, rank: 0, calls })
    const first = await score(make(server.url))
    const again = make(server.url)
    assert.deepEqual(await score(again), first)
    assert.equal(again.state().usage['reward:rm'], undefined)
    assert.equal(kept.size, 1)
    await score(make(server.url, {}, { model: 'b/rm' }))
    assert.equal(kept.size, 2)
    await score(make(server.url, {}, { summary: 'mean' }))
    assert.equal(kept.size, 3)
  })
})
