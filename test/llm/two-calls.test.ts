// The two-call method is exact in distribution: counts of first and second tokens against their exact probabilities,
// by Pearson's chi-square with fixed seeds. The engine here draws as a real one does: a generator seeded by the
// request, one draw a token, so that equal seeds draw alike.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { completeRequest } from '../../llm/complete.ts'
import { roleConfig } from '../../llm/config.ts'
import type { AskRole } from '../../llm/further-call.ts'
import type { EngineCall, EngineClient } from '../../llm/engine-client.ts'
import type { Choice } from '../../llm/replies.ts'
import { questionSeed } from '../../llm/seeds.ts'
import { createDice } from '../../local/engine/random.ts'
import { createScriptedEngine, plainManners } from './scripted-engine.ts'

/** The vocabulary; the last one ends the text. */
const TOKENS = ['What', ' is', '#', '##', '.', ''] as const
const END = TOKENS.length - 1
const PROMPT = [100, 101]

/** Logits of the next token: they depend on the last one. */
const LOGITS: readonly (readonly number[])[] = [
  [0.1, 1.5, 0.2, 0.3, 0.4, 0.5],
  [1.0, 0.0, 0.5, 0.2, 0.9, 0.4],
  [1.2, 0.7, 0.1, 0.6, 0.3, 0.2],
  [0.3, 0.8, 0.9, 0.1, 0.2, 0.7],
  [0.6, 0.2, 0.4, 0.8, 0.1, 1.1],
]
const FIRST = [1.4, 0.2, 1.1, 0.6, 0.0, -0.4]

function chances(last: number | null, temperature: number, bias: Readonly<Record<string, number>> = {}): number[] {
  const logits = (last === null ? FIRST : LOGITS[last]!).map((logit, id) => logit + (bias[String(id)] ?? 0))
  const weights = logits.map((logit) => Math.exp(logit / temperature))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => weight / sum)
}

function draw(dice: { uniform(): number }, of: readonly number[]): number {
  let left = dice.uniform()
  const at = of.findIndex((chance) => (left -= chance) < 0)
  return at === -1 ? of.length - 1 : at
}

/** seedOf: what a wrong client would do to the seeds; the identity for ours. */
function createClient(seedOf: (seed: number) => number = (seed) => seed): EngineClient {
  const choiceOf = (call: EngineCall, index: number): Choice => {
    const dice = createDice(seedOf(call.seed) + index)
    const said = 'tokenIds' in call.input ? call.input.tokenIds.slice(PROMPT.length) : []
    const ids: number[] = []
    while (ids.length < call.sampling.maxTokens) {
      const last = ids.at(-1) ?? said.at(-1) ?? null
      ids.push(draw(dice, chances(last, call.sampling.temperature, ids.length === 0 ? call.logitBias : {})))
      if (ids.at(-1) === END) break
    }
    const ended = ids.at(-1) === END
    const text = ids.map((id) => TOKENS[id]).join('')
    return { text, reasoning: null, finishReason: ended ? 'stop' : 'length', stopReason: null, tokenIds: ids }
  }
  return {
    ...createScriptedEngine(() => [], plainManners).client,
    complete: (call) => {
      const choices = Array.from({ length: call.n }, (_, index) => choiceOf(call, index))
      const completionTokens = choices.reduce((sum, { tokenIds }) => sum + tokenIds!.length, 0)
      return Promise.resolve({ choices, promptTokens: 2, cachedTokens: 0, promptTokenIds: PROMPT, completionTokens })
    },
    // The longest token that begins the text; what is no token is some other one.
    tokenize: ({ ...call }) => {
      const text = 'prompt' in call ? call.prompt : ''
      const found = TOKENS.slice(0, END)
        .filter((token) => text.startsWith(token))
        .toSorted((a, b) => b.length - a.length)[0]
      return Promise.resolve({ tokens: [found === undefined ? 0 : TOKENS.indexOf(found)], maxModelLen: null })
    },
    detokenize: ({ tokens }) => Promise.resolve(tokens.map((id) => TOKENS[id] ?? '').join('')),
  }
}

const SLOTS = 1250
const CHOICES = 8
const TEMPERATURE = 0.7
const FLAMING = 1.2

/** How often each pair of first and second token came in SLOTS requests of CHOICES: [first × 6 + second]. */
async function pairs(firstToken: object | undefined, client: EngineClient): Promise<number[]> {
  const counts = Array.from({ length: TOKENS.length ** 2 }, () => 0)
  const config = roleConfig.parse({
    endpoints: [{ url: 'http://a:1' }],
    model: 'a/model',
    sampling: { temperature: TEMPERATURE, maxTokens: 2 },
    firstToken,
    // Only so that a plain request tells its ids too.
    continue: { maxTokens: 2 },
  })
  const seen: number[][] = []
  const watched: EngineClient = {
    ...client,
    complete: async (asked, given) => {
      const reply = await client.complete(asked, given)
      const said = 'tokenIds' in asked.input ? asked.input.tokenIds.slice(PROMPT.length) : []
      for (const { tokenIds } of reply.choices) {
        const ids = [...said, ...tokenIds!]
        if (ids.length === 2 || ids[0] === END) seen.push(ids)
      }
      return reply
    },
  }
  const { signal } = new AbortController()
  const ask: AskRole = async (_n, _asks, call) => ({
    value: await call(watched, signal),
    endpoint: 'http://a:1',
    attempts: 1,
    milliseconds: 1,
    usd: null,
  })
  for (let slot = 0; slot < SLOTS; slot += 1)
    await completeRequest(
      { name: 'questioner', config, template: null },
      { input: { prompt: 'p' }, n: CHOICES, seed: questionSeed(0, slot, CHOICES) },
      ask,
    )
  // A text that ended at once has no second token: it counts as (end, end).
  for (const [first = END, second = END] of seen) counts[first * TOKENS.length + second]! += 1
  assert.equal(seen.length, SLOTS * CHOICES)
  return counts
}

function expectedPairs(first: readonly number[]): number[] {
  return first.flatMap((chance, token) =>
    TOKENS.map((_, second) =>
      token === END ? (second === END ? chance : 0) : chance * chances(token, TEMPERATURE)[second]!,
    ),
  )
}

/** Pearson's statistic, sum of (seen - expected)² / expected, over the cells that can come; the others must be empty. */
function pearson(counts: readonly number[], of: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0)
  return of.reduce((sum, chance, cell) => {
    const expected = total * chance
    if (expected < 1e-6) {
      assert.equal(counts[cell], 0, `cell ${cell} came and cannot`)
      return sum
    }
    return sum + (counts[cell]! - expected) ** 2 / expected
  }, 0)
}

function sums(counts: readonly number[]): number[] {
  return TOKENS.map((_, first) =>
    counts.slice(first * TOKENS.length, (first + 1) * TOKENS.length).reduce((sum, count) => sum + count, 0),
  )
}

/** Passed once in 10,000 times by chi-square: 5 degrees (6 first tokens), 30 (31 pairs), 3 and 20 without "#" and "##". */
const CRITICAL = { 3: 21.11, 5: 25.74, 20: 52.39, 30: 67.63 } as const

describe('10,000 texts', () => {
  test('the first token has its own temperature, the second that of the role given the first', async () => {
    const counts = await pairs({ temperature: FLAMING }, createClient())
    const first = chances(null, FLAMING)
    const [alone, together] = [pearson(sums(counts), first), pearson(counts, expectedPairs(first))]
    assert.ok(alone < CRITICAL[5], `first tokens: ${alone}`)
    assert.ok(together < CRITICAL[30], `pairs: ${together}`)
  })

  test('without a temperature of its own the two calls are as one', async () => {
    const of = expectedPairs(chances(null, TEMPERATURE))
    const [one, two] = [await pairs(undefined, createClient()), await pairs({}, createClient())]
    for (const counts of [one, two]) assert.ok(pearson(counts, of) < CRITICAL[30], String(pearson(counts, of)))
  })

  test('suppressed beginnings never come first, and the others keep their odds; later they come as ever', async () => {
    const counts = await pairs({ suppress: ['#'] }, createClient())
    const first = chances(null, TEMPERATURE, { 2: -Infinity, 3: -Infinity })
    const [alone, together] = [pearson(sums(counts), first), pearson(counts, expectedPairs(first))]
    assert.ok(alone < CRITICAL[3], `first tokens: ${alone}`)
    assert.ok(together < CRITICAL[20], `pairs: ${together}`)
  })

  test('the test would see another temperature, and a second call with the seed of the first', async () => {
    const counts = await pairs({ temperature: FLAMING }, createClient())
    assert.ok(pearson(sums(counts), chances(null, TEMPERATURE)) > 10 * CRITICAL[5])
    const alike = await pairs(
      { temperature: FLAMING },
      createClient((seed) => seed % 2 ** 44),
    )
    assert.ok(pearson(alike, expectedPairs(chances(null, FLAMING))) > 10 * CRITICAL[30])
  })
})
