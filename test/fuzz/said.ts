// What a model said, in any shape: split into thought and solution in linear time, nothing lost but markers and blanks.

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { splitReasoning } from '../../llm/reasoning.ts'
import { mutatedText } from './mutations.ts'

const MARKS = ['<think>', '</think>', '<|channel|>', '<|start|>assistant', '<|message|>', '<|end|>', '<|return|>', '<|constrain|>json', 'analysis', 'final', 'assistantfinal', 'assistantanalysis', '<|', '<', ' ', '\n', 'word'] // prettier-ignore
const valid = [
  '<think>\nLet x = 2.\n</think>\n\nThe answer is \\boxed{2}.',
  '<|channel|>analysis<|message|>Think.<|end|><|start|>assistant<|channel|>final<|message|>4<|return|>',
  'analysisLet me see.assistantfinalThe answer is 4.',
  'The answer is 4.',
]
const text = fc.oneof(
  mutatedText(valid, MARKS),
  fc.array(fc.constantFrom(...MARKS), { maxLength: 40 }).map((parts) => parts.join('')),
  // A model in a loop.
  fc.tuple(fc.array(fc.constantFrom(...MARKS), { minLength: 1, maxLength: 3 }), fc.nat(30_000)).map(([parts, times]) => parts.join('').repeat(times)),
  fc.tuple(fc.constantFrom(...MARKS), fc.constantFrom(...MARKS), fc.nat(200_000)).map(([head, each, times]) => head + each.repeat(times)),
) // prettier-ignore
const markers = fc.option(
  fc.constantFrom(
    { open: '<think>', close: '</think>', openInPrompt: true },
    { open: '<|channel|>analysis<|message|>', close: '<|end|>' },
    { open: '', close: '' },
  ),
)

/** Nothing of this length may take longer; quadratic time takes minutes. */
const MOST_MS = 2000

export const reasoning = fc.property(
  fc.record({ text, reasoning: fc.option(text), finishReason: fc.constantFrom('stop', 'length') }),
  markers,
  fc.option(fc.boolean()),
  (said, known, expectsThought) => {
    const before = process.cpuUsage()
    const split = splitReasoning(said, { markers: known, expectsThought })
    const { user } = process.cpuUsage(before)
    assert.ok(user / 1000 < MOST_MS, `${said.text.length} characters took ${Math.round(user / 1000)} ms`)
    if (split.complete)
      assert.ok(split.solution !== '' && said.finishReason === 'stop' && split.thought !== 'unfinished')
    if (split.thought === 'unfinished') assert.equal(split.solution, '')
    for (const part of [split.solution, split.reasoning ?? '']) assert.equal(part, part.trim())
    // Every word of ours is in the thought, in the solution, or was part of a marker's name.
    const words = (of: string) => of.split('word').length
    if (!said.text.includes('<|') && said.reasoning === null) {
      assert.equal(words(split.solution) + words(split.reasoning ?? '') - 1, words(said.text))
    }
  },
)
