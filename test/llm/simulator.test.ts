// llm/ against the project's own stand-in for vLLM, over real HTTP: the two halves of the protocol meet.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { checkEndpoints } from '../../llm/check-endpoints.ts'
import { rewarderConfig, roleConfig } from '../../llm/config.ts'
import type { Llm } from '../../llm/contract.ts'
import { createLlm } from '../../llm/llm.ts'
import { problemSeed, questionSeed } from '../../llm/seeds.ts'
import { promptPrefix, requireTemplate } from '../../llm/templates.ts'
import { type Front, startFront } from '../../local/engine/front.ts'
import { createInvented } from '../../local/engine/invented.ts'
import { silentLogger } from '../../schemas/logger.ts'

describe('the simulator', () => {
  const signal = new AbortController().signal
  let front: Front
  let llm: Llm
  const endpoints = (): object[] => [{ url: front.url, limit: 16 }]
  before(async () => {
    front = await startFront({ engine: createInvented(), port: 0, slots: 8, log: silentLogger, anyModel: true })
    const model = 'Qwen/Qwen2.5-Math-72B-Instruct'
    llm = createLlm({
      roles: {
        questioner: roleConfig.parse({ endpoints: endpoints(), model }),
        sampler: roleConfig.parse({ endpoints: endpoints(), model, sampling: { temperature: 0.8, maxTokens: 4096 } }),
      },
      rewarders: { rm: { ...rewarderConfig.parse({ endpoints: endpoints(), model: 'rm' }), kind: 'token-rm' } },
      log: silentLogger,
    })
  })
  after(async () => {
    await llm.close()
    await front.close()
  })

  test('problems from the prefix, samples with seeds of their own, scores', async () => {
    const { prompt, hash } = promptPrefix(requireTemplate('qwen2.5-math-72b'), { controlTask: 'math' })
    const ask = (slot: number): ReturnType<Llm['complete']> =>
      llm.complete({ input: { prompt }, n: 4, seed: questionSeed(0, slot, 4) }, { role: 'questioner', signal, rank: 4 })
    const problems = (await Promise.all([ask(0), ask(1), ask(2)])).flat()
    assert.deepEqual(
      problems.map(({ generation }) => generation.seed),
      Array.from({ length: 12 }, (_, seed) => seed),
    )
    assert.equal(new Set(problems.map(({ text }) => text)).size, 12)
    assert.ok(
      problems.every(({ generation }) => generation.promptHash === hash && generation.template === 'qwen2.5-math-72b'),
    )
    assert.deepEqual(
      (await ask(1)).map(({ text }) => text),
      problems.slice(4, 8).map(({ text }) => text),
      'the same seeds, the same texts',
    )
    const problem = { role: 'user' as const, content: problems[0]!.text }
    const samples = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        llm.complete(
          { input: { messages: [problem] }, seed: problemSeed('sample', 'id', index) },
          { role: 'sampler', signal, rank: 1 },
        ),
      ),
    )
    const answers = samples.flat()
    assert.ok(answers.every(({ text, generation }) => generation.finishReason === 'stop' && text.includes('\\boxed')))
    const score = await llm.score([problem, { role: 'assistant', content: answers[0]!.text }], {
      role: 'reward:rm',
      signal,
      rank: 0,
    })
    assert.equal(score.error, null)
    assert.ok(Number.isFinite(score.value) && score.tokens > 1)
    assert.equal(llm.state().usage.sampler?.calls, 8)
  })

  test('a prompt that leaves no room is context-length, and the endpoints are found well', async () => {
    const content = 'word '.repeat(200_000)
    await assert.rejects(
      llm.complete({ input: { messages: [{ role: 'user', content }] }, seed: 1 }, { role: 'sampler', signal, rank: 1 }),
      { retry: 'permanent', code: 'context-length' },
    )
    const [check] = await checkEndpoints({
      roles: { sampler: roleConfig.parse({ endpoints: endpoints(), model: 'simulated' }) },
      rewarders: {},
      signal,
    })
    assert.deepEqual([check?.reachable, check?.servesModel, check?.error], [true, true, null])
  })
})
