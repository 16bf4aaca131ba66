// Reward models of every shape over HTTP: which routes each has, and numbers that mean what the shape says.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { base64 } from '../../../local/engine/front-score-shapes.ts'
import { createInventor } from '../../../local/engine/invented.ts'
import { noRecordings, recorded } from '../../support/recorded-vllm.ts'
import { post, serve } from './served.ts'

const PRM = 'Qwen/Qwen2.5-Math-PRM-7B'
const SEQUENCE = 'Skywork/Skywork-Reward-V2-Qwen3-8B'
const TOKEN = 'Qwen/Qwen2.5-Math-RM-72B'
const messages = [
  { role: 'user', content: 'Solve for x: $17x + 205 = 1055$.' },
  { role: 'assistant', content: 'Subtract 205.\n\nIt is $\\boxed{50}$.' },
]

describe('one server of several reward models', () => {
  it('answers each by its name, and has no /classify for those that vLLM has none for', async () => {
    const front = await serve()
    const token = await post(front, '/pooling', { model: TOKEN, messages })
    const process = await post(front, '/pooling', { model: PRM, messages })
    const sequence = await post(front, '/pooling', { model: SEQUENCE, messages })
    assert.equal((token.body.data[0]!.data as number[][]).length, token.body.usage['prompt_tokens'])
    assert.deepEqual(process.body.data[0]!.data, [], 'no step mark, no score')
    assert.equal(typeof (sequence.body.data[0]!.data as number[])[0], 'number')
    const statuses = await Promise.all(
      [TOKEN, PRM, SEQUENCE].map(async (model) => (await post(front, '/classify', { model, messages })).status),
    )
    assert.deepEqual(statuses, [404, 404, 200])
  })

  it('of one --reward-shape answers every name alike, and of one runner has only its routes', async () => {
    const process = await serve({}, { rewardShape: 'process', runner: 'pooling' })
    assert.deepEqual((await post(process, '/pooling', { model: TOKEN, messages })).body.data[0]!.data, [])
    assert.equal((await post(process, '/v1/completions', { prompt: 'a' })).status, 404)
    assert.equal((await post(process, '/tokenize', { prompt: 'a' })).status, 200)
    const generation = await serve({}, { runner: 'generate' })
    assert.equal((await post(generation, '/pooling', { messages })).status, 404)
    assert.equal((await post(generation, '/v1/completions', { prompt: 'a' })).status, 200)
  })
})

describe('a sequence model', () => {
  const logit = (probability: number): number => Math.log(probability / (1 - probability))

  it('answers probabilities unless use_activation is false, and does not know the old name', async () => {
    const front = await serve()
    const probs = async (extra: object): Promise<number> =>
      (await post(front, '/classify', { model: SEQUENCE, messages, ...extra })).body.data[0]!.probs[0]!
    const raw = await probs({ use_activation: false })
    const activated = await probs({})
    assert.ok(activated > 0 && activated < 1)
    assert.ok(Math.abs(logit(activated) - raw) < 1e-4, `${activated} is no sigmoid of ${raw}`)
    assert.equal(await probs({ activation: false }), activated)
    assert.equal(await probs({ use_activation: true }), activated)
    const pooled = await post(front, '/pooling', { model: SEQUENCE, messages, use_activation: false })
    assert.deepEqual(pooled.body.data[0]!.data, [raw])
  })

  it('scores a question against texts, and ranks them', async () => {
    const front = await serve()
    const documents = ['It is $\\boxed{49}$.', messages[1]!.content]
    const query = messages[0]!.content
    const scores = await post(front, '/score', { model: SEQUENCE, queries: query, documents })
    const old = await post(front, '/score', { model: SEQUENCE, text_1: query, text_2: documents })
    assert.deepEqual(scores.body.data, old.body.data)
    const ranked = (await post(front, '/rerank', { model: SEQUENCE, query, documents })).body as unknown as {
      results: { index: number; relevance_score: number }[]
    }
    const best = [...scores.body.data].sort((left, right) => right.score - left.score)
    assert.deepEqual(
      ranked.results.map(({ relevance_score: score }) => score),
      best.map(({ score }) => score),
    )
    assert.deepEqual(ranked.results.map(({ index }) => index).sort(), [0, 1])
    assert.equal((await post(front, '/score', { model: PRM, queries: query, documents })).status, 404)
    assert.equal((await post(front, '/score', { model: SEQUENCE, queries: query })).status, 400)
  })
})

describe('a process model', () => {
  it('gives right solutions high steps, and wrong ones a fall at the wrong step', async () => {
    const front = await serve()
    const author = createInventor()
    const score = async (question: string, steps: readonly string[]): Promise<number[]> => {
      const content = `${steps.join('<extra_0>')}<extra_0>`
      const body = {
        model: PRM,
        messages: [
          { role: 'user', content: question },
          { role: 'assistant', content },
        ],
      }
      const pairs = (await post(front, '/pooling', body)).body.data[0]!.data as [number, number][]
      assert.equal(pairs.length, steps.length)
      for (const [no, yes] of pairs) assert.ok(Math.abs(no + yes - 1) < 1e-6)
      return pairs.map(([, yes]) => yes)
    }
    const question = messages[0]!.content
    const lowest = { right: [] as number[], wrong: [] as number[] }
    const untilSlip: number[] = []
    for (let seed = 0; seed < 60; seed += 1) {
      const answer = author.answer(question, seed)
      const yes = await score(question, answer.split('\n\n'))
      assert.deepEqual(await score(question, answer.split('\n\n')), yes, 'the same text, the same scores')
      const isRight = answer.includes('\\boxed{50}') || answer.endsWith('$50$.')
      lowest[isRight ? 'right' : 'wrong'].push(Math.min(...yes))
      if (!isRight) untilSlip.push(yes[0]!)
    }
    assert.ok(lowest.right.length > 10 && lowest.wrong.length > 5)
    assert.ok(Math.min(...lowest.right) > 0.5, `${Math.min(...lowest.right)}`)
    assert.ok(Math.max(...lowest.wrong) < 0.5, `${Math.max(...lowest.wrong)}`)
    assert.ok(Math.min(...untilSlip) > 0.5, 'the way to the slip is right')
  })

  it('gives logits of the same pairs where no activation is asked for', async () => {
    const front = await serve({}, { rewardShape: 'process' })
    const input = 'One.<extra_0>Two.<extra_0>'
    const pairs = (await post(front, '/pooling', { input })).body.data[0]!.data as [number, number][]
    const raw = (await post(front, '/pooling', { input, use_activation: false })).body.data[0]!.data as typeof pairs
    for (const [index, [no, yes]] of raw.entries())
      assert.ok(Math.abs(1 / (1 + Math.exp(no - yes)) - pairs[index]![1]) < 1e-5)
  })
})

describe('base64', () => {
  it('is the float32 values of the same reply, row after row', async () => {
    const front = await serve()
    for (const model of [TOKEN, PRM, SEQUENCE]) {
      const input = 'One.<extra_0>Two.<extra_0>'
      const plain = (await post(front, '/pooling', { model, input })).body.data[0]!.data as number[][]
      const packed = (await post(front, '/pooling', { model, input, encoding_format: 'base64' })).body.data[0]!.data
      const bytes = Buffer.from(packed as string, 'base64')
      const values = Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(4 * at))
      assert.deepEqual(values, plain.flat())
    }
  })

  it('is what the real server made of the same values', { skip: noRecordings }, () => {
    const rows = (name: string): unknown => (recorded(name).body as { data: { data: unknown }[] }).data[0]!.data
    assert.equal(base64(rows('rm_pooling_input') as number[][]), rows('rm_pooling_base64'))
  })
})
