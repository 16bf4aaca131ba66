// The first token at a temperature of its own, over real HTTP against the simulator, whose probabilities are known:
// counts of 3,200 texts against the exact ones by Pearson's chi-square, seeds fixed. The critical value is passed by
// chance once in 10,000 times.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { roleConfig } from '../../llm/config.ts'
import type { Completion } from '../../llm/contract.ts'
import { createLlm } from '../../llm/llm.ts'
import { questionSeed } from '../../llm/seeds.ts'
import { promptPrefix, requireTemplate } from '../../llm/templates.ts'
import { FIRST_TOKENS, firstTokenProbabilities } from '../../local/engine/first-tokens.ts'
import { type Front, startFront } from '../../local/engine/front.ts'
import { createInvented } from '../../local/engine/invented.ts'
import { silentLogger } from '../../schemas/logger.ts'
import { chiSquare, critical } from '../support/chi-square.ts'

const TEXTS = 3_200
const CHOICES = 8
const { prompt } = promptPrefix(requireTemplate('qwen2.5-math-72b'), { controlTask: 'math' })

describe('first tokens on the simulator', () => {
  const signal = new AbortController().signal
  let front: Front
  before(async () => {
    const engine = createInvented({ firstTokens: true })
    front = await startFront({ engine, port: 0, slots: 64, log: silentLogger, anyModel: true })
  })
  after(() => front.close())

  /** Texts of a questioner at 0.7 whose first token is drawn as `firstToken` says. */
  async function textsWith(firstToken: object | undefined): Promise<Completion[]> {
    const endpoints = [{ url: front.url }]
    const model = 'Qwen/Qwen2.5-Math-72B-Instruct'
    const sampling = { temperature: 0.7, maxTokens: 256 }
    const questioner = roleConfig.parse({ endpoints, model, sampling, ...(firstToken && { firstToken }) })
    const llm = createLlm({ roles: { questioner }, rewarders: {}, log: silentLogger })
    try {
      const asked = Array.from({ length: TEXTS / CHOICES }, (_, slot) =>
        llm.complete(
          { input: { prompt }, n: CHOICES, seed: questionSeed(0, slot, CHOICES) },
          { role: 'questioner', signal, rank: 4 },
        ),
      )
      return (await Promise.all(asked)).flat()
    } finally {
      await llm.close()
    }
  }

  /** How many texts begin with each opener; the longest opener that fits is the one. */
  function openersOf(texts: readonly Completion[]): Map<number, number> {
    const found = new Map<number, number>()
    const byLength = FIRST_TOKENS.toSorted((a, b) => b.text.length - a.text.length)
    for (const { text } of texts) {
      const opener = byLength.find((token) => text.startsWith(token.text))
      assert.ok(opener !== undefined, text)
      found.set(opener.id, (found.get(opener.id) ?? 0) + 1)
    }
    return found
  }

  for (const [name, firstToken, temperature] of [
    ['one call at 0.7', undefined, 0.7],
    ['two calls, the first token at 1.6', { temperature: 1.6 }, 1.6],
  ] as const) {
    test(`${name}: the counts fit, and would not fit another temperature`, async () => {
      const texts = await textsWith(firstToken)
      const found = openersOf(texts)
      const { statistic, degrees } = chiSquare(found, firstTokenProbabilities({ temperature }))
      assert.ok(statistic < critical(degrees), `${statistic} with ${degrees} degrees, critical ${critical(degrees)}`)
      const other = chiSquare(found, firstTokenProbabilities({ temperature: temperature === 0.7 ? 1.6 : 0.7 }))
      assert.ok(other.statistic > 10 * critical(degrees), 'the test tells them apart')
      assert.ok(texts.every(({ generation }) => generation.firstTemperature === (firstToken?.temperature ?? null)))
      assert.ok(texts.every(({ generation }) => generation.finishReason === 'stop'))
    })
  }

  test('Markdown openers suppressed: none comes, and the others keep their proportions', async () => {
    const found = openersOf(await textsWith({ suppress: ['#', '**'] }))
    const forbidden = FIRST_TOKENS.filter(({ text }) => text === '#' || text === '**')
    assert.deepEqual(
      forbidden.map(({ id }) => found.get(id) ?? 0),
      [0, 0],
    )
    const logitBias = new Map(forbidden.map(({ id }) => [id, -100]))
    const { statistic, degrees } = chiSquare(found, firstTokenProbabilities({ temperature: 0.7, logitBias }))
    assert.ok(statistic < critical(degrees), `${statistic} with ${degrees} degrees, critical ${critical(degrees)}`)
  })
})
