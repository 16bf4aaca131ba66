// The thought and the solution, in every shape in which servers give them.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { readChat, readCompletions } from '../../llm/replies.ts'
import { type Said, splitReasoning } from '../../llm/reasoning.ts'
import { noRecordings, recorded } from '../support/recorded-vllm.ts'

const said = (text: string, more: Partial<Said> = {}): Said => ({
  text,
  reasoning: null,
  finishReason: 'stop',
  ...more,
})

test('shapes', () => {
  const rows: [Said, string | null, string, boolean][] = [
    [said('<think>\na\n</think>\n\nb'), 'a', 'b', true],
    [said('a\n</think>\nb'), 'a', 'b', true],
    [said('b'), null, 'b', true],
    [said('b', { finishReason: 'length' }), null, 'b', false],
    [said('<think>\n\n</think>\n\nb'), null, 'b', true],
    [said('<think>a'), 'a', '', false],
    [said('<think>a', { finishReason: 'length' }), 'a', '', false],
    [said('Well. <think>a'), 'Well.\n\na', '', false],
    [said('a</think>'), 'a', '', false],
    [said('a</think>b', { finishReason: 'length' }), 'a', 'b', false],
    [said('a</think>b</think>c'), 'a', 'b</think>c', true],
    [said('b', { reasoning: 'a' }), 'a', 'b', true],
    [said('', { reasoning: 'a', finishReason: 'length' }), 'a', '', false],
    [said('b', { reasoning: '' }), null, 'b', true],
    [said(''), null, '', false],
  ]
  for (const [input, reasoning, solution, complete] of rows)
    assert.deepEqual(splitReasoning(input), { reasoning, solution, complete }, JSON.stringify(input))
})

test('a model whose prompt opened the thought: no closing tag is an unfinished thought', () => {
  assert.deepEqual(splitReasoning(said('a'), { expectsThought: true }), {
    reasoning: 'a',
    solution: '',
    complete: false,
  })
  assert.deepEqual(splitReasoning(said('a</think>b'), { expectsThought: true }), {
    reasoning: 'a',
    solution: 'b',
    complete: true,
  })
})

const free = fc.string({ unit: 'grapheme' }).filter((text) => !/<\/?think>/.test(text))

test('whatever stands between and behind the tags comes back, blanks at the ends aside', () => {
  fc.assert(
    fc.property(
      free,
      free,
      fc.boolean(),
      fc.constantFrom('stop', 'length'),
      (thought, solution, opened, finishReason) => {
        const split = splitReasoning(said(`${opened ? '<think>' : ''}${thought}</think>${solution}`, { finishReason }))
        assert.equal(split.reasoning ?? '', thought.trim())
        assert.equal(split.solution, solution.trim())
        assert.equal(split.complete, finishReason === 'stop' && solution.trim() !== '')
      },
    ),
  )
})

test('the field and the tags give the same split', () => {
  fc.assert(
    fc.property(free, free, (thought, solution) => {
      assert.deepEqual(
        splitReasoning(said(solution, { reasoning: thought })),
        splitReasoning(said(`${thought}</think>${solution}`)),
      )
    }),
  )
})

test('an unfinished thought never has a solution, wherever it is cut', () => {
  fc.assert(
    fc.property(free, fc.nat(), (thought, cut) => {
      const split = splitReasoning(
        said(`<think>${thought}`.slice(0, 7 + (cut % (thought.length + 1))), { finishReason: 'length' }),
      )
      assert.equal(split.solution, '')
      assert.equal(split.complete, false)
    }),
  )
})

describe('recorded replies', { skip: noRecordings }, () => {
  const split = (name: string, kind: 'chat' | 'raw'): ReturnType<typeof splitReasoning> => {
    const reply = recorded(name).body
    const choice = (kind === 'chat' ? readChat(reply, 1) : readCompletions(reply, 1)).choices[0]!
    return splitReasoning(choice)
  }

  test('a parser of the server, an unfinished thought, and no parser', () => {
    assert.deepEqual(split('reasoning_chat', 'chat'), { reasoning: 'dbad', solution: 'cdcadb d', complete: true })
    assert.deepEqual(split('reasoning_chat_truncated', 'chat'), { reasoning: 'cba', solution: '', complete: false })
    const raw = split('reasoning_completions', 'raw')
    assert.notEqual(raw.reasoning, null)
    assert.equal(/<\/?think>/.test(raw.reasoning ?? ''), false)
  })
})
