// What llm/ relies on in a reward server of each shape, as tests for the simulator and for a real vLLM alike.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChatMessage } from '../../llm/contract.ts'
import type { Engine } from './engine-contract.ts'

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
  tooLong(engine, 'pool')
}

/** A sequence reward model: one raw value, which is not squeezed through a sigmoid. */
export function sequenceScoreContract(engine: Engine): void {
  test('/classify gives one value, and another for another answer', async () => {
    const { client, model } = engine()
    const messages = [QUESTION, GOOD]
    const raw = await client.classify({ model, messages }, signal)
    assert.deepEqual([raw.rows.length, raw.rows[0]!.length], [1, 1])
    const other = await client.classify({ model, messages: [QUESTION, OTHER] }, signal)
    assert.notDeepEqual(other.rows, raw.rows)
  })
  tooLong(engine, 'classify')
}
