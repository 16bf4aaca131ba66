// Replies are whole or refused: a choice that was cut short never passes for one that ended.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { EngineFailure } from '../../llm/engine-failure.ts'
import { splitReasoning } from '../../llm/reasoning.ts'
import { readChat, readCompletions } from '../../llm/replies.ts'

const finishes = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('stop', 'length', 'content_filter', 'repetition') },
  { weight: 1, arbitrary: fc.constantFrom('abort', 'error', '', null, undefined) },
)
const words = fc.string({ unit: fc.constantFrom('a', '</think>', '<think>', ' '), maxLength: 6 })
const choice = fc.record({ text: words, reasoning: fc.option(words), finish: finishes })

/** A body of either route with these choices at these indexes. */
function bodyOf(
  route: 'chat' | 'raw',
  choices: readonly (typeof choice extends fc.Arbitrary<infer T> ? T : never)[],
  indexes: readonly number[],
): unknown {
  return {
    usage: { prompt_tokens: 1, completion_tokens: 1 },
    choices: choices.map(({ text, reasoning, finish }, at) => ({
      index: indexes[at],
      ...(finish === undefined ? {} : { finish_reason: finish }),
      ...(route === 'chat' ? { message: { content: text, reasoning } } : { text }),
    })),
  }
}

test('what is returned has all its choices, each with an end; what is complete ended by itself', () => {
  let whole = 0
  let refused = 0
  fc.assert(
    fc.property(
      fc.constantFrom('chat' as const, 'raw' as const),
      fc.array(choice, { maxLength: 3 }),
      fc.option(fc.integer({ min: 1, max: 3 })),
      fc.array(fc.nat(2), { minLength: 3, maxLength: 3 }),
      fc.boolean(),
      (route, choices, wanted, anyIndexes, inOrder) => {
        const n = wanted ?? Math.max(1, choices.length)
        const indexes = inOrder ? [0, 1, 2] : anyIndexes
        const read = route === 'chat' ? readChat : readCompletions
        const isWhole =
          choices.length === n &&
          new Set(indexes.slice(0, n)).size === n &&
          Math.max(...indexes.slice(0, n)) === n - 1 &&
          choices.every(({ finish }) => !['abort', 'error', '', null, undefined].includes(finish))
        if (!isWhole) {
          refused += 1
          assert.throws(
            () => read(bodyOf(route, choices, indexes), n),
            (error) => error instanceof EngineFailure && error.retry === 'transient',
          )
          return
        }
        whole += 1
        const reply = read(bodyOf(route, choices, indexes), n)
        for (const [at, index] of indexes.slice(0, n).entries()) {
          const { text, finishReason } = reply.choices[index]!
          assert.deepEqual([text, finishReason], [choices[at]!.text, choices[at]!.finish])
          if (finishReason !== 'stop') assert.equal(splitReasoning(reply.choices[index]!).complete, false)
        }
      },
    ),
    { numRuns: 2000 },
  )
  assert.ok(whole > 100 && refused > 100, `${whole} whole, ${refused} refused: both must be tried`)
})
