// What llm/ relies on in a reward server of each shape, as tests for the simulator and for a real vLLM alike.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type RewarderConfig, rewarderConfig } from '../../llm/config.ts'
import type { ChatMessage, Score } from '../../llm/contract.ts'
import { createLlm } from '../../llm/llm.ts'
import { silentLogger } from '../../schemas/logger.ts'
import type { Engine, EngineUnderTest } from './engine-contract.ts'

const signal = new AbortController().signal
const QUESTION: ChatMessage = { role: 'user', content: 'What is the value of x when x plus 3 is 7?' }
const GOOD: ChatMessage = { role: 'assistant', content: 'Step 1: subtract 3 from both sides. The answer is 4.' }
const OTHER: ChatMessage = { role: 'assistant', content: 'The answer is 5.' }
const MARKED: ChatMessage = { role: 'assistant', content: 'Step 1: subtract 3.<extra_0>Step 2: it is 4.<extra_0>' }

/** A conversation is too long for its model as a permanent failure that names the context. */
function tooLong(engine: Engine, route: 'pool' | 'classify'): void {
  test(`/${route === 'pool' ? 'pooling' : 'classify'} of a conversation beyond the context is context-length`, async () => {
    const { client, model } = engine()
    const messages = [QUESTION, { role: 'assistant' as const, content: 'word and '.repeat(4000) }]
    await assert.rejects(client[route]({ model, messages }, signal), { retry: 'permanent', code: 'context-length' })
  })
}

/** A token reward model: one raw value a token of the rendered conversation. */
export function tokenScoreContract(engine: Engine): void {
  test('/pooling gives one value a token of the conversation without a new turn', async () => {
    const { client, model } = engine()
    const messages = [QUESTION, GOOD]
    const { tokens } = await client.tokenize({ model, messages, addGenerationPrompt: false }, signal)
    const pooled = await client.pool({ model, messages }, signal)
    assert.equal(pooled.rows.length, tokens.length)
    assert.equal(pooled.tokens, tokens.length)
    assert.ok(pooled.rows.every((row) => row.length === 1 && Number.isFinite(row[0])))
    assert.deepEqual((await client.pool({ model, messages }, signal)).rows, pooled.rows, 'the same again')
    const other = await client.pool({ model, messages: [QUESTION, OTHER] }, signal)
    assert.notEqual(other.rows.at(-1)![0], pooled.rows.at(-1)![0])
  })

  test('base64 is the same values, as 32-bit floats', async () => {
    const { client, model } = engine()
    const messages = [QUESTION, GOOD]
    const { rows } = await client.pool({ model, messages }, signal)
    const packed = await client.pool({ model, messages, base64: true }, signal)
    assert.deepEqual(
      packed.rows,
      rows.map(([value]) => [Math.fround(value!)]),
    )
  })

  test('the score is the value of the last token', async () => {
    const { client, model } = engine()
    const { rows } = await client.pool({ model, messages: [QUESTION, GOOD] }, signal)
    const score = await scored(engine(), 'token-rm', GOOD)
    assert.deepEqual([score.error, score.value, score.tokens], [null, rows.at(-1)![0], rows.length])
  })
  tooLong(engine, 'pool')
}

/** A process reward model: the chances of wrong and right at each mark. */
export function processScoreContract(engine: Engine): void {
  test('/pooling gives two chances a step mark', async () => {
    const { client, model } = engine()
    const { rows } = await client.pool({ model, messages: [QUESTION, MARKED] }, signal)
    assert.equal(rows.length, 2)
    for (const row of rows) {
      assert.equal(row.length, 2)
      assert.ok(Math.abs(row[0]! + row[1]! - 1) < 1e-4 && row.every((chance) => chance >= 0 && chance <= 1), row.join())
    }
  })

  test('the score has a value a step of the answer, and the least of them as its own', async () => {
    const score = await scored(engine(), 'process-rm', { ...GOOD, content: 'Subtract 3.\n\nIt is 4.\n\nDone.' })
    assert.deepEqual([score.error, score.steps.length], [null, 3])
    assert.equal(score.value, Math.min(...score.steps))
    assert.ok(score.steps.every((step) => step >= 0 && step <= 1))
  })
  tooLong(engine, 'pool')
}

/** A sequence reward model: one raw value, which is not squeezed through a sigmoid. */
export function sequenceScoreContract(engine: Engine): void {
  test('/classify gives one raw value where it is asked for, else its sigmoid', async () => {
    const { client, model } = engine()
    const raw = await rawValue(engine(), GOOD)
    const squeezed = await client.classify({ model, messages: [QUESTION, GOOD] }, signal)
    assert.ok(Math.abs(squeezed.rows[0]![0]! - 1 / (1 + Math.exp(-raw))) < 1e-5, `${squeezed.rows.join()} of ${raw}`)
    assert.notEqual(await rawValue(engine(), OTHER), raw)
  })

  test('the score is the raw value', async () => {
    const score = await scored(engine(), 'sequence-rm', GOOD)
    assert.deepEqual([score.error, score.value], [null, await rawValue(engine(), GOOD)])
  })
  tooLong(engine, 'classify')
}

async function rawValue({ client, model }: EngineUnderTest, answer: ChatMessage): Promise<number> {
  const activation = { name: 'use_activation', on: false } as const
  const { rows } = await client.classify({ model, messages: [QUESTION, answer], activation }, signal)
  assert.deepEqual([rows.length, rows[0]?.length], [1, 1])
  return rows[0]![0]!
}

/** The score of an answer as the reward stage gets it. */
async function scored(
  { url, model }: EngineUnderTest,
  kind: RewarderConfig['kind'],
  answer: ChatMessage,
): Promise<Score> {
  const rewarder = { ...rewarderConfig.parse({ endpoints: [{ url }], model }), kind }
  const llm = createLlm({ roles: {}, rewarders: { held: rewarder }, log: silentLogger })
  try {
    return await llm.score([QUESTION, answer], { role: 'reward:held', signal, rank: 0 })
  } finally {
    await llm.close()
  }
}
