// Follow-ups of the stand-in: asked about the last answer's number by raw prompt and answered by chat, the same again
// for the same seed.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { answerFollowUp, writeFollowUp } from '../../../local/engine/follow-up.ts'
import { createInvented } from '../../../local/engine/invented.ts'
import { boxed } from '../../../local/engine/text-writing.ts'
import { promptPrefix, requireTemplate } from '../../../llm/templates.ts'
import { judgeText } from '../../../processors/screening/rules.ts'
import { screenConfig } from '../../../processors/screen.ts'

const SAMPLING = { temperature: 1, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1, maxTokens: 4096, stop: [] }

const said = (answer: string, question?: string) => [
  { role: 'user', content: 'What is 3 + 4?' },
  { role: 'assistant', content: answer },
  ...(question === undefined ? [] : [{ role: 'user', content: `${question}\n\nPlease reason step by step.` }]),
]

describe('a follow-up of the stand-in', () => {
  it('is a question that screening takes, and its answers are mostly right', () => {
    let right = 0
    const seeds = Array.from({ length: 200 }, (_, seed) => seed)
    for (const seed of seeds) {
      const question = writeFollowUp(said('It is $\\boxed{1{,}207}$.'), seed)
      assert.ok(question !== null)
      assert.ok('language' in judgeText(question, 'stop', screenConfig.parse({})), question)
      const answer = answerFollowUp(said('It is $\\boxed{1{,}207}$.', question), seed) ?? ''
      const by = Number(/\d+/.exec(question)?.[0])
      const values = { multiply: 1207 * by, more: 1207 + by, reduced: 1207 - by, square: 1207 ** 2 % by }
      const [, value] = Object.entries(values).find(([word]) => question.includes(word))!
      if (boxed(answer)?.replaceAll(/[{},]/g, '') === String(value)) right += 1
    }
    assert.ok(right > 150 && right < 200, `${right} of 200`)
  })

  it('is none where the answer has no whole number or the question is another', () => {
    assert.equal(writeFollowUp(said('It is \\boxed{\\frac{1}{2}}.'), 1), null)
    assert.equal(writeFollowUp([{ role: 'user', content: '\\boxed{3}' }], 1), null)
    assert.equal(answerFollowUp(said('\\boxed{3}', 'What is 1 + 1?'), 1), null)
    assert.equal(answerFollowUp([{ role: 'user', content: 'And how much is 3 more than that?' }], 1), null)
  })

  it('comes from a raw prompt of several turns, in the template of each family', async () => {
    const engine = createInvented()
    const past = [{ user: 'What is 3 + 4?', assistant: 'It is $\\boxed{7}$.' }]
    for (const name of ['qwen2.5', 'smollm2', 'deepseek-r1', 'llama-3', 'gemma-2', 'phi-4', 'mistral-v3', 'gpt-oss']) {
      const text = promptPrefix(requireTemplate(name), { past }).prompt
      const prompt = { text, tokens: engine.tokenize(text, { addSpecialTokens: false }) }
      const ask = (seed: number) =>
        engine.complete(prompt, { ...SAMPLING, seed, stopTokenIds: [] }, { signal: new AbortController().signal })
      const { text: question } = await ask(5)
      assert.match(question, /that|the answer/, name)
      assert.equal((await ask(5)).text, question)
    }
    await engine.close()
  })

  it('never throws, whatever stands before', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat(), (answer, question, seed) => {
        const messages = said(`${answer}\\boxed{${answer}}`, question)
        assert.doesNotThrow(() => [writeFollowUp(messages, seed), answerFollowUp(messages, seed)])
      }),
    )
  })
})
