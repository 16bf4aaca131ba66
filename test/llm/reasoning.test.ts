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

type Thought = 'none' | 'closed' | 'unfinished'

/** What was said, the thought, the solution, what became of the thought, complete or not. */
type Row = [Said, string | null, string, Thought, boolean]

function holds(rows: readonly Row[], options: Parameters<typeof splitReasoning>[1] = {}): void {
  for (const [input, reasoning, solution, thought, complete] of rows)
    assert.deepEqual(splitReasoning(input, options), { reasoning, solution, thought, complete }, JSON.stringify(input))
}

test('tags and fields', () => {
  holds([
    [said('<think>\na\n</think>\n\nb'), 'a', 'b', 'closed', true],
    [said('a\n</think>\nb'), 'a', 'b', 'closed', true],
    [said('b'), null, 'b', 'none', true],
    [said('b', { finishReason: 'length' }), null, 'b', 'none', false],
    [said('<think>\n\n</think>\n\nb'), null, 'b', 'closed', true],
    [said('<think>a'), 'a', '', 'unfinished', false],
    [said('<think>a', { finishReason: 'length' }), 'a', '', 'unfinished', false],
    [said('Well. <think>a'), 'Well.\n\na', '', 'unfinished', false],
    [said('a</think>'), 'a', '', 'closed', false],
    [said('a</think>b', { finishReason: 'length' }), 'a', 'b', 'closed', false],
    [said('b', { reasoning: 'a' }), 'a', 'b', 'closed', true],
    [said('', { reasoning: 'a', finishReason: 'length' }), 'a', '', 'unfinished', false],
    [said('', { reasoning: 'a' }), 'a', '', 'unfinished', false],
    [said('b', { reasoning: '' }), null, 'b', 'none', true],
    [said(''), null, '', 'none', false],
  ])
})

test('the first closing tag wins: later ones, in code or in words, belong to the solution', () => {
  const code = 'b\n```html\n</think>\n```'
  holds([
    [said('a</think>b</think>c'), 'a', 'b</think>c', 'closed', true],
    [said(`a</think>${code}`), 'a', code, 'closed', true],
    [said('a</think>b <think>c</think> d'), 'a', 'b <think>c</think> d', 'closed', true],
    // The server's parser closed it: what stands in the text is the solution's own.
    [said('b</think>c', { reasoning: 'a' }), 'a', 'b</think>c', 'closed', true],
  ])
})

test('thoughts that follow one another are one', () => {
  holds([
    [said('<think>a</think>\n<think>b</think>c'), 'a\n\nb', 'c', 'closed', true],
    [said('a</think><think></think><think>b</think>c'), 'a\n\nb', 'c', 'closed', true],
    [said('a</think> <think>b'), 'a\n\nb', '', 'unfinished', false],
    [said('<think>b</think>c', { reasoning: 'a' }), 'a\n\nb', 'c', 'closed', true],
  ])
})

test("a template's own markers", () => {
  const markers = { open: '[THINK]', close: '[/THINK]' }
  holds(
    [
      [said('[THINK]a[/THINK]b'), 'a', 'b', 'closed', true],
      [said('a[/THINK]b'), 'a', 'b', 'closed', true],
      [said('[THINK]a'), 'a', '', 'unfinished', false],
      [said('a</think>b'), 'a', 'b', 'closed', true],
      [said('b'), null, 'b', 'none', true],
    ],
    { markers },
  )
})

test('a model whose prompt opened the thought: no closing tag is an unfinished thought', () => {
  holds(
    [
      [said('a'), 'a', '', 'unfinished', false],
      [said('a</think>b'), 'a', 'b', 'closed', true],
    ],
    { expectsThought: true },
  )
  const markers = { open: '<think>', close: '</think>', openInPrompt: true }
  holds(
    [
      [said('a', { finishReason: 'length' }), 'a', '', 'unfinished', false],
      [said('a'), 'a', '', 'unfinished', false],
    ],
    { markers },
  )
  // Told that a gateway cuts thoughts off: a text that ended by itself is a solution.
  holds(
    [
      [said('a', { finishReason: 'length' }), 'a', '', 'unfinished', false],
      [said('a'), null, 'a', 'none', true],
    ],
    { expectsThought: false, markers },
  )
})

describe('harmony', () => {
  const markers = { open: '<|channel|>analysis<|message|>', close: '<|end|>' }
  const analysis = '<|channel|>analysis<|message|>a<|end|>'
  const call = '<|start|>assistant<|channel|>commentary to=functions.sum <|constrain|>json<|message|>{"x":1}<|call|>'
  const final = '<|start|>assistant<|channel|>final<|message|>b'
  const rows: Row[] = [
    [said(`${analysis}${final}<|return|>`), 'a', 'b', 'closed', true],
    [said(`${analysis}${final}`), 'a', 'b', 'closed', true],
    [said(`${analysis}${final}`, { finishReason: 'length' }), 'a', 'b', 'closed', false],
    [said(`${analysis}${call}${final}<|return|>`), 'a\n\n{"x":1}', 'b', 'closed', true],
    [said(`${analysis}${call}`), 'a\n\n{"x":1}', '', 'unfinished', false],
    [said(`${analysis}<|start|>assistant${analysis}${final}`), 'a\n\na', 'b', 'closed', true],
    [said('<|channel|>final<|message|>b<|return|>'), null, 'b', 'closed', true],
    [said('<|channel|>analysis<|message|>a', { finishReason: 'length' }), 'a', '', 'unfinished', false],
    [said('<|channel|>ana', { finishReason: 'length' }), null, '', 'unfinished', false],
    [said('analysisaassistantfinalb'), 'a', 'b', 'closed', true],
    [said('analysisaassistantcommentary to=xcassistantfinalb'), 'a\n\nto=xc', 'b', 'closed', true],
    [said('analysisaassistantfinalb assistantfinal c'), 'a', 'b assistantfinal c', 'closed', true],
    [said('analysisaassistantanalysisc', { finishReason: 'length' }), 'a\n\nc', '', 'unfinished', false],
    [said('b', { reasoning: 'a' }), 'a', 'b', 'closed', true],
  ]
  test('with and without its special tokens, whether or not the model is known', () => {
    holds(rows)
    holds(rows, { markers })
  })

  test('known: a text in one channel without special tokens; unknown: a word', () => {
    const direct = [said('analysis of the case'), said('finally b')] as const
    holds([
      [direct[0], null, 'analysis of the case', 'none', true],
      [direct[1], null, 'finally b', 'none', true],
    ])
    holds(
      [
        [direct[0], 'of the case', '', 'unfinished', false],
        [said('finalb'), null, 'b', 'closed', true],
      ],
      { markers },
    )
  })

  test('cut anywhere before the final channel, it never has a solution', () => {
    const text = `${analysis}${call}${final}`
    // A special token is never cut: it is one token.
    const shortest = '<|channel|>'.length
    fc.assert(
      fc.property(fc.integer({ min: shortest, max: text.length - 'b'.length }), (cut) => {
        const split = splitReasoning(said(text.slice(0, cut), { finishReason: 'length' }), { markers })
        assert.deepEqual([split.solution, split.complete], ['', false])
      }),
    )
  })
})

/** Texts without markers; "analysis" and "commentary" at the beginning may be harmony's. */
const free = fc
  .string({ unit: 'grapheme' })
  .filter((text) => !/<\/?think>|<\|channel\|>|^\s*(analysis|commentary)/.test(text))

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
  const something = free.filter((text) => text.trim() !== '')
  fc.assert(
    fc.property(something, something, (thought, solution) => {
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
    assert.deepEqual(split('reasoning_chat', 'chat'), {
      reasoning: 'dbad',
      solution: 'cdcadb d',
      thought: 'closed',
      complete: true,
    })
    for (const [name, thought] of [
      ['reasoning_chat_truncated', 'cba'],
      // The stop string </think> ends the thought, and nothing comes after it.
      ['reasoning_chat_stop_think', 'dbad'],
      ['reasoning_chat_continue_closed', 'bcbc'],
    ] as const)
      assert.deepEqual(split(name, 'chat'), {
        reasoning: thought,
        solution: '',
        thought: 'unfinished',
        complete: false,
      })
    assert.deepEqual(split('reasoning_chat_off', 'chat'), {
      reasoning: null,
      solution: 'cdcadb d',
      thought: 'none',
      complete: true,
    })
    assert.deepEqual(split('thinking_token_budget', 'chat'), {
      reasoning: 'bcc',
      solution: 'cbca</think>bb</think>bb</think>',
      thought: 'closed',
      complete: false,
    })
    const raw = split('reasoning_completions', 'raw')
    assert.notEqual(raw.reasoning, null)
    assert.equal(/<\/?think>/.test(raw.reasoning ?? ''), false)
  })
})

test('a model in a loop: any number of empty thoughts, and a header that never ends, in linear time', () => {
  const loops = splitReasoning(said(`${'<think></think>'.repeat(100_000)}4`))
  assert.deepEqual([loops.solution, loops.thought], ['4', 'closed'])
  // Quadratic, each of these would take minutes.
  for (const endless of [`<|channel|>${'a'.repeat(500_000)}`, `<|channel|>a${' a'.repeat(500_000)}`])
    assert.equal(splitReasoning(said(endless)).complete, false)
})
