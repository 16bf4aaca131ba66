// Texts that take several calls of an engine (docs/sampling.md), through Llm as a run has it: for the simulator and a
// real vLLM alike.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { roleConfig } from '../../llm/config.ts'
import type { Completion, CompletionRequest } from '../../llm/contract.ts'
import { createLlm } from '../../llm/llm.ts'
import { silentLogger } from '../../schemas/logger.ts'
import type { Engine, EngineUnderTest } from './engine-contract.ts'

const signal = new AbortController().signal
const QUESTION = 'What is the value of x when x plus 3 is 7?'
const MESSAGES = [{ role: 'user' as const, content: QUESTION }]
const RAW = `<|im_start|>user\n${QUESTION}<|im_end|>\n<|im_start|>assistant\n`

/**
 * Continuations and the first token's own temperature. Not for models of noise: their texts are full of broken
 * characters, and behind a prompt that ends in one vLLM repeats the prompt in the text.
 */
export function severalCallsContract(engine: Engine): void {
  for (const [kind, input] of [
    ['chat', { messages: MESSAGES }],
    ['raw prompt', { prompt: RAW }],
  ] as const) {
    test(`a ${kind} that was cut goes on to the text of a single call`, async () => {
      const sampling = { temperature: 0, maxTokens: 40 }
      const [uncut] = await ask(engine(), { sampling }, { input })
      const further = { sampling: { ...sampling, maxTokens: 9 }, continue: { maxTokens: 40 } }
      const [grown] = await ask(engine(), further, { input })
      assert.equal(grown!.text, uncut!.text)
      const { finishReason, completionTokens } = uncut!.generation
      assert.deepEqual(
        [grown!.generation.finishReason, grown!.generation.completionTokens],
        [finishReason, completionTokens],
      )
      assert.ok(completionTokens > 9 && grown!.generation.continuations === Math.ceil(completionTokens / 9) - 1)
    })
  }

  test('a first token with a temperature of its own, and none that begins as forbidden', async () => {
    const firstToken = { temperature: 1.5, suppress: ['#'] }
    const request = { input: { prompt: '<|im_start|>user\n' }, n: 4 }
    const choices = await ask(engine(), { sampling: { maxTokens: 24 }, firstToken }, request)
    for (const { text, generation } of choices) {
      assert.equal(generation.firstTemperature, 1.5)
      assert.doesNotMatch(text, /^\s*#/)
      assert.ok(generation.completionTokens <= 24)
    }
    assert.equal(new Set(choices.map(({ text }) => text)).size, 4)
  })
}

async function ask(
  { url, model }: EngineUnderTest,
  config: object,
  request: Omit<CompletionRequest, 'seed'>,
): Promise<Completion[]> {
  const role = roleConfig.parse({ endpoints: [{ url }], model, ...config })
  const llm = createLlm({ roles: { questioner: role }, rewarders: {}, log: silentLogger })
  try {
    return await llm.complete({ ...request, seed: 1 }, { role: 'questioner', signal, rank: 4 })
  } finally {
    await llm.close()
  }
}
