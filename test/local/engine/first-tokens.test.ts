// The first token of invented problems over HTTP: drawn with exactly the probabilities that are exported, bent by
// temperature, logit_bias, top_k, top_p and min_p, and the same whether one call writes the problem or two.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FIRST_TOKENS, firstTokenProbabilities } from '../../../local/engine/first-tokens.ts'
import type { FirstTokenSampling } from '../../../local/engine/first-tokens.ts'
import { ALGEBRA } from '../../../local/engine/invented-algebra.ts'
import { ARITHMETIC } from '../../../local/engine/invented-arithmetic.ts'
import { COUNTING } from '../../../local/engine/invented-counting.ts'
import { compileFamily } from '../../../local/engine/invented-frame.ts'
import { GEOMETRY } from '../../../local/engine/invented-geometry.ts'
import { NUMBERS } from '../../../local/engine/invented-numbers.ts'
import { tokenize } from '../../../local/engine/tokens.ts'
import type { Front } from '../../../local/engine/front.ts'
import { choiceOf, post, serve } from './served.ts'
import { chiSquare, critical } from '../../support/chi-square.ts'

const prefix = '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n'
const raw = { prompt: prefix, add_special_tokens: false, return_token_ids: true }

/** Counts of the first tokens of `count` seeds. */
async function counts(front: Front, count: number, sampling: object): Promise<Map<number, number>> {
  const found = new Map<number, number>()
  const n = 500
  for (let seed = 0; seed < count; seed += n) {
    const { body } = await post(front, '/v1/completions', { ...raw, ...sampling, n, seed, max_tokens: 1 })
    for (const { token_ids: ids } of body.choices) found.set(ids[0]!, (found.get(ids[0]!) ?? 0) + 1)
  }
  return found
}

describe('the first token', () => {
  it('is the whole first token of the problems that begin with it', async () => {
    const front = await serve({ firstTokens: true })
    for (const { id } of FIRST_TOKENS) {
      const only = { [String(id)]: 100 }
      for (let seed = 0; seed < 40; seed += 1) {
        const choice = await choiceOf(front, '/v1/completions', { ...raw, seed, max_tokens: 400, logit_bias: only })
        assert.equal(tokenize(choice.text)[0], id, choice.text)
        assert.equal(choice.token_ids[0], id)
      }
    }
    assert.ok(FIRST_TOKENS.length >= 12 && FIRST_TOKENS.some(({ text }) => text === '#'))
  })

  const [what, find] = FIRST_TOKENS
  const biased = new Map([
    [what!.id, -100],
    [find!.id, -1.5],
  ])
  const cases: readonly (readonly [name: string, sampling: object, bent: FirstTokenSampling])[] = [
    ['temperature 1', { temperature: 1 }, { temperature: 1 }],
    ['temperature 0.6', { temperature: 0.6 }, { temperature: 0.6 }],
    ['temperature 1.8', { temperature: 1.8 }, { temperature: 1.8 }],
    ['logit_bias', { logit_bias: Object.fromEntries(biased) }, { temperature: 1, logitBias: biased }],
    ['top_k', { top_k: 4 }, { temperature: 1, topK: 4 }],
    ['top_p', { top_p: 0.6, temperature: 1.2 }, { temperature: 1.2, topP: 0.6 }],
    ['min_p', { min_p: 0.3 }, { temperature: 1, minP: 0.3 }],
  ]
  for (const [name, sampling, bent] of cases) {
    it(`comes as often as it should (${name})`, async () => {
      const front = await serve({ firstTokens: true })
      const chances = firstTokenProbabilities(bent)
      const sum = [...chances.values()].reduce((total, chance) => total + chance, 0)
      assert.ok(Math.abs(sum - 1) < 1e-12)
      const { statistic, degrees } = chiSquare(await counts(front, 10_000, sampling), chances)
      assert.ok(statistic < critical(degrees), `${statistic} with ${degrees} degrees`)
    })
  }

  it('is not of another temperature', async () => {
    const front = await serve({ firstTokens: true })
    const found = await counts(front, 10_000, { temperature: 1 })
    const { statistic, degrees } = chiSquare(found, firstTokenProbabilities({ temperature: 1.2 }))
    assert.ok(statistic > critical(degrees), 'the test would see a wrong temperature')
  })

  it('is the likeliest at temperature 0, and after a bias of -100 the next', async () => {
    const front = await serve({ firstTokens: true })
    for (const [bias, expected] of [
      [{}, what!.text],
      [{ [String(what!.id)]: -100 }, find!.text],
    ] as const) {
      const choice = await choiceOf(front, '/v1/completions', {
        ...raw,
        temperature: 0,
        max_tokens: 1,
        logit_bias: bias,
      })
      assert.deepEqual([choice.text, choice.finish_reason], [expected, 'length'])
    }
  })

  it('leads to the same problem in one call and in two', async () => {
    const front = await serve({ firstTokens: true })
    const ids = tokenize(prefix)
    for (let seed = 0; seed < 200; seed += 1) {
      const sampling = { temperature: 1.2, seed }
      const whole = await choiceOf(front, '/v1/completions', { ...raw, ...sampling, max_tokens: 500 })
      const first = await choiceOf(front, '/v1/completions', { ...raw, ...sampling, max_tokens: 1 })
      const prompt = [...ids, ...first.token_ids]
      const rest = await choiceOf(front, '/v1/completions', { prompt, seed, temperature: 0.7, max_tokens: 500 })
      assert.equal(first.text + rest.text, whole.text)
    }
  })

  it('is the only one that the temperature changes, and none is drawn where the option is off', async () => {
    const on = await serve({ firstTokens: true })
    const rests = await Promise.all(
      [0.1, 1, 2].map(async (temperature) => {
        const prompt = `${prefix}How`
        return (await choiceOf(on, '/v1/completions', { prompt, temperature, seed: 5, max_tokens: 500 })).text
      }),
    )
    assert.equal(new Set(rests).size, 1)
    const off = await serve()
    const texts = await Promise.all(
      [0.1, 2].map(async (temperature) => {
        return (await choiceOf(off, '/v1/completions', { ...raw, temperature, seed: 5, max_tokens: 500 })).text
      }),
    )
    assert.equal(texts[0], texts[1])
  })

  it('of Markdown stands before a whole problem', async () => {
    const front = await serve({ firstTokens: true })
    const frames = [...ARITHMETIC, ...ALGEBRA, ...NUMBERS, ...COUNTING, ...GEOMETRY].flatMap(compileFamily)
    for (const [text, beginning] of [
      ['#', '# Problem\n\n'],
      ['**', '**Problem.** '],
    ] as const) {
      const logit_bias = { [String(tokenize(text)[0]!)]: 100 }
      for (let seed = 0; seed < 60; seed += 1) {
        const choice = await choiceOf(front, '/v1/completions', { ...raw, seed, logit_bias, max_tokens: 500 })
        assert.ok(choice.text.startsWith(beginning), choice.text)
        assert.ok(frames.some((frame) => frame.read(choice.text) !== null))
      }
    }
  })
})
