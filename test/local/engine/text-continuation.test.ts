// An answer that max_tokens has cut goes on where it ended: prompt ids plus the ids so far, asked again, give the rest
// of the very same text, however often and wherever it was cut, and in every form in which models write answers.

import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import fc from 'fast-check'
import type { Front } from '../../../local/engine/front.ts'
import { choiceOf, post, serve } from './served.ts'

const messages = [{ role: 'user', content: 'Solve for x: $17x + 205 = 1055$. \n' }]

for (const [name, shape] of [
  ['bare', {}],
  ['thinking', { think: true }],
  ['harmony', { harmony: true }],
  ['bare, with a beginning of text', { bos: '<|begin_of_text|>' }],
] as const) {
  describe(`a cut answer (${name})`, () => {
    let front: Front
    let rendered: number[]
    before(async () => {
      front = await serve(shape)
      rendered = (await post(front, '/tokenize', { messages, add_generation_prompt: true })).body.tokens
    })

    it('goes on to the same end', async () => {
      const piece = fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 4 })
      await fc.assert(
        fc.asyncProperty(fc.nat(10_000), piece, async (seed, cuts) => {
          const body = { seed, temperature: 0.7, return_token_ids: true, skip_special_tokens: false }
          const whole = await choiceOf(front, '/v1/chat/completions', { ...body, messages, max_tokens: 8000 })
          assert.equal(whole.finish_reason, 'stop')
          const ids: number[] = []
          let text = ''
          for (const [index, cut] of [...cuts, 8000].entries()) {
            const limits = { ...body, max_tokens: cut }
            const part =
              index === 0
                ? await choiceOf(front, '/v1/chat/completions', { ...limits, messages })
                : await choiceOf(front, '/v1/completions', { ...limits, prompt: [...rendered, ...ids] })
            ids.push(...part.token_ids)
            text += index === 0 ? (part.message.content ?? '') : part.text
            if (part.finish_reason === 'stop') break
          }
          assert.equal(text, whole.message.content)
          assert.deepEqual(ids, whole.token_ids)
        }),
        { numRuns: 40 },
      )
    })

    it('stands after the ids that the server itself renders and reads back', async () => {
      const { prompt } = (await post(front, '/detokenize', { tokens: rendered })).body
      const again = await post(front, '/tokenize', { prompt, add_special_tokens: false })
      assert.deepEqual(again.body.tokens, rendered)
      const closed = (await post(front, '/tokenize', { messages, add_generation_prompt: false })).body.tokens
      assert.deepEqual(rendered.slice(0, closed.length), closed)
      assert.ok(closed.length < rendered.length)
      const chat = await choiceOf(front, '/v1/chat/completions', { messages, seed: 8 })
      const raw = await choiceOf(front, '/v1/completions', { prompt: rendered, seed: 8, max_tokens: 8000 })
      assert.equal(raw.text, chat.message.content)
    })
  })
}

describe('a cut problem', () => {
  it('goes on to the same end where first tokens are drawn', async () => {
    const front = await serve({ firstTokens: true })
    const prompt = '<|im_start|>user\n'
    for (let seed = 0; seed < 60; seed += 1) {
      const body = { prompt, seed, temperature: 1.2, return_token_ids: true }
      const whole = await choiceOf(front, '/v1/completions', { ...body, max_tokens: 500 })
      const part = await choiceOf(front, '/v1/completions', { ...body, max_tokens: 1 + (seed % 9) })
      const ids = (await post(front, '/tokenize', { prompt })).body.tokens
      const rest = await choiceOf(front, '/v1/completions', {
        ...body,
        prompt: [...ids, ...part.token_ids],
        max_tokens: 500,
      })
      assert.equal(part.text + rest.text, whole.text)
    }
  })
})
