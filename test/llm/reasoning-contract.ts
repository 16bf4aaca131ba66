// What llm/ relies on in an engine whose model thinks, for the simulator and a real vLLM alike.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EngineCall } from '../../llm/engine-client.ts'
import { splitReasoning } from '../../llm/reasoning.ts'
import type { Engine, EngineUnderTest } from './engine-contract.ts'

const signal = new AbortController().signal

/** Where the thought of a chat is: with a parser beside the text, without one inside it. */
export function reasoningContract(
  engine: Engine,
  thinking: {
    parser: boolean
    closed: (engine: EngineUnderTest) => EngineCall
    cut: (engine: EngineUnderTest) => EngineCall
  },
): void {
  test('a closed thought is split from the answer', async () => {
    const { choices } = await engine().client.complete(thinking.closed(engine()), signal)
    const said = choices.map((choice) => ({ choice, split: splitReasoning(choice, { expectsThought: true }) }))
    // A model of noise closes its thought more than once: what follows the first close is its answer.
    const closed = said.filter(({ split }) => split.thought === 'closed' && split.solution !== '')
    assert.ok(closed.length > 0, 'no choice has closed its thought and gone on')
    for (const { choice, split } of closed) {
      assert.equal(choice.reasoning !== null, thinking.parser, 'the thought stands beside the text only with a parser')
      assert.doesNotMatch(split.reasoning ?? '', /<\/?think>/)
    }
  })

  test('a thought that was cut is unfinished and never a solution', async () => {
    const { choices } = await engine().client.complete(thinking.cut(engine()), signal)
    for (const choice of choices) {
      assert.equal(choice.finishReason, 'length')
      const split = splitReasoning(choice, { expectsThought: true })
      assert.deepEqual([split.thought, split.solution, split.complete], ['unfinished', '', false])
      assert.ok((split.reasoning ?? '').length > 0)
    }
  })
}
